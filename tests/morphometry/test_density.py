"""Densities of compartments whose greys are known."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.density import Calibration, DensityOptions, calibration, measure_density
from napari_bonemet.morphometry.masks.compartments import Compartments, Part
from napari_bonemet.scan import Kind, Scan

LINE = DensityOptions(slope=5.0, intercept=-100.0)
SYMBOLS = {"Tb.BMD", "Tb.TMD", "Ct.BMD", "Ct.TMD"}


def block(depth: int = 30) -> tuple[Scan, Compartments]:
    """A wall of 160 with a rim of 100 at its sides, marrow of 20, and in it a bar of 140 with a rim of 90."""
    voxels = np.full((depth, 40, 40), 20, np.uint8)
    labels = np.full(voxels.shape, Part.TRABECULAR, np.uint8)
    voxels[:, 2:12], labels[:, 2:12], labels[:, :2] = 100, Part.CORTEX, Part.OUTSIDE
    voxels[:, 3:11] = 160
    voxels[:, 20:27, 10:17] = 90
    voxels[:, 21:26, 11:16] = 140
    slices = slice(0, depth)
    return Scan(voxels, (10.0,) * 3), Compartments(labels, (10.0,) * 3, slices, slices, None)


def test_means_by_hand() -> None:
    scan, parts = block()
    values = measure_density(scan, parts, options=LINE).values
    assert values["Ct.BMD"] == pytest.approx(5 * (0.8 * 160 + 0.2 * 100) - 100)
    assert values["Ct.TMD"] == pytest.approx(5 * 160 - 100)  # the rim is peeled
    area = 28 * 40
    assert values["Tb.BMD"] == pytest.approx(5 * (20 * (area - 49) + 90 * 24 + 140 * 25) / area - 100)
    assert values["Tb.TMD"] == pytest.approx(5 * 140 - 100)
    whole = measure_density(scan, parts, options=DensityOptions(slope=5.0, intercept=-100.0, peel=0)).values
    assert whole["Tb.TMD"] == pytest.approx(5 * (90 * 24 + 140 * 25) / 49 - 100)
    assert whole["Ct.TMD"] == whole["Ct.BMD"] == values["Ct.BMD"]
    assert set(values) == SYMBOLS


def test_the_ends_of_slabs_and_of_the_region_are_no_surface() -> None:
    scan, parts = block(depth=150)
    part = Compartments(parts.labels, parts.spacing, slice(40, 120), slice(64, 65), None)
    values = measure_density(scan, part, options=LINE).values
    assert values["Tb.TMD"] == pytest.approx(600)
    assert values["Ct.TMD"] == pytest.approx(700)
    # What bounds the bone just beyond the region does peel it.
    greys = scan.to_numpy().copy()
    greys[120] = 20
    greys[119, 20:27, 10:17] = 255
    edited = Scan(greys, scan.spacing)
    assert measure_density(edited, part, options=LINE).values["Tb.TMD"] == pytest.approx(600)


def test_two_rods_give_a_line() -> None:
    rods = DensityOptions(first_rod_grey=50.0, first_rod_density=250.0, second_rod_grey=130.0, second_rod_density=750.0)
    assert calibration(rods) == Calibration(6.25, -62.5)
    assert calibration(DensityOptions()) is None
    assert calibration(LINE) == Calibration(5.0, -100.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"slope": 2.0}, "by halves"),
        ({"first_rod_grey": 2.0, "first_rod_density": 250.0, "second_rod_grey": 3.0}, "by halves"),
        ({"slope": 2.0, "intercept": 0.0, "first_rod_grey": 2.0}, "twice"),
        ({"slope": -2.0, "intercept": 0.0}, "slope above 0"),
        (
            {"first_rod_grey": 2.0, "first_rod_density": 1.0, "second_rod_grey": 2.0, "second_rod_density": 2.0},
            "one grey",
        ),
    ],
)
def test_a_calibration_that_is_none_is_refused(options: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        calibration(DensityOptions(**options))  # type: ignore[arg-type]


def test_without_calibration_all_four_are_absent_with_the_reason() -> None:
    found = measure_density(*block())
    assert not found.values
    assert set(found.absent) == SYMBOLS
    assert "slope and intercept" in found.absent["Ct.TMD"]


def test_what_cannot_be_measured_is_absent_by_name() -> None:
    scan, parts = block()
    thin = measure_density(scan, parts, options=DensityOptions(slope=5.0, intercept=0.0, peel=4))
    assert set(thin.values) == {"Tb.BMD", "Ct.BMD", "Ct.TMD"}
    assert "4 voxels" in thin.absent["Tb.TMD"]
    only = Compartments(np.minimum(parts.labels, 1), parts.spacing, slice(0, 30), slice(0, 30), None)
    found = measure_density(scan, only, options=LINE)
    assert set(found.absent) == {"Tb.BMD", "Tb.TMD"}
    composite = measure_density(Scan(scan.voxels, scan.spacing, kind=Kind.COMPOSITE), parts, options=LINE)
    assert "codes" in composite.absent["Tb.BMD"]
    with pytest.raises(InputError, match="do not fit"):
        measure_density(Scan(scan.to_numpy()[1:], scan.spacing), parts, options=LINE)


def test_the_ends_of_the_scan_are_no_surface() -> None:
    scan, parts = block()
    greys = scan.to_numpy().copy()
    greys[0, 21:26, 11:16] = 200
    values = measure_density(Scan(greys, scan.spacing), parts, options=LINE).values
    assert values["Tb.TMD"] == pytest.approx(5 * (29 * 140 + 200) / 30 - 100)
