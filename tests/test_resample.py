"""Rigid transforms compose and invert, and resampling puts known voxels where they belong."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid
from napari_bonemet.resample import Interpolation, resample
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform


def blob(shape: tuple[int, int, int] = (24, 26, 28), spacing: float = 10.0) -> Scan:
    z, y, x = np.indices(shape)
    grey = 200 * np.exp(-((z - 11) ** 2 / 20 + (y - 12) ** 2 / 30 + (x - 15) ** 2 / 12))
    return Scan(grey.astype(np.uint8), (spacing,) * 3, subject="1", day=0)


def test_inverse_undoes_and_composition_agrees_with_points() -> None:
    one = RigidTransform.about((50, 60, 70), degrees=(10, -20, 5), shift=(3, 4, -5))
    two = RigidTransform.about((0, 10, 0), degrees=(0, 8, 30), shift=(1, 0, 2))
    points = np.random.default_rng(0).normal(size=(20, 3)) * 100
    np.testing.assert_allclose(one.inverse()(one(points)), points, atol=1e-9)
    np.testing.assert_allclose(two.after(one)(points), two(one(points)), atol=1e-9)
    again = RigidTransform.from_record(one.as_record())
    np.testing.assert_allclose(again(points), one(points), atol=1e-9)


def test_about_turns_the_right_way() -> None:
    turn = RigidTransform.about((0, 0, 0), degrees=(90, 0, 0))
    # A right-handed turn in (z, y, x) component order carries y to x.
    np.testing.assert_allclose(turn((0, 1, 0)), (0, 0, 1), atol=1e-12)


def test_a_mirror_is_no_rigid_transform() -> None:
    with pytest.raises(InputError, match="proper rotation"):
        RigidTransform(((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic"])
def test_whole_voxel_shift_is_exact(interpolation: str) -> None:
    scan = blob()
    moved = resample(scan, scan.grid, RigidTransform(shift=(20, -10, 30)), interpolation=interpolation)  # type: ignore[arg-type]
    np.testing.assert_array_equal(moved.to_numpy()[:-2, 1:, :-3], scan.to_numpy()[2:, :-1, 3:])
    assert moved.history[-1].name == "resample"


def test_slabs_leave_no_seam_and_grids_may_differ() -> None:
    scan = blob((80, 20, 20))
    fine = Grid((150, 30, 30), (5.0, 6.0, 6.0), (17.0, 3.0, 2.0))
    out = resample(scan, fine, interpolation="linear").to_numpy().astype(float)
    z, y, x = (fine.to_um((40, 15, 15))[i] / 10 for i in range(3))
    lo = np.floor([z, y, x]).astype(int)
    corner = scan.to_numpy()[lo[0] : lo[0] + 2, lo[1] : lo[1] + 2, lo[2] : lo[2] + 2].astype(float)
    fz, fy, fx = np.array([z, y, x]) - lo
    expected = np.einsum("i,j,k,ijk", [1 - fz, fz], [1 - fy, fy], [1 - fx, fx], corner)
    assert abs(out[40, 15, 15] - expected) <= 0.51


def test_there_and_back_returns_the_voxels() -> None:
    scan = blob()
    turn = RigidTransform.about(scan.grid.centre, degrees=(6, 3, -4), shift=(4, -6, 2))
    back = resample(resample(scan, scan.grid, turn), scan.grid, turn.inverse())
    inner = (slice(5, -5),) * 3
    assert np.abs(back.to_numpy()[inner].astype(int) - scan.to_numpy()[inner]).max() <= 3


@pytest.mark.parametrize("kind", ["u1", "u2", "i2", ">i2", "i4", "u4", "f4", "f8"])
@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic"])
def test_every_grey_type_gives_the_same(kind: str, interpolation: Interpolation) -> None:
    greys = np.random.default_rng(0).integers(20, 220, (12, 14, 16))
    pose = RigidTransform.about((55.0, 65.0, 75.0), degrees=(20.0, 5.0, -4.0), shift=(12.0, 3.0, 7.0))
    grid = Scan(greys.astype("f8"), 10.0).grid
    expected = resample(Scan(greys.astype("f8"), 10.0), grid, pose, interpolation=interpolation).to_numpy()
    found = resample(Scan(greys.astype(kind), 10.0), grid, pose, interpolation=interpolation).to_numpy()
    limits = np.iinfo(kind) if np.dtype(kind).kind in "iu" else np.finfo("f4")
    np.testing.assert_allclose(found, expected.clip(limits.min, limits.max), atol=0.51)


_OF_A_PROCESS = """
import numpy as np
from napari_bonemet.resample import resample
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform
scan = Scan(np.random.default_rng(1).integers(0, 255, (60, 120, 120)).astype(np.uint8), 50.0)
pose = RigidTransform.about((1500, 3000, 3000), degrees=(9.057798, 1.196109, 3.082095), shift=(1.1, 29.8, -6.7))
print(__import__("hashlib").sha256(resample(scan, scan.grid, pose).to_numpy().tobytes()).hexdigest())
"""


def test_code_compiled_now_and_code_from_the_cache_give_the_same_voxels(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-c", _OF_A_PROCESS], env=environment, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    assert said[0].stdout == said[1].stdout
