"""Blastic and mixed lesions of the tibia, and that lytic ones are what they were."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.bone_quality import Quality
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.reading import read_labelled
from napari_bonemet.diagnose.quality.tibia import slices_of_leg
from napari_bonemet.phantom.cohort import CohortOptions, animals, write_cohort
from napari_bonemet.phantom.leg import Compartment, LegOptions, SyntheticLeg, make_leg
from napari_bonemet.phantom.slice_labels import slice_quality

OPTIONS = LegOptions(seed=5, shape=(24, 50, 50), spacing_um=60, weeks=(0, 3))
KNOWN_GREYS, KNOWN_LOST = [2698814, 2530156], [0, 1115]
GREY = QualityOptions(values="grey", pixel_um=60.0, crop=32)


@pytest.fixture(scope="module")
def legs() -> dict[str, SyntheticLeg]:
    return {kind: make_leg(replace(OPTIONS, lesion_kind=kind)) for kind in ("lytic", "blastic", "mixed")}


def test_the_lytic_leg_is_the_one_that_networks_learned_from(legs: dict[str, SyntheticLeg]) -> None:
    # Sums of greys and lost voxels as they were before other kinds of lesions came.
    leg = legs["lytic"]
    assert leg.options == OPTIONS
    assert [int(scan.to_numpy().sum(dtype=np.int64)) for scan in leg.registered()] == pytest.approx(KNOWN_GREYS, abs=3)
    assert [int((labels > 0).sum()) for labels in leg.truth.lesion_labels] == KNOWN_LOST
    assert not any(labels.any() for labels in leg.truth.added_labels)


def test_blastic_lesions_fill_marrow_and_take_nothing(legs: dict[str, SyntheticLeg]) -> None:
    truth = legs["blastic"].truth
    assert not any(labels.any() for labels in truth.lesion_labels)
    added = truth.added_labels[1] > 0
    assert added.sum() > 200
    assert not truth.added_labels[0].any()
    assert set(truth.compartments[added].tolist()) == {Compartment.CAVITY}
    assert truth.bone[1][added].all()
    # But where age had taken a trabecula that comes back.
    assert truth.bone[0][added].mean() < 0.05
    grey = [scan.to_numpy()[added].mean() for scan in truth.clean]
    assert grey[1] > 1.5 * grey[0]


def test_mixed_lesions_do_both_side_by_side(legs: dict[str, SyntheticLeg]) -> None:
    lytic, blastic, mixed = (legs[kind].truth for kind in ("lytic", "blastic", "mixed"))
    lost, added = mixed.lesion_labels[1] > 0, mixed.added_labels[1] > 0
    assert 0.1 < lost.sum() / (lytic.lesion_labels[1] > 0).sum() < 0.9
    assert 0.1 < added.sum() / (blastic.added_labels[1] > 0).sum() < 0.9
    assert not (lost & added).any()


def test_slices_are_labelled_by_what_shows(legs: dict[str, SyntheticLeg]) -> None:
    shown = {kind: slice_quality(leg, 1) for kind, leg in legs.items()}
    assert all(set(slice_quality(leg, 0).tolist()) == {Quality.NORMAL} for leg in legs.values())
    assert set(shown["lytic"].tolist()) <= {Quality.NORMAL, Quality.LYTIC}
    assert set(shown["blastic"].tolist()) <= {Quality.NORMAL, Quality.BLASTIC}
    assert (shown["mixed"] == Quality.MIXED).sum() > 3


def test_a_cohort_with_slice_labels_is_read_as_it_was_made(tmp_path: Path) -> None:
    leg = replace(OPTIONS, lesion_kind="mixed")
    options = CohortOptions(controls=0, tumours=1, seed=3, leg=leg, slice_labels=True)
    cohort = write_cohort(tmp_path, options)
    found, synthetic = read_labelled([tmp_path], GREY)
    known = slices_of_leg(make_leg(animals(options)[0]), GREY)
    assert synthetic
    assert np.array_equal(found.squares, known.squares)
    assert np.array_equal(found.quality, known.quality)
    assert found.squares.any(axis=(1, 2)).all()
    with cohort.records.open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[1]["added_bone_mm3"]) > 0
    assert rows[1]["diagnosis"] == "bone lesion"
    with np.load(cohort.truth / cohort.legs[0] / "truth.npz") as truth:
        assert (truth["added_labels"][1] > 0).any()
    plain = write_cohort(tmp_path / "plain", replace(options, leg=OPTIONS, slice_labels=False))
    assert not (tmp_path / "plain" / "labels.csv").exists()
    assert "added_bone_mm3" not in plain.records.read_text()
