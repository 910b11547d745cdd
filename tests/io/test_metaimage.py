"""MetaImage as ITK writes it, packed or not, and headers that lie."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.io.metaimage import read_metaimage
from napari_bonemet.io.registry import read_scan

VOXELS = np.random.default_rng(0).integers(0, 120, (4, 5, 6))


def save(path: Path, dtype: str = "int16", *, packed: bool = False) -> Path:
    image = SimpleITK.GetImageFromArray(VOXELS.astype(dtype))
    image.SetSpacing((0.0106, 0.0107, 0.0108))
    image.SetOrigin((1, 2, 3))
    SimpleITK.WriteImage(image, str(path), packed)
    return path


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["a.mha", "a.mhd"])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "float32", "float64", "int64"])
def test_what_itk_writes(tmp_path: Path, name: str, dtype: str, packed: bool) -> None:
    scan = read_scan(save(tmp_path / name, dtype, packed=packed))
    assert scan.voxels.dtype == dtype
    assert np.array_equal(scan.to_numpy(), VOXELS)
    assert scan.spacing == (10.8, 10.7, 10.6)
    assert scan.origin == (3000, 2000, 1000)


def test_unpacked_voxels_stay_on_disk(tmp_path: Path) -> None:
    assert isinstance(read_metaimage(save(tmp_path / "a.mha")).voxels, np.memmap)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("DimSize = 6 5 4", "DimSize = 6 5 4000000000000", "cut short"),
        ("DimSize = 6 5 4", "DimSize = 6 5", "holds no volume"),
        ("DimSize = 6 5 4", "DimSize = 6 -5 4", "holds no volume"),
        ("NDims = 3", "NDims = 4", "holds no volume"),
        ("MET_SHORT", "MET_STRING", "no grey values"),
        ("BinaryData = True", "BinaryData = False", "as text"),
        ("ElementSpacing = 0.0106", "ElementSpacing = nan", "ElementSpacing of a.mha"),
        ("ElementSpacing = 0.0106", "ElementSpacing = 0", "voxel size"),
        ("ElementDataFile = LOCAL", "ElementDataFile = /etc/passwd", "outside its folder"),
        ("ElementDataFile = LOCAL", "ElementDataFile = LIST", "several data files"),
        ("ElementDataFile = LOCAL", "ElementDataFile = b.raw", "is not there"),
    ],
)
def test_headers_that_lie_are_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = save(tmp_path / "a.mha")
    content = path.read_bytes()
    assert old.encode() in content
    path.write_bytes(content.replace(old.encode(), new.encode()))
    with pytest.raises(InputError, match=words):
        read_scan(path)


def test_units_directions_and_a_missing_size(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mha")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"NDims = 3", b"NDims = 3\nDistanceUnits = um"))
    assert read_scan(path).spacing == (0.0108, 0.0107, 0.0106)
    path.write_bytes(content.replace(b"= 1 0 0 0 1 0 0 0 1", b"= 0 1 0 -1 0 0 0 0 1"))
    assert read_scan(path).history[-1].parameters["direction_lps"] == [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    path.write_bytes(content.replace(b"ElementSpacing", b"ElementNothing"))
    with pytest.raises(MissingSpacingError):
        read_scan(path)


@pytest.mark.parametrize("packed", [False, True])
def test_truncated_files_are_refused(tmp_path: Path, packed: bool) -> None:
    path = save(tmp_path / "a.mha", packed=packed)
    whole = path.read_bytes()
    for kept in (len(whole) - 20, 200, 10):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match=r"a\.mha"):
            read_scan(path)
