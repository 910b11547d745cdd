"""Smaller copies of large volumes, for looks at the whole of them."""

from pathlib import Path

import dask.array as da
import numpy as np
import pytest

from napari_bonemet.io.pyramid import Pyramid
from napari_bonemet.io.registry import read_scan
from napari_bonemet.io.write import write_scan
from napari_bonemet.progress import Cancelled, Progress
from napari_bonemet.scan import Scan

VOXELS = np.random.default_rng(0).integers(0, 255, (300, 140, 70), dtype=np.uint8)


def mean_of(block: np.ndarray) -> float:
    return float(np.rint(block.mean(dtype=np.float32)))


@pytest.mark.parametrize("lazy", [False, True])
def test_a_level_is_the_mean_of_what_it_stands_for(lazy: bool) -> None:
    pyramid = Pyramid(da.from_array(VOXELS, chunks=(32, 64, 64)) if lazy else VOXELS)
    assert pyramid.shapes == ((300, 140, 70), (150, 70, 35), (75, 35, 35))
    assert [pyramid.factor(level) for level in range(3)] == [(1, 1, 1), (2, 2, 2), (4, 4, 2)]
    half = pyramid.levels()[1]
    pyramid.make(1)
    assert half[74, 10, 3] == mean_of(VOXELS[148:150, 20:22, 6:8])
    assert np.asarray(half).shape == (150, 70, 35)
    # The level below came of it.
    assert pyramid.held(2)
    assert pyramid.levels()[2][3, 4, 5] == mean_of(np.asarray(half)[6:8, 8:10, 5:6])


def test_codes_are_never_mixed() -> None:
    codes = np.random.default_rng(1).choice(np.array([0, 60, 180, 240], np.uint8), VOXELS.shape)
    pyramid = Pyramid(codes, by_mean=False)
    pyramid.make(1)
    np.testing.assert_array_equal(np.asarray(pyramid.levels()[1]), codes[::2, ::2, ::2])


def test_a_slice_of_a_level_that_is_not_there_costs_one_slice() -> None:
    pyramid = Pyramid(da.from_array(VOXELS, chunks=(8, -1, -1)))
    plane = pyramid.levels()[1][70]
    assert plane.shape == (70, 35)
    assert plane[10, 3] == mean_of(VOXELS[140, 20:22, 6:8])
    np.testing.assert_array_equal(np.asarray(pyramid.levels()[1][70:71, 3:5])[0], plane[3:5])
    assert not pyramid.held(1)
    assert not pyramid.finest.held


def test_the_whole_of_a_level_is_true_unless_it_is_awaited() -> None:
    pyramid = Pyramid(da.from_array(VOXELS, chunks=(32, -1, -1)))
    pyramid.awaited = True
    assert not np.asarray(pyramid.levels()[2]).any()
    pyramid.awaited = False
    assert np.asarray(pyramid.levels()[2]).mean() == pytest.approx(VOXELS.mean(), abs=1)


def test_levels_on_disk_are_used(tmp_path: Path) -> None:
    write_scan(Scan(VOXELS, (10.0, 10.0, 10.0)), tmp_path / "leg.zarr", format="zarr")
    pyramid = Pyramid(read_scan(tmp_path / "leg.zarr").voxels)
    assert pyramid.shapes == ((300, 140, 70), (150, 70, 35), (75, 35, 35))
    pyramid.awaited = True
    np.asarray(pyramid.levels()[2])  # small enough to be read at once
    assert (pyramid.held(0), pyramid.held(1), pyramid.held(2)) == (False, False, True)
    assert pyramid.levels()[1][74][10, 3] == mean_of(VOXELS[148:150, 20:22, 6:8])
    assert not pyramid.held(1)
    pyramid.make(1)
    assert pyramid.levels()[1][74, 10, 3] == mean_of(VOXELS[148:150, 20:22, 6:8])
    assert not any(pyramid.finest.has(n) for n in range(pyramid.finest.slabs))


def test_a_damaged_small_level_does_not_keep_the_scan_from_opening(tmp_path: Path) -> None:
    write_scan(Scan(VOXELS, (10.0, 10.0, 10.0)), tmp_path / "leg.zarr", format="zarr")
    (tmp_path / "leg.zarr" / "1" / "zarr.json").write_text("{")
    scan = read_scan(tmp_path / "leg.zarr")
    np.testing.assert_array_equal(scan.to_numpy(), VOXELS)
    assert Pyramid(scan.voxels).shapes[1] == (150, 70, 35)


def test_making_a_level_can_be_stopped() -> None:
    class Stop(Progress):
        def advance(self, fraction: float) -> None:
            raise Cancelled(fraction)

        def message(self, text: str) -> None: ...

        def check(self) -> None: ...

    pyramid = Pyramid(da.from_array(VOXELS, chunks=(32, -1, -1)))
    with pytest.raises(Cancelled):
        pyramid.make(1, Stop())
    assert not pyramid.held(1)
