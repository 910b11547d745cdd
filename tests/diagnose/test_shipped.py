"""The classifier that comes with the package, on animals that it never saw."""

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.diagnose.attention.checks import points_at
from napari_bonemet.diagnose.attention.maps import highest_place, where_it_looked
from napari_bonemet.diagnose.registry import SINGLE, TOGETHER, load_classifier
from napari_bonemet.forecast.checkpoint import load_checkpoint
from napari_bonemet.forecast.shipped import shipped_checkpoint
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import LegOptions, SyntheticLeg, make_leg


@pytest.fixture(scope="module")
def legs() -> list[SyntheticLeg]:
    cohort = CohortOptions(controls=3, tumours=3, seed=77, leg=LegOptions(weeks=(0, 3)))
    return [make_leg(animal) for animal in animals(cohort)]


@pytest.mark.parametrize("name", [SINGLE, TOGETHER])
def test_it_is_small_and_says_what_it_is(name: str) -> None:
    path = shipped_checkpoint(name)
    assert path.stat().st_size < 2e6
    header = load_checkpoint(path).header()
    assert (header["synthetic"], header["trained_on"], header["input_kind"]) == (True, "synthetic legs", "grey")
    assert header["spacing_um"] == [30, 30, 30]
    training = header["training"]
    assert training["generator"], "trained before the generator was frozen"
    if name == TOGETHER:
        assert training["labels_mean"]["definition"] == "scan"
        assert training["labels_mean"]["injected"] >= training["labels_mean"]["lesion_by_last_week"] > 0
    else:
        assert {row["model"] for row in training["held_out"]["rows"]} >= {"lesion-slices", "bone volume alone"}
    learned = {*training["validation"]["animals"]}
    assert all(animal.startswith("synthetic-1") for animal in learned)
    assert json.dumps(header, allow_nan=False)
    assert load_classifier(name=name).familiar is not None


def test_weeks_together_find_the_small_lesions_of_the_first_week(legs: list[SyntheticLeg]) -> None:
    """Against controls of the same week, which the classifier of single weeks tells them from hardly at all."""
    classifier = load_classifier(name=TOGETHER)
    said: dict[bool, list[float]] = {True: [], False: []}
    for leg in legs:
        after = make_leg(replace(leg.options, weeks=(0, 1))).registered().scans
        said[leg.options.tumour].append(classifier.classify(after[1], earlier=after[:1]).probability)
    assert np.mean(said[True]) > np.mean(said[False]) + 0.3


def test_it_tells_tumours_from_controls_of_the_same_age_and_shows_the_lesion(legs: list[SyntheticLeg]) -> None:
    classifier = load_classifier()
    said = {True: [], False: []}
    for leg in legs:
        before, late = (classifier.classify(scan) for scan in leg.registered())
        said[leg.options.tumour].append(late.probability)
        if leg.options.tumour:
            assert late.probability > before.probability
            lost = np.count_nonzero(leg.truth.lesion_labels[1], axis=(1, 2))
            assert lost[late.slice_index] > 0
    assert min(said[True]) > max(said[False])


@pytest.mark.parametrize("name", [SINGLE, TOGETHER])
def test_it_points_at_lost_bone(name: str, legs: list[SyntheticLeg]) -> None:
    classifier = load_classifier(name=name)
    for leg in legs:
        if leg.options.tumour:
            before, after = leg.registered()
            looked = where_it_looked(classifier, after, earlier=[before])
            assert points_at(highest_place(looked), leg.truth.lesion_labels[1] > 0, 4)
