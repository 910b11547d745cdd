"""Measures made by hand, which the tests of the Measures dock share."""

import numpy as np

from napari_bonemet.morphometry.result import ScanMeasures
from napari_bonemet.progress import NO_PROGRESS
from napari_bonemet.provenance import Step

STEP = Step("measure")
NO_RODS = "Density needs a calibration: give two rods"


def measured(scan, **values):
    """Measures of a scan of the hollow bone: cortex the ring, trabecular what is inside it."""
    bone = scan.to_numpy() > 75
    y, x = np.mgrid[:20, :20]
    inside = np.hypot(y - 9.5, x - 9.5)
    labels = np.broadcast_to(np.where(inside < 5, 2, np.where(inside < 8, 1, 0)), scan.shape).astype(np.uint8)
    area = (bone & (labels == 1)).sum(axis=(1, 2)) * 1e-4
    week = scan.week
    made = {
        "Tt.BV": bone.sum() * 1e-6,
        "BV/TV": 30.0 - 3 * week,
        "Ct.Ar": float(area[2:].mean()),
        "Eu.N": -40.0,
        "DA": 0,
    }
    thickness = np.where(bone & (labels == 1), 30.0 + week, 0).astype(np.float32)
    return ScanMeasures(
        scan,
        {**made, **values},
        {"Tb.BMD": NO_RODS, "Tb.Th": "There is no trabecular bone"},
        {"Ct.Ar": area[2:]},
        np.arange(2, scan.shape[0]),
        {"Ct.Th": scan.with_voxels(thickness, step=STEP)},
        scan.with_voxels(labels, step=STEP),
        ("The growth plate was not found.",),
    )


def measure_series(series, *, options=None, keep_maps=False, progress=NO_PROGRESS):
    """Stands in for the real one: quick, and asked to stop between weeks."""
    made = []
    for number, scan in enumerate(series):
        progress.message(f"week {scan.week:g}")
        progress.advance(number / len(series))
        made.append(measured(scan))
    return tuple(made)
