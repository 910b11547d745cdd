"""Transforms on disk mean to ITK what they mean here."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid
from napari_bonemet.io.transforms import read_transform, write_transform
from napari_bonemet.resample import resample
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform

FIXED = Grid((30, 32, 28), (12.0, 10.0, 10.0), (100.0, -50.0, 30.0))
MOVING = Grid((26, 36, 31), (11.0, 9.5, 10.5), (-20.0, 70.0, 5.0))
POSE = RigidTransform.about(FIXED.centre, degrees=(12, -7, 25), shift=np.subtract(MOVING.centre, FIXED.centre) + 15)


def bone() -> Scan:
    noise = np.random.default_rng(3).integers(0, 255, MOVING.shape).astype(np.float32)
    inner = np.zeros(MOVING.shape, np.float32)
    inner[2:-2, 2:-2, 2:-2] = noise[2:-2, 2:-2, 2:-2]
    return Scan(inner, MOVING.spacing, MOVING.origin, subject="871", day=7)


def as_slices_without_origin(voxels: np.ndarray, grid: Grid) -> sitk.Image:
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing([s / 1000 for s in reversed(grid.spacing)])
    return image


def test_itk_resamples_by_the_file_as_we_do(tmp_path: Path) -> None:
    path = write_transform(POSE, tmp_path / "week 1.tfm", fixed=FIXED, moving=MOVING)
    ours = resample(bone(), FIXED, POSE, interpolation="linear").to_numpy()
    fixed = as_slices_without_origin(np.zeros(FIXED.shape, np.float32), FIXED)
    moving = as_slices_without_origin(bone().to_numpy(), MOVING)
    theirs = sitk.GetArrayFromImage(sitk.Resample(moving, fixed, sitk.ReadTransform(str(path)), sitk.sitkLinear, 0.0))
    assert np.count_nonzero(theirs) > 5000
    np.testing.assert_allclose(ours, theirs, atol=0.02)


@pytest.mark.parametrize("suffix", [".tfm", ".txt", ".json"])
@pytest.mark.parametrize("degrees", [(0, 0, 0), (12, -7, 25), (0, 180, 0), (90, 0, 0), (0, 0, -179.9999)])
def test_there_and_back(tmp_path: Path, suffix: str, degrees: tuple[float, float, float]) -> None:
    pose = RigidTransform.about((300, 200, 100), degrees=degrees, shift=(5, -4, 3))
    path = write_transform(pose, tmp_path / f"t{suffix}", fixed=FIXED, moving=MOVING)
    again = read_transform(path, fixed=FIXED, moving=MOVING)
    points = np.random.default_rng(0).uniform(-5000, 5000, (50, 3))
    np.testing.assert_allclose(again(points), pose(points), atol=1e-3)  # a nanometre


@pytest.mark.parametrize("suffix", [".tfm", ".json"])
def test_a_transform_belongs_to_the_scans_and_not_to_their_origins(tmp_path: Path, suffix: str) -> None:
    path = write_transform(POSE, tmp_path / f"t{suffix}", fixed=FIXED, moving=MOVING)
    fixed, moving = FIXED.moved_to((0, 0, 0)), MOVING.moved_to((9, 8, 7))
    there = read_transform(path, fixed=fixed, moving=moving)
    for index in [(0, 0, 0), (3, 4, 5), (29, 0, 27)]:
        expected = MOVING.to_index(POSE(FIXED.to_um(index)))
        np.testing.assert_allclose(moving.to_index(there(fixed.to_um(index))), expected, atol=1e-6)


def test_other_programs_ways_of_saying_rigid_are_read(tmp_path: Path) -> None:
    euler = sitk.Euler3DTransform((1.0, 2.0, 3.0), 0.1, -0.2, 0.3, (0.5, 0.6, 0.7))
    affine = sitk.AffineTransform(3)
    affine.SetMatrix(euler.GetMatrix())
    affine.SetCenter(euler.GetCenter())
    affine.SetTranslation(euler.GetTranslation())
    move = sitk.TranslationTransform(3, (0.1, 0.2, 0.3))
    for number, transform in enumerate([euler, affine, sitk.CompositeTransform([move, euler]), move]):
        path = tmp_path / f"{number}.tfm"
        sitk.WriteTransform(transform, str(path))
        grid = Grid((9, 9, 9), 10.0)
        ours = read_transform(path, fixed=grid, moving=grid)
        x, y, z = transform.TransformPoint((0.4, 0.5, 0.6))
        np.testing.assert_allclose(ours((600, 500, 400)), (1000 * z, 1000 * y, 1000 * x), atol=1e-3)


def test_what_is_not_rigid_is_refused(tmp_path: Path) -> None:
    wide = sitk.AffineTransform(3)
    wide.Scale(1.1)
    mirror = sitk.AffineTransform(3)
    mirror.Scale((1.0, 1.0, -1.0))
    flat = sitk.Euler2DTransform()
    field = sitk.DisplacementFieldTransform(sitk.Image([4, 4, 4], sitk.sitkVectorFloat64))
    for number, transform in enumerate([wide, mirror, flat, field]):
        path = tmp_path / f"{number}.tfm"
        sitk.WriteTransform(transform, str(path))
        with pytest.raises(InputError, match="not rigid"):
            read_transform(path, fixed=FIXED, moving=MOVING)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tfm", "nonsense"),
        (
            "a.tfm",
            "#Insight Transform File V1.0\n#Transform 0\nTransform: Euler3DTransform_double_3_3\nParameters: 1 2\n",
        ),
        ("a.json", "{"),
        ("a.json", '{"rotation_zyx": 3}'),
        ("a.json", "[]"),
        ("a.h5", ""),
    ],
)
def test_damaged_files_are_refused_in_words(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=name):
        read_transform(tmp_path / name, fixed=FIXED, moving=MOVING)
    with pytest.raises(InputError, match="not there"):
        read_transform(tmp_path / "missing.tfm", fixed=FIXED, moving=MOVING)
