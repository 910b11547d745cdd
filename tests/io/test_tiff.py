"""Multipage TIFF: lazy, in the stored type, with the voxel size only where it is stated in full."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.io.registry import read_scan
from napari_bonemet.io.tiff import read_tiff

VOXELS = np.random.default_rng(0).integers(0, 250, (6, 5, 7)).astype(np.uint16)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"compression": "zlib"},
    {"bigtiff": True},
    {"byteorder": ">"},
    {"rowsperstrip": 2},
    {"imagej": True},
]
UNITS = [("micron", 1), ("um", 1), ("\\u00B5m", 1), ("mm", 1000), ("nm", 1e-3)]


@pytest.mark.parametrize("options", OPTIONS)
def test_voxels_whatever_the_packing(tmp_path: Path, options: dict[str, Any]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", VOXELS, photometric="minisblack", **options)
    scan = read_scan(tmp_path / "a.tif", spacing=10)
    assert scan.voxels.dtype == np.dtype("uint16")
    assert np.array_equal(scan.to_numpy(), VOXELS)


def test_lzw_pages_and_one_bit_pages(tmp_path: Path) -> None:
    pages = [Image.fromarray(plane.astype(np.uint8)) for plane in VOXELS]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    assert np.array_equal(read_scan(tmp_path / "a.tif", spacing=1).to_numpy(), VOXELS)
    tifffile.imwrite(tmp_path / "b.tif", VOXELS > 100, photometric="minisblack")
    assert np.array_equal(read_scan(tmp_path / "b.tif", spacing=1).to_numpy(), (VOXELS > 100) * 255)


def test_unpacked_pages_stay_on_disk(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", VOXELS, photometric="minisblack")
    assert isinstance(read_tiff(tmp_path / "a.tif").voxels, np.memmap)


@pytest.mark.parametrize(("unit", "micrometres"), UNITS)
def test_imagej_spacing_in_its_unit(tmp_path: Path, unit: str, micrometres: float) -> None:
    notes = {"unit": unit, "spacing": 25.0, "axes": "ZYX"}
    tifffile.imwrite(tmp_path / "a.tif", VOXELS, imagej=True, resolution=(0.1, 0.05), metadata=notes)
    expected = tuple(size * micrometres for size in (25, 20, 10))
    assert read_scan(tmp_path / "a.tif").spacing == pytest.approx(expected)


def test_ome_spacing(tmp_path: Path) -> None:
    sizes = {"PhysicalSizeX": 1.5, "PhysicalSizeY": 2.5, "PhysicalSizeZ": 0.0035, "PhysicalSizeZUnit": "mm"}
    tifffile.imwrite(tmp_path / "a.ome.tif", VOXELS, metadata={"axes": "ZYX", **sizes})
    assert read_scan(tmp_path / "a.ome.tif").spacing == (3.5, 2.5, 1.5)


@pytest.mark.parametrize("notes", [{"unit": "pixel", "spacing": 1.0}, {"unit": "micron"}, {}])
def test_a_size_that_is_not_stated_in_full_is_asked_for(tmp_path: Path, notes: dict[str, Any]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", VOXELS, imagej=True, resolution=(0.1, 0.1), metadata={"axes": "ZYX", **notes})
    with pytest.raises(MissingSpacingError):
        read_scan(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("voxels", "options", "words"),
    [
        (VOXELS[0], {}, "single slice"),
        (np.zeros((4, 5, 6, 3), np.uint8), {"photometric": "rgb"}, "holds no volume"),
        (np.zeros((2, 4, 5, 6), np.uint8), {"photometric": "minisblack"}, "holds no volume"),
        (np.zeros((4, 5, 6), np.complex64), {"photometric": "minisblack"}, "no grey values"),
    ],
)
def test_what_is_no_volume_is_refused(tmp_path: Path, voxels: np.ndarray, options: dict[str, Any], words: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", voxels, **options)
    with pytest.raises(InputError, match=words):
        read_scan(tmp_path / "a.tif", spacing=1)


def test_pages_of_two_sizes_are_refused(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(VOXELS[0])
        writer.write(VOXELS[0, :3])
    with pytest.raises(InputError, match="several sizes"):
        read_scan(tmp_path / "a.tif", spacing=1)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"imagej": True}])
def test_truncated_files_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VOXELS, photometric="minisblack", **options)
    whole = path.read_bytes()
    for kept in (400, 100, 5):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match=r"a\.tif"):
            read_scan(path, spacing=1).to_numpy()


def test_pages_in_a_circle_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VOXELS, photometric="minisblack", compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        first, last = tiff.pages[0].offset, tiff.pages[5].offset
        end = last + 2 + 12 * len(tiff.pages[5].tags)
    data = bytearray(path.read_bytes())
    data[end : end + 4] = first.to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(InputError, match="go in a circle"):
        read_scan(path, spacing=1)
