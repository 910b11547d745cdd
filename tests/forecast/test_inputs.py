"""Which scans a network looks at when weeks are missing, uneven or far ahead."""

from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.inputs import steps_to
from napari_bonemet.forecast.models.tvae import TvaeOptions

PRINTED, TIMED = TvaeOptions(), TvaeOptions(time=True)


def volumes(count: int) -> list[np.ndarray]:
    return [np.full((2, 4, 4), 10 * n, np.uint8) for n in range(count)]


def test_even_weeks_are_taken_as_they_are(make_leg) -> None:
    for options in (PRINTED, TIMED):
        steps = steps_to(make_leg(volumes(4)), 4.0, options, "net")
        assert [scan.week for scan in steps.scans] == [1, 2, 3]
        assert steps.gaps == (1, 1, 1)
        assert steps.weeks == (4.0,)


def test_uneven_weeks_need_a_network_that_is_told_the_time(make_leg) -> None:
    leg = make_leg(volumes(3), [0, 1, 3])
    steps = steps_to(leg, 4.0, TIMED, "net")
    assert [scan.week for scan in steps.scans] == [0, 1, 3]
    assert steps.gaps == (1, 2, 1)
    with pytest.raises(InputError, match="weeks 1, 2, 3"):
        steps_to(leg, 4.0, PRINTED, "net")


def test_two_weeks_are_enough_and_the_oldest_stands_in_without_time(make_leg) -> None:
    steps = steps_to(make_leg(volumes(2), [1, 2]), 3.0, TIMED, "net")
    assert [scan.week for scan in steps.scans] == [1, 1, 2]
    assert steps.gaps == (0, 1, 1)
    with pytest.raises(InputError, match="at least 2 scans"):
        steps_to(make_leg(volumes(1)), 1.0, TIMED, "net")


def test_a_week_far_ahead_is_reached_over_the_weeks_between(make_leg) -> None:
    for options in (PRINTED, TIMED):
        steps = steps_to(make_leg(volumes(3)), 5.0, options, "net")
        assert steps.weeks == (3.0, 4.0, 5.0)
        assert steps.gaps == (1, 1, 1)


def test_a_step_that_is_no_whole_week_is_told_to_a_network_that_knows_time(make_leg) -> None:
    steps = steps_to(make_leg(volumes(3)), 3.5, TIMED, "net")
    assert steps.weeks == (2.75, 3.5)
    assert steps.gaps == (1, 1, 0.75)
    with pytest.raises(InputError, match="cannot forecast"):
        steps_to(make_leg(volumes(3)), 2.5, replace(PRINTED, gap_weeks=1.0), "net")
