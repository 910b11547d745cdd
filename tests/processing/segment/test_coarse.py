"""The one pass over a scan: right means, and never more than a slice or so in memory for each thread."""

from typing import Any

import dask.array as da
import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.processing.segment.coarse import make_coarse
from napari_bonemet.processing.segment.options import SeparationOptions
from napari_bonemet.scan import Kind, Scan

OPTIONS = SeparationOptions()


def block_means(values: np.ndarray, block: tuple[int, int, int]) -> np.ndarray:
    """By hand, blocks at the far ends being smaller."""
    z, y, x = (-(-n // b) for n, b in zip(values.shape, block, strict=True))
    out = np.empty((z, y, x))
    for i, j, k in np.ndindex(z, y, x):
        at = tuple(slice(n * b, (n + 1) * b) for n, b in zip((i, j, k), block, strict=True))
        out[i, j, k] = values[at].mean()
    return out


class Watched:
    """Voxels that note how much is asked for at once."""

    def __init__(self, voxels: np.ndarray) -> None:
        self.voxels = voxels
        self.shape, self.dtype, self.ndim = voxels.shape, voxels.dtype, voxels.ndim
        self.largest = 0
        self.total = 0

    def __getitem__(self, key: Any) -> np.ndarray:
        part = self.voxels[key]
        self.largest = max(self.largest, part.size)
        self.total += part.size
        return part


@pytest.fixture
def voxels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (21, 18, 27), dtype=np.uint8)


def test_blocks_are_means_of_greys_and_of_bone(voxels: np.ndarray) -> None:
    coarse = make_coarse(Scan(voxels, 20.0, kind=Kind.RECON), OPTIONS)
    assert coarse.fine_grid.spacing == (40, 40, 40)
    assert coarse.grid.spacing == (80, 80, 80)
    assert coarse.grid.origin == (30, 30, 30)
    bone = (voxels > 75).astype(float)
    np.testing.assert_allclose(coarse.fine, np.rint(block_means(bone, (2, 2, 2)) * 255), atol=1)
    inner = np.s_[:5, :4, :6]
    np.testing.assert_allclose(coarse.share[inner], block_means(bone, (4, 4, 4))[inner], atol=1e-5)
    np.testing.assert_allclose(coarse.grey[inner], block_means(voxels, (4, 4, 4))[inner], rtol=1e-5)


def test_spacing_may_differ_between_axes(voxels: np.ndarray) -> None:
    coarse = make_coarse(Scan(voxels, (40.0, 10.0, 20.0), kind=Kind.RECON), OPTIONS)
    assert coarse.fine_grid.spacing == (40, 40, 40)
    bone = (voxels > 75).astype(float)
    np.testing.assert_allclose(coarse.fine, np.rint(block_means(bone, (1, 4, 2)) * 255), atol=1)


def test_lazy_voxels_are_read_once_and_a_few_slices_at_a_time() -> None:
    voxels = np.random.default_rng(1).integers(0, 255, (61, 18, 27), dtype=np.uint8)
    watched = Watched(voxels)
    seen = make_coarse(Scan(watched, 20.0, kind=Kind.RECON), OPTIONS)
    assert watched.largest <= 8 * voxels[0].size
    assert watched.total == voxels.size
    lazy = make_coarse(Scan(da.from_array(voxels, chunks=(1, -1, -1)), 20.0, kind=Kind.RECON), OPTIONS)
    np.testing.assert_array_equal(lazy.share, seen.share)


def test_coarse_voxels_tell_by_their_grey_how_much_of_them_is_bone() -> None:
    voxels = np.full((6, 6, 6), 32, np.uint8)
    voxels[3, 3, 3], voxels[3, 3, 2] = 160, 86
    coarse = make_coarse(Scan(voxels, 100.0, kind=Kind.RECON), OPTIONS)
    assert coarse.share[3, 3, 3] == 1
    assert 0.3 < coarse.share[3, 3, 2] < 0.7
    assert coarse.share[0, 0, 0] == 0


def test_a_scan_without_bone_is_refused() -> None:
    with pytest.raises(InputError, match="shows no bone"):
        make_coarse(Scan(np.zeros((8, 8, 8), np.uint8), 40.0, kind=Kind.RECON), OPTIONS)
