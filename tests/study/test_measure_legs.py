"""Registered weeks are measured where all of them saw the bone; what a scanner did not see is no bone lost."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.masks.compartments import CompartmentOptions
from napari_bonemet.morphometry.measure import MeasureOptions, measure_series
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.measure_legs import measure_leg, measure_legs
from napari_bonemet.transform import RigidTransform

SHAPE = (24, 40, 40)
SHIFT = 4  # slices that the later week did not see


def tube(day: float) -> Scan:
    rows, columns = np.mgrid[: SHAPE[1], : SHAPE[2]] - 20
    radius = np.hypot(rows, columns)
    voxels = np.repeat(np.where((radius < 15) & (radius > 10), 200, 20)[None], SHAPE[0], axis=0).astype(np.uint8)
    voxels[:, 18:22, 12:28] = 200
    return Scan(voxels, (20.0,) * 3, subject="7", side="left", day=day, kind=Kind.SEG)


@pytest.fixture(scope="module")
def registered() -> ScanSeries:
    """The first slices of the later week were beyond what its scanner saw."""
    first, later = tube(0), tube(14)
    return ScanSeries((first, resample(later, first.grid, RigidTransform(shift=(-20.0 * SHIFT, 0.0, 0.0)))))


def test_what_one_week_did_not_see_is_measured_in_none(registered: ScanSeries) -> None:
    whole = [each.values["Tt.BV"] for each in measure_series(registered)]
    assert whole[1] < 0.87 * whole[0]
    first, later = measure_leg(registered, MeasureOptions())
    assert later.values["Tt.BV"] == pytest.approx(first.values["Tt.BV"])
    assert first.values["Tt.BV"] == pytest.approx(whole[0] * (SHAPE[0] - SHIFT) / SHAPE[0])
    assert first.layers == SHAPE[0] - SHIFT
    assert f"measured in slices {SHIFT} to 23 of 24, which every week saw" in first.notes


def test_a_growth_plate_keeps_its_place(registered: ScanSeries, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def watch(series: ScanSeries, *, options: MeasureOptions, progress: object) -> tuple[()]:
        seen.append((series.baseline.shape[0], options.compartments.growth_plate))
        return ()

    monkeypatch.setattr("napari_bonemet.study.measure_legs.measure_series", watch)
    for plate in (None, 9):
        measure_leg(registered, MeasureOptions(compartments=CompartmentOptions(growth_plate=plate)))
    measure_leg(ScanSeries((registered[0],)), MeasureOptions(compartments=CompartmentOptions(growth_plate=9)))
    assert seen == [(20, None), (20, 5), (24, 9)]


def test_a_leg_that_cannot_be_measured_stops_no_other(registered: ScanSeries) -> None:
    void = Scan(np.zeros(SHAPE, np.uint8), (20.0,) * 3, subject="8", side="left", day=0)
    refused: dict[str, InputError] = {}
    found = measure_legs(
        [ScanSeries((void,)), ScanSeries((registered[0],))], options=MeasureOptions(), refuse=refused.__setitem__
    )
    assert [row.title for row in found] == ["7 left tibia, week 0"]
    assert list(refused) == ["8 left tibia"]
    assert "bone" in str(refused["8 left tibia"])
