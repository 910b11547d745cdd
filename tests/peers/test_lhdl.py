"""Real human trabecular bone, by others' recipe and to the last digit of their values (../shared/data/README.md)."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from skimage.filters import gaussian, threshold_otsu
from skimage.morphology import ball, closing

from napari_bonemet.io import read_scan
from napari_bonemet.morphometry.trabecular import Trabecular, measure_trabecular
from napari_bonemet.scan import Scan

THRESHOLD = 63


@pytest.fixture
def cube(shared_data: Path) -> Scan:
    return read_scan(shared_data / "lhdl_trabecular", spacing=19.5)


def smooth(scan: Scan) -> np.ndarray:
    out: np.ndarray = gaussian(scan.to_numpy(), sigma=1, preserve_range=True)
    return out


def largest_part(mask: np.ndarray) -> np.ndarray:
    parts, _ = ndimage.label(mask)  # six neighbours
    return parts == 1 + np.bincount(parts.ravel())[1:].argmax()


def measured(bone: np.ndarray, spacing: float) -> Trabecular:
    return measure_trabecular(bone, np.ones_like(bone), (spacing,) * 3)


def test_the_cube_at_full_size(cube: Scan) -> None:
    grey = smooth(cube)
    assert threshold_otsu(grey) == 80.92566349845595
    values = measured(largest_part(grey > THRESHOLD), 19.5).values
    assert round(values["BV/TV"], 2) == 23.37
    assert values["TV"] == pytest.approx(3.9**3)
    # What human trabecular bone measures (Hildebrand et al. 1999): no value was published with this cube.
    assert 0.1 < values["Tb.Th"] < 0.3
    assert 0.4 < values["Tb.Sp"] < 1.0
    assert 1.0 < values["Tb.N"] < 2.0
    assert 0 < values["Conn.D"] < 20
    assert 0.2 < values["DA"] < 0.8
    assert 0 < values["SMI"] < 3


def test_the_cube_at_half_size(cube: Scan) -> None:
    half = ndimage.zoom(smooth(cube), 1 / 2, order=2)
    assert threshold_otsu(half) == 80.72472439570987
    part = largest_part(closing(half > THRESHOLD, ball(3)))
    assert np.count_nonzero(part) == 247062
    assert round(measured(part, 39.0).values["BV/TV"], 2) == 24.71
