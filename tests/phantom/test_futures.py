"""One past has many futures: the past stays to a grey level, and what comes is drawn anew."""

from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.phantom.leg import LegOptions, SyntheticLeg, continue_leg, make_leg

OPTIONS = LegOptions(seed=7)


@pytest.fixture(scope="module")
def leg() -> SyntheticLeg:
    return make_leg(OPTIONS)


@pytest.fixture(scope="module")
def futures(leg: SyntheticLeg) -> list[SyntheticLeg]:
    return [continue_leg(leg, 2, seed) for seed in range(8)]


def new_lesion_volume(leg: SyntheticLeg) -> int:
    before, last = leg.truth.lesion_labels[-2:]
    return int(((last > 0) & (before == 0)).sum())


def test_the_past_stays_to_a_grey_level(leg: SyntheticLeg, futures: list[SyntheticLeg]) -> None:
    registered = leg.registered()
    for week, same in enumerate(futures[0].registered().select((0, 1, 2))):
        np.testing.assert_array_equal(same.to_numpy(), registered[week].to_numpy())
        np.testing.assert_array_equal(futures[0].series[week].to_numpy(), leg.series[week].to_numpy())
    for future in futures:
        for week in range(3):
            np.testing.assert_array_equal(future.truth.lesion_labels[week], leg.truth.lesion_labels[week])
            np.testing.assert_array_equal(future.truth.clean[week].to_numpy(), leg.truth.clean[week].to_numpy())
        assert future.truth.poses[:3] == leg.truth.poses[:3]


def test_the_future_is_another(leg: SyntheticLeg, futures: list[SyntheticLeg]) -> None:
    endings = [leg, *futures]
    volumes = [new_lesion_volume(future) for future in endings]
    assert len(set(volumes)) == len(volumes)
    assert (leg.truth.bone[3] ^ futures[0].truth.bone[3]).any()


def test_new_lesion_volume_varies_as_asked(futures: list[SyntheticLeg]) -> None:
    volumes = [new_lesion_volume(future) for future in futures]
    # 20 to 50 % is asked of many futures; eight of one animal tell it roughly (benchmarks/phantom.py).
    assert 0.12 < np.std(volumes, ddof=1) / np.mean(volumes) < 0.7


def test_a_future_is_the_same_each_time_and_from_options(futures: list[SyntheticLeg]) -> None:
    again = continue_leg(OPTIONS, 2, 3)
    np.testing.assert_array_equal(again.series[3].to_numpy(), futures[3].series[3].to_numpy())
    from_record = make_leg(LegOptions.from_record(again.options.as_record()))
    np.testing.assert_array_equal(from_record.truth.bone[3], again.truth.bone[3])


def test_a_future_can_be_continued_in_turn(leg: SyntheticLeg) -> None:
    early = continue_leg(leg, 1, 5)
    late = continue_leg(early, 2, 6)
    assert (late.options.continued_after, late.options.continued_seeds) == ((1, 2), (5, 6))
    np.testing.assert_array_equal(late.series[2].to_numpy(), early.series[2].to_numpy())
    assert (late.series[2].to_numpy() != leg.series[2].to_numpy()).any()
    assert new_lesion_volume(late) != new_lesion_volume(early)
    # Going back forgets what was drawn later.
    assert continue_leg(late, 0, 4).options.continued_after == (0,)


def test_a_control_has_futures_too() -> None:
    control = LegOptions(seed=7, tumour=False, shape=(24, 50, 50), spacing_um=60)
    one, other = continue_leg(control, 2, 0), continue_leg(control, 2, 1)
    assert not any(labels.any() for labels in one.truth.lesion_labels)
    assert (one.truth.clean[3].to_numpy() != other.truth.clean[3].to_numpy()).any()


def test_without_a_later_week_there_is_no_future(leg: SyntheticLeg) -> None:
    with pytest.raises(InputError, match="no future"):
        continue_leg(leg, 3, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"continued_after": (1,), "continued_seeds": ()},
        {"continued_after": (2, 1), "continued_seeds": (0, 0)},
        {"continued_after": (1,), "continued_seeds": (-1,)},
    ],
)
def test_continuations_out_of_order_are_refused(wrong: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(InputError):
        replace(OPTIONS, **wrong)  # type: ignore[arg-type]
