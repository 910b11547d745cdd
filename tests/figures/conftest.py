"""A ring of bone in four weeks, with holes at known places."""

from collections.abc import Sequence

import numpy as np
import pytest

from napari_bonemet.forecast.forecaster import Forecast, summarise
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

SHAPE = (12, 60, 70)
TRUE_HOLES = ((30, 13, 5), (12, 35, 5))
FALSE_HOLE = (30, 57, 5)


def ring(holes: Sequence[tuple[int, int, int]] = (), *, lesion_slices: slice = slice(2, 9)) -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[1], : SHAPE[2]]
    radius = np.hypot(rows - 30, columns - 35)
    volume = np.repeat(np.where((radius < 26) & (radius > 18), 200, 20)[None], SHAPE[0], axis=0)
    for row, column, size in holes:
        volume[lesion_slices] = np.where(np.hypot(rows - row, columns - column) < size, 20, volume[lesion_slices])
    return volume.astype(np.uint8)


def scan(voxels: np.ndarray, week: float, *, kind: Kind = Kind.REGIST, synthetic: bool = True) -> Scan:
    spacing = (20.0, 10.0, 10.0)
    return Scan(
        voxels, spacing, (100.0, 0.0, 50.0), subject="7", side="left", day=week * 7, kind=kind, synthetic=synthetic
    )


@pytest.fixture
def weeks() -> ScanSeries:
    return ScanSeries(tuple(scan(ring(), week) for week in (0, 1, 2)))


@pytest.fixture
def truth() -> Scan:
    return scan(ring(TRUE_HOLES), 3)


@pytest.fixture
def forecast() -> Forecast:
    """Finds the first true hole, misses the second, and adds one that is not true."""
    sample = scan(ring((TRUE_HOLES[0], FALSE_HOLE)), 3, kind=Kind.PREDICTION)
    return summarise([sample], week=3, model="copy-last-week")


@pytest.fixture
def several() -> Forecast:
    """Four futures: the third loses least bone, then the fourth, the second, and the first most."""
    holes = ((*TRUE_HOLES, FALSE_HOLE), TRUE_HOLES, (), (FALSE_HOLE,))
    samples = [scan(ring(one), 3, kind=Kind.PREDICTION) for one in holes]
    note = "Model samples, not confidence; trained on synthetic legs"
    return summarise(samples, week=3, model="tvae-gate", seed=5, note=note)
