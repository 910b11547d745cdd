from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.folds import folds_by_animal
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.scoring.figures import figures_of
from napari_bonemet.diagnose.volume.cross_validation import out_of_fold
from napari_bonemet.errors import InputError
from napari_bonemet.scan import Scan

Cohort = Callable[[int, int], tuple[list[Scan], list[bool]]]
QUICK = ClassifierOptions(
    crop=32, width=4, epochs=20, batch=8, slices=6, learning_rate=0.02, dropout=0.0, looks=0, seed=1
)


def test_animals_are_judged_by_networks_that_never_saw_them(cohort: Cohort) -> None:
    scans, lesions = cohort(36, 4)
    animals = [scan.subject or "" for scan in scans]
    said = out_of_fold(scans, lesions, folds_by_animal(animals, lesions, 2, seed=4), options=QUICK)
    assert figures_of(said, np.array(lesions), animals)["roc_area"].value > 0.85


def test_a_fold_that_tears_an_animal_apart_is_refused(cohort: Cohort) -> None:
    scans, lesions = cohort(6, 4)
    with pytest.raises(InputError, match="two sides"):
        out_of_fold([*scans, scans[0]], [*lesions, lesions[0]], [np.array([0, 1])], options=QUICK)


def test_each_scan_is_seen_beside_the_earlier_weeks_of_its_leg(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    first, lesions = cohort(4, 4)
    second = [replace(scan, day=21.0) for scan in first]
    seen: list[tuple[str | None, float | None, list[float | None]]] = []

    class Eye:
        def classify(self, scan: Scan, *, earlier: Sequence[Scan]) -> SimpleNamespace:
            assert all(other.subject == scan.subject for other in earlier)
            seen.append((scan.subject, scan.week, [other.week for other in earlier]))
            return SimpleNamespace(probability=0.5)

    monkeypatch.setattr(LesionClassifier, "fit", lambda *_, **__: Eye())
    out_of_fold([*second, *first], [*lesions, *lesions], [np.array([0, 4]), np.array([1, 5])])
    names = [scan.subject for scan in first[:2]]
    assert seen == [(name, *week) for name in names for week in ((3.0, [2.0]), (2.0, []))]
