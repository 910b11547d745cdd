"""A leg's weeks measured whole: in the baseline's compartments or their own, every measure there or absent by name."""

from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.catalogue import BY_SYMBOL
from napari_bonemet.morphometry.density import DensityOptions
from napari_bonemet.morphometry.masks.compartments import CompartmentOptions
from napari_bonemet.morphometry.measure import MeasureOptions, measure_scan, measure_series
from napari_bonemet.phantom.leg import LegOptions, SyntheticLeg, make_leg
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries

OPTIONS = LegOptions(shape=(60, 90, 90), spacing_um=30.0, start_um=200.0, weeks=(0, 3), seed=4)
DENSITIES = {"Tb.BMD", "Tb.TMD", "Ct.BMD", "Ct.TMD"}


@pytest.fixture(scope="module")
def leg() -> SyntheticLeg:
    return make_leg(OPTIONS)


@pytest.fixture(scope="module")
def weeks(leg: SyntheticLeg) -> ScanSeries:
    return leg.registered(0.0)


def test_lost_bone_shows_in_the_region_it_was_lost_from(weeks: ScanSeries) -> None:
    healthy, ill = measure_series(weeks)
    assert healthy.values["TV"] == ill.values["TV"]
    assert ill.values["BV/TV"] < 0.9 * healthy.values["BV/TV"]
    assert ill.values["Tt.BV"] < healthy.values["Tt.BV"]
    assert healthy.labels is not None
    assert ill.labels is not None
    np.testing.assert_array_equal(healthy.labels.voxels, ill.labels.voxels)


def test_own_compartments_are_found_in_each_week(weeks: ScanSeries) -> None:
    _, ill = measure_series(weeks, options=MeasureOptions(compartments_of="own"))
    alone = measure_scan(weeks[1])
    assert ill.values == alone.values
    assert ill.labels is not None
    baseline = measure_scan(weeks[0]).labels
    assert baseline is not None
    assert (np.asarray(ill.labels.voxels) != np.asarray(baseline.voxels)).any()


def test_weeks_on_grids_of_their_own_have_compartments_of_their_own(leg: SyntheticLeg) -> None:
    tilted = leg.series
    moved = ScanSeries((tilted[0], replace(tilted[1], origin=(5.0, 0.0, 0.0))))
    assert measure_series(moved)[1].values == measure_scan(moved[1]).values


def test_every_measure_is_there_or_absent_with_a_reason(weeks: ScanSeries) -> None:
    plain = measure_scan(weeks[0])
    assert set(plain.values) | set(plain.absent) == set(BY_SYMBOL)
    assert set(plain.absent) == DENSITIES
    assert all("calibration" in reason for reason in plain.absent.values())
    calibrated = measure_scan(weeks[0], options=MeasureOptions(density=DensityOptions(slope=8.0, intercept=-100.0)))
    assert not calibrated.absent
    assert calibrated.values["Ct.TMD"] > calibrated.values["Tb.BMD"]
    assert all(type(value) is float and np.isfinite(value) for value in calibrated.values.values())


def test_maps_lie_where_the_scan_lies(weeks: ScanSeries) -> None:
    kept = measure_scan(weeks[0], keep_maps=True)
    assert set(kept.maps) == {"Tb.Th", "Tb.Sp", "Ct.Th"}
    for symbol, local in kept.maps.items():
        assert local.grid.matches(weeks[0].grid)
        there = np.asarray(local.voxels)
        assert there[there > 0].mean() == pytest.approx(1e3 * kept.values[symbol], rel=1e-4)
    assert not measure_scan(weeks[0]).maps


def test_what_cannot_be_measured_is_refused_in_words(weeks: ScanSeries) -> None:
    with pytest.raises(InputError, match="composite"):
        measure_scan(replace(weeks[0], kind=Kind.COMPOSITE))
    with pytest.raises(InputError, match="bone"):
        measure_scan(weeks[0], options=MeasureOptions(compartments=CompartmentOptions(bone_threshold=255.0)))
    from napari_bonemet.morphometry.masks.compartments import find_compartments

    found = find_compartments(weeks[0])
    with pytest.raises(InputError, match="not those of"):
        measure_scan(weeks[0].crop((slice(0, 30), slice(None), slice(None))), compartments=found)
