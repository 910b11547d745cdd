"""Synthetic vertebrae: the same for the same seed, bone in Hounsfield units, lesions where the labels say."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.bone_quality import Involvement, Quality, is_blastic, is_lytic, quality_of
from napari_bonemet.errors import InputError
from napari_bonemet.io import read_scan
from napari_bonemet.phantom.vertebra.anatomy import patient_anatomy
from napari_bonemet.phantom.vertebra.cohort import SpineCohortOptions, patients, write_spines
from napari_bonemet.phantom.vertebra.lesions import Metastasis, draw_metastasis
from napari_bonemet.phantom.vertebra.options import SpineOptions
from napari_bonemet.phantom.vertebra.scan import VertebraSlices, scan_vertebra
from napari_bonemet.phantom.vertebra.spine import SyntheticSpine, make_spine


@pytest.fixture(scope="module")
def spine() -> SyntheticSpine:
    return make_spine(SpineOptions(seed=3, lesion_share=1.0))


def drawn(quality: Quality, involvement: Involvement) -> tuple[VertebraSlices, VertebraSlices]:
    """A vertebra without and with lesions of this kind, all else the same."""
    rng = np.random.default_rng(5)
    anatomy = replace(patient_anatomy(rng), turn=0.0, shift=(0.0, 0.0))
    for _ in range(500):
        lesion = draw_metastasis(anatomy, 1.0, rng)
        # A single small one may show one kind alone.
        if (lesion.quality, lesion.involvement) == (quality, involvement) and len(lesion.blobs) > 2:
            break
    else:
        pytest.fail("never drawn")
    options, none = SpineOptions(), Metastasis(Quality.NORMAL, Involvement.NONE, ())
    seeds = [np.random.default_rng(9) for _ in range(2)]
    # Lesions take random numbers, so the healthy one draws as many.
    healthy = scan_vertebra(options, anatomy, none, 3.0, seeds[0])
    return healthy, scan_vertebra(options, anatomy, lesion, 3.0, seeds[1])


def test_the_same_patient_is_the_same_and_another_is_not(spine: SyntheticSpine) -> None:
    again = make_spine(spine.options)
    assert np.array_equal(again.scan.to_numpy(), spine.scan.to_numpy())
    assert np.array_equal(again.quality, spine.quality)
    other = make_spine(replace(spine.options, seed=4))
    assert other.scan.shape != spine.scan.shape or not np.array_equal(other.scan.to_numpy(), spine.scan.to_numpy())


def test_it_is_synthetic_ct_in_hounsfield_units(spine: SyntheticSpine) -> None:
    scan = spine.scan
    assert scan.synthetic
    assert (scan.part, scan.voxels.dtype) == ("spine", np.int16)
    assert scan.spacing[1:] == (1500.0, 1500.0)
    assert scan.spacing[0] in {1000 * mm for mm in spine.options.thicknesses_mm}
    voxels = scan.to_numpy()
    assert np.percentile(voxels, 1) < -100 < np.median(voxels) < 100
    assert voxels.max() > 500
    assert set(spine.vertebra.tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("quality", [Quality.BLASTIC, Quality.MIXED, Quality.LYTIC])
def test_lesions_take_bone_or_add_to_it_where_the_truth_says(quality: Quality) -> None:
    healthy, ill = drawn(quality, Involvement.NONE)
    assert set(healthy.quality.tolist()) == {Quality.NORMAL}
    lytic, blastic = quality is not Quality.BLASTIC, quality is not Quality.LYTIC
    assert (ill.lytic.any(), ill.blastic.any()) == (lytic, blastic)
    if lytic:
        assert ill.hu[ill.lytic].mean() < 110
    if blastic:
        assert ill.hu[ill.blastic].mean() > healthy.hu[ill.blastic].mean() + 60
    shown = ill.quality[ill.quality != Quality.NORMAL]
    assert quality in shown
    assert np.array_equal(is_lytic(shown).any(), lytic)
    assert np.array_equal(is_blastic(shown).any(), blastic)


@pytest.mark.parametrize("involvement", list(Involvement))
def test_involvement_counts_the_sides_that_are_taken(involvement: Involvement) -> None:
    _, ill = drawn(Quality.LYTIC, involvement)
    assert ill.involvement.max() == involvement


def test_a_patient_of_a_cohort_is_the_same_however_many_there_are() -> None:
    few, many = (patients(SpineCohortOptions(patients=count, seed=1)) for count in (2, 5))
    assert few == many[:2]
    assert len({patient.seed for patient in many}) == 5


def test_a_cohort_on_disk_reads_as_it_was_made(tmp_path: Path) -> None:
    options = SpineCohortOptions(patients=2, seed=8, spine=SpineOptions(vertebrae=1))
    table = write_spines(tmp_path / "clinic", options)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    made = make_spine(patients(options)[0])
    own = [row for row in rows if row["patient"] == "synthetic-8p1"]
    assert [int(row["slice"]) for row in own] == np.flatnonzero(made.vertebra).tolist()
    assert [row["quality"] for row in own] == [Quality(int(q)).word for q in made.quality[made.vertebra > 0]]
    scan = read_scan(table.parent / own[0]["scan"])
    assert np.array_equal(scan.to_numpy(), made.scan.to_numpy())
    assert scan.synthetic
    with pytest.raises(InputError, match="no patient"):
        write_spines(tmp_path / "none", SpineCohortOptions(patients=0))


def test_a_mixed_slice_is_blastic_and_lytic() -> None:
    every = np.array(list(Quality))
    assert np.array_equal(quality_of(is_blastic(every), is_lytic(every)), every)
