from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.fitting import calibrate
from napari_bonemet.diagnose.measures import area_under_curve, calibration
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.slices import Bag
from napari_bonemet.diagnose.training import ClassifierEpoch, _some_slices, scores_of, train_classifier
from napari_bonemet.errors import InputError
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Kind, Scan

from .listening import Listener

Cohort = Callable[[int, int], tuple[list[Scan], list[bool]]]

TINY = ClassifierOptions(crop=32, width=4, epochs=2, batch=4, slices=3)


def test_the_record_says_what_was_learned_from_and_how_it_did(classifier: LesionClassifier) -> None:
    record: Any = classifier.training
    assert (record["animals"], record["scans"], record["with_lesion"]) == (32, 32, 16)
    assert len({*record["animal_names"]} - {*record["validation"]["animals"]}) == 32
    held_out = record["validation"]
    assert (held_out["scans"], held_out["with_lesion"], held_out["accuracy"]) == (16, 8, 1.0)
    assert len(record["history"]) == record["epochs"]
    assert record["history"][-1]["loss"] < record["history"][0]["loss"]
    assert classifier.spacing == (60.0, 60.0, 60.0)
    assert classifier.synthetic


def test_the_best_epoch_is_kept(cohort: Cohort) -> None:
    scans, lesions = cohort(16, 4)
    bags = [Bag(scan.to_numpy()[:, :40, :40], lesion, scan.week) for scan, lesion in zip(scans, lesions, strict=True)]
    # Labels that are wrong: the longer it learns, the worse it does on those that are right.
    wrong = [replace(bag, lesion=not bag.lesion) for bag in bags]
    options = ClassifierOptions(crop=32, width=4, epochs=8, batch=4, slices=6, learning_rate=0.02, patience=4)
    made = train_classifier(wrong, options, validation=bags)
    score = [(round(e.validation_auc or 0, 4), -(e.validation_loss or 0)) for e in made.epochs]
    assert score[made.best_epoch - 1] == max(score)
    assert len(made.epochs) == min(8, made.best_epoch + 4)
    kept = scores_of(made.network, bags, options, "cpu")
    assert area_under_curve(kept, np.array(lesions)) == pytest.approx(max(score)[0], abs=1e-3)


def test_training_is_followed_and_the_same_seed_gives_the_same(cohort: Cohort) -> None:
    scans, lesions = cohort(8, 3)
    listener = Listener()
    first = LesionClassifier.fit(scans, lesions, options=TINY, progress=listener)
    assert [type(item) for item in listener.items] == [ClassifierEpoch] * 2
    assert listener.items[0].validation_auc is None
    assert listener.fractions == sorted(listener.fractions)
    second = LesionClassifier.fit(scans, lesions, options=TINY)
    other = LesionClassifier.fit(scans, lesions, options=replace(TINY, seed=5))
    found = [model.classify(scans[1]).probability for model in (first, second, other)]
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    assert abs(found[0] - found[2]) > 1e-6
    assert "validation" not in first.training


def test_training_can_be_stopped(cohort: Cohort) -> None:
    scans, lesions = cohort(8, 3)
    whole = Listener(1e6)
    LesionClassifier.fit(scans, lesions, options=TINY, progress=whole)
    calls = int(1e6 - whole.left)
    for after in (0, 9, calls // 2, calls - 1):
        with pytest.raises(Cancelled):
            LesionClassifier.fit(scans, lesions, options=TINY, progress=Listener(after))


def test_time_that_is_up_ends_it(cohort: Cohort) -> None:
    scans, lesions = cohort(8, 3)
    model = LesionClassifier.fit(scans, lesions, options=replace(TINY, epochs=1000, minutes=0.005))
    assert 1 <= model.training["epochs"] < 1000  # type: ignore[operator]


def test_what_cannot_be_learned_from(cohort: Cohort) -> None:
    scans, lesions = cohort(8, 3)
    with pytest.raises(InputError, match="8 scans and 7 labels"):
        LesionClassifier.fit(scans, lesions[1:], options=TINY)
    with pytest.raises(InputError, match="0 with and 8 without"):
        LesionClassifier.fit(scans, [False] * 8, options=TINY)
    with pytest.raises(InputError, match="to validate on"):
        LesionClassifier.fit(scans, lesions, options=TINY, validation=(cohort(2, 9)[0], [True, True]))
    with pytest.raises(InputError, match="two sides of the split: found c3000, t3001"):
        LesionClassifier.fit(scans, lesions, options=TINY, validation=(scans[:2], lesions[:2]))
    other = [*scans[:-1], replace(scans[-1], spacing=(60.0, 80.0, 80.0))]
    with pytest.raises(InputError, match="scans of one voxel size"):
        LesionClassifier.fit(other, lesions, options=TINY)
    composite = [*scans[:-1], replace(scans[-1], kind=Kind.COMPOSITE)]
    with pytest.raises(InputError, match="found a scan of kind composite"):
        LesionClassifier.fit(composite, lesions, options=TINY)


def test_calibration_moves_the_log_odds_as_it_says(untouched: LesionClassifier, cohort: Cohort) -> None:
    (scan, *_), _ = cohort(2, 8)

    def log_odds() -> np.ndarray:
        p = untouched.classify(scan).per_slice.astype(np.float64)
        return np.log(p / (1 - p))

    before = log_odds()
    calibrate(untouched.network, 0.5, 0.25)
    np.testing.assert_allclose(log_odds(), 0.5 * before + 0.25, atol=1e-3)


def test_slices_are_evenly_spread_from_any_start() -> None:
    squares = np.broadcast_to(np.arange(20, dtype=np.uint8)[:, None, None], (20, 40, 40))
    options = replace(TINY, slices=5)
    starts = set()
    for seed in range(40):
        found = _some_slices(squares, options, np.random.default_rng(seed))
        assert found.shape == (5, 32, 32)
        at = found[:, 0, 0].astype(int)
        assert set(np.diff(at)) == {4}
        starts.add(int(at[0]))
    assert starts == {0, 1, 2, 3}
    few = _some_slices(squares[:2], options, np.random.default_rng(0))
    assert set(few[:, 0, 0]) == {0, 1}


def test_validation_scans_find_nothing_left_to_calibrate(classifier: LesionClassifier, cohort: Cohort) -> None:
    scans, lesions = cohort(16, 2)
    p = np.array([classifier.classify(scan).probability for scan in scans])
    factor, shift = calibration(np.log(p / (1 - p)), np.array(lesions))
    assert factor == pytest.approx(1.0, abs=0.05)
    assert shift == pytest.approx(0.0, abs=0.1)


def test_an_epoch_is_judged_among_scans_of_one_week(cohort: Cohort) -> None:
    scans, lesions = cohort(12, 6)
    weeks = [float(lesion or number == 0) for number, lesion in enumerate(lesions)]
    squares = [scan.to_numpy()[:, :40, :40] for scan in scans]
    bags = [Bag(*bag) for bag in zip(squares, lesions, weeks, strict=True)]
    made = train_classifier(bags, replace(TINY, epochs=1), validation=bags)
    said = scores_of(made.network, bags, TINY, "cpu")
    same_week, pooled = (area_under_curve(said, np.array(lesions), given) for given in (weeks, None))
    assert same_week != pytest.approx(pooled)  # or nothing would be told apart here
    assert made.epochs[0].validation_auc == pytest.approx(same_week)
