"""NIfTI: units, directions, scales, and files that end too soon."""

from pathlib import Path

import nibabel
import numpy as np
import pytest

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.io.nifti import read_nifti
from napari_bonemet.io.registry import read_scan

VOXELS = np.random.default_rng(0).integers(0, 250, (4, 5, 6)).astype(np.int16)


def save(path: Path, *, unit: str = "mm", affine: np.ndarray | None = None, version: int = 1) -> Path:
    form = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    image = form(VOXELS.T, np.diag([-0.0106, -0.0107, 0.0108, 1]) if affine is None else affine)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_voxels_and_spacing(tmp_path: Path, name: str, version: int) -> None:
    scan = read_scan(save(tmp_path / name, version=version))
    assert np.array_equal(scan.to_numpy(), VOXELS)
    assert scan.spacing == pytest.approx((10.8, 10.7, 10.6), rel=1e-6)


def test_unpacked_voxels_stay_on_disk(tmp_path: Path) -> None:
    assert isinstance(read_nifti(save(tmp_path / "a.nii")).voxels, np.memmap)


def test_a_unit_is_heeded_and_a_missing_one_asked_for(tmp_path: Path) -> None:
    microns = save(tmp_path / "a.nii", unit="micron", affine=np.diag([-10.6, -10.6, 10.6, 1]))
    assert read_scan(microns).spacing == pytest.approx((10.6,) * 3)
    with pytest.raises(MissingSpacingError):
        read_scan(save(tmp_path / "b.nii", unit="unknown"))


def test_a_direction_is_told_and_the_order_kept(tmp_path: Path) -> None:
    scan = read_scan(save(tmp_path / "a.nii", affine=np.diag([0.0106, -0.0106, 0.0106, 1])))
    assert scan.history[-1].parameters["direction_lps"] == [[-1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert np.array_equal(scan.to_numpy(), VOXELS)


def test_a_scale_is_applied(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii")
    header = bytearray(path.read_bytes())
    header[112:120] = np.array([0.5, 10], "<f4").tobytes()
    path.write_bytes(header)
    scan = read_scan(path)
    assert scan.voxels.dtype == np.float32
    assert np.array_equal(scan.to_numpy(), VOXELS * 0.5 + 10)


def test_other_byte_order(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(VOXELS.T, np.diag([-0.01, -0.01, 0.01, 1])).as_reoriented
    assert image is not None
    header = nibabel.Nifti1Header(endianness=">")
    header.set_xyzt_units("mm")
    header.set_data_dtype(np.int16)
    swapped = nibabel.Nifti1Image(VOXELS.T, np.diag([-0.01, -0.01, 0.01, 1]), header)
    nibabel.save(swapped, tmp_path / "a.nii")
    scan = read_scan(tmp_path / "a.nii")
    assert scan.voxels.dtype == np.dtype("int16")
    assert np.array_equal(scan.to_numpy(), VOXELS)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_truncated_files_are_refused(tmp_path: Path, name: str) -> None:
    path = save(tmp_path / name)
    whole = path.read_bytes()
    for kept in (len(whole) - 40, len(whole) // 2, 100, 3):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match=r"a\.nii"):
            read_scan(path)


def test_more_voxels_than_bytes_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii")
    header = bytearray(path.read_bytes())
    header[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    path.write_bytes(header)
    with pytest.raises(InputError, match="cut short: expected 54000000000000 bytes"):
        read_scan(path)


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5, 2)])
def test_other_numbers_of_axes_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    nibabel.save(nibabel.Nifti1Image(np.zeros(shape, np.uint8), np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(InputError, match="holds no volume"):
        read_scan(tmp_path / "a.nii", spacing=1)


def test_a_single_point_in_time_is_a_volume(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(VOXELS.T[..., None], np.eye(4)), tmp_path / "a.nii")
    assert read_scan(tmp_path / "a.nii", spacing=1).shape == VOXELS.shape
