"""Weeks seen together: a gap that was always there is no lesion, one that opened is."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.together.futures import lesion_next_week
from napari_bonemet.diagnose.together.leg import diagnose_together
from napari_bonemet.diagnose.together.weeks import seen_with, with_earlier_weeks
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.scan import Kind, Scan

Ring = Callable[..., Scan]
QUICK = ClassifierOptions(
    crop=32, width=4, epochs=16, batch=8, slices=8, learning_rate=0.02, dropout=0.0, together=2, looks=0, seed=2
)


@pytest.fixture(scope="module")
def legs(ring: Ring) -> Callable[[int, int], list[tuple[Scan, Scan]]]:
    """Two weeks each; every animal has a gap in its second one, every second had it before."""

    def make(count: int, seed: int) -> list[tuple[Scan, Scan]]:
        made = []
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            first = int(rng.integers(1, 9))
            holes, turn = (first, first + 1, first + 2), float(rng.uniform(-3, 3))
            name = 1000 * seed + number
            before = ring(name, holes=() if number % 2 else holes, turn=turn)
            after = ring(name, holes=holes, turn=turn)
            made.append((replace(before, day=0.0, subject=f"m{name}"), replace(after, day=7.0, subject=f"m{name}")))
        return made

    return make


@pytest.fixture(scope="module")
def together(legs: Callable[[int, int], list[tuple[Scan, Scan]]]) -> LesionClassifier:
    known = legs(32, 1)
    scans = [scan for leg in known for scan in leg]
    labels = [lesion for number in range(len(known)) for lesion in (False, bool(number % 2))]
    return LesionClassifier.fit(scans, labels, options=QUICK)


def test_what_opened_is_told_from_what_was_always_there(
    together: LesionClassifier, legs: Callable[[int, int], list[tuple[Scan, Scan]]]
) -> None:
    opened, old = [], []
    for number, leg in enumerate(legs(12, 7)):
        _, after = diagnose_together(together, leg)
        (opened if number % 2 else old).append(after.probability)
    assert min(opened) > max(old)


def test_without_the_week_before_nothing_has_opened_and_the_note_says_so(
    together: LesionClassifier, legs: Callable[[int, int], list[tuple[Scan, Scan]]]
) -> None:
    _, (before, after) = legs(2, 8)
    assert together.classify(after).probability < together.classify(after, earlier=(before,)).probability
    assert "no earlier week was shown" in together.classify(after).note
    assert "no earlier week" not in together.classify(after, earlier=(before,)).note
    assert together.name == "lesion-weeks"
    far = replace(before, origin=(0.0, 600.0, 0.0))
    with pytest.raises(InputError, match="weeks on one grid"):
        together.classify(after, earlier=(far,))


def test_it_is_read_back_as_it_was(
    together: LesionClassifier, legs: Callable[[int, int], list[tuple[Scan, Scan]]]
) -> None:
    again = LesionClassifier.from_checkpoint(together.checkpoint())
    _, (before, after) = legs(2, 9)
    first, second = (c.classify(after, earlier=(before,)) for c in (together, again))
    assert second.probability == pytest.approx(first.probability, abs=0.01)
    assert second.strangeness == pytest.approx(first.strangeness, rel=0.05)


def test_which_weeks_are_seen(ring: Ring) -> None:
    weeks = [replace(ring(1), day=7.0 * week) for week in range(4)]
    assert seen_with(weeks[3], weeks[:3], 3) == (weeks[3], weeks[2], weeks[0])
    assert seen_with(weeks[3], weeks[:3], 2) == (weeks[3], weeks[2])
    assert seen_with(weeks[0], (), 3) == (weeks[0],) * 3
    other = replace(ring(2), day=14.0)
    found = with_earlier_weeks([weeks[2], other, weeks[0]], 3)
    assert [[scan.day for scan in seen] for seen in found] == [[14.0, 0.0, 0.0], [14.0] * 3, [0.0] * 3]


def test_futures_are_asked_one_by_one(together: LesionClassifier, ring: Ring) -> None:
    before = ring(40, turn=0.5)
    futures = tuple(
        replace(ring(40, holes=holes, turn=0.5), kind=Kind.PREDICTION, day=21.0) for holes in ((), (4, 5, 6), (2, 3, 4))
    )
    flat = replace(before, voxels=np.zeros(before.shape, np.float32), kind=Kind.UNCERTAINTY)
    found = lesion_next_week(together, Forecast(3.0, "drawn", 0, futures, futures[0], flat, flat), (before,))
    each = [said.probability for said in found.each]
    assert found.probability == pytest.approx(np.mean(each))
    assert each[0] < min(each[1:])
    assert found.share == pytest.approx(np.mean(np.array(each) >= 0.5))
    assert min(each) <= found.spread[0] <= found.spread[1] <= max(each)
    assert "of a forecast" in found.each[0].note
