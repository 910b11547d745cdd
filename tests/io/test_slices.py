"""A folder of slices is one volume, in order, read only where it is looked at; what cannot be one is refused."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_bonemet.errors import InputError
from napari_bonemet.io import slices as module
from napari_bonemet.io.slices import read_slices


def volume(count: int = 12, dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(0).integers(0, 250, (count, 7, 9)).astype(dtype)


def fill(folder: Path, voxels: np.ndarray, name: str = "s{}.png") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for z, plane in enumerate(voxels):
        path = folder / name.format(z)
        if path.suffix in (".tif", ".tiff"):
            tifffile.imwrite(path, plane)
        else:
            Image.fromarray(plane).save(path)
    return folder


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".bmp"])
def test_slices_come_in_natural_order_to_the_voxel(tmp_path: Path, suffix: str) -> None:
    voxels = volume()
    raw = read_slices(fill(tmp_path / "s", voxels, "s{}" + suffix))
    assert raw.voxels.dtype == np.uint8
    assert np.array_equal(np.asarray(raw.voxels), voxels)
    assert raw.spacing is None


@pytest.mark.parametrize(
    ("dtype", "suffix"), [("uint16", ".png"), ("uint16", ".tif"), ("int16", ".tif"), ("float32", ".tif")]
)
def test_types_are_kept(tmp_path: Path, dtype: str, suffix: str) -> None:
    voxels = volume(4, dtype) - (100 if dtype[0] in "if" else 0)
    raw = read_slices(fill(tmp_path / "s", voxels, "{:03d}" + suffix))
    assert raw.voxels.dtype == dtype
    assert np.array_equal(np.asarray(raw.voxels), voxels)


def test_jpeg_slices_are_what_pillow_unpacks(tmp_path: Path) -> None:
    folder = fill(tmp_path / "s", volume(3), "{}.jpg")
    expected = np.stack([np.asarray(Image.open(folder / f"{z}.jpg")) for z in range(3)])
    assert np.array_equal(np.asarray(read_slices(folder).voxels), expected)


def test_previews_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    folder = fill(tmp_path / "s", volume(), "rec{:08d}.png")
    Image.fromarray(np.zeros((3, 3), np.uint8)).save(folder / "rec_spr.bmp")
    (folder / "._rec00000001.png").write_bytes(b"junk")
    (folder / "notes.txt").write_text("anything")
    assert read_slices(folder).voxels.shape == (12, 7, 9)


def test_one_bit_and_grey_coloured_slices_become_greys(tmp_path: Path) -> None:
    mask = volume(3) > 100
    folder = tmp_path / "bits"
    folder.mkdir()
    for z, plane in enumerate(mask):
        Image.fromarray(plane).save(folder / f"{z}.png", bits=1)
    assert np.array_equal(np.asarray(read_slices(folder).voxels), mask * 255)
    coloured = fill(tmp_path / "rgb", np.repeat(volume(3)[..., None], 3, axis=-1))
    assert np.array_equal(np.asarray(read_slices(coloured).voxels), volume(3))


def test_many_slices_open_at_once_and_few_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "s", np.broadcast_to(volume(1), (2000, 7, 9)))
    unpacked: list[Path] = []
    read = module.read_slice

    def counting(path: Path) -> np.ndarray:
        unpacked.append(path)
        return read(path)

    monkeypatch.setattr(module, "read_slice", counting)
    start = time.perf_counter()
    raw = read_slices(folder)
    assert time.perf_counter() - start < 3
    assert not unpacked
    assert np.array_equal(np.asarray(raw.voxels[1000]), volume(1)[0])
    assert len(unpacked) <= 8


def remove_one(folder: Path) -> str:
    (folder / "s5.png").unlink()
    return "missing between s4.png and s6.png"


def resize_one(folder: Path) -> str:
    Image.fromarray(np.zeros((7, 8), np.uint8)).save(folder / "s5.png")
    return "s5.png has another size"


def retype_one(folder: Path) -> str:
    Image.fromarray(np.zeros((7, 9), np.uint16)).save(folder / "s5.png")
    return "s5.png has another type"


def text_named_png(folder: Path) -> str:
    (folder / "s5.png").write_text("these are no pixels at all, only words")
    return "s5.png is no PNG file"


def empty_file(folder: Path) -> str:
    (folder / "s5.png").write_bytes(b"")
    return "s5.png is empty"


def cut_short(folder: Path) -> str:
    path = folder / "s5.png"
    path.write_bytes(path.read_bytes()[:-20])
    return "s5.png is cut short"


def mixed(folder: Path) -> str:
    Image.fromarray(np.zeros((7, 9), np.uint8)).save(folder / "s12.bmp")
    return "several types"


def second_stack(folder: Path) -> str:
    Image.fromarray(np.zeros((7, 9), np.uint8)).save(folder / "mask1.png")
    return "more than one stack"


def twice(folder: Path) -> str:
    Image.fromarray(np.zeros((7, 9), np.uint8)).save(folder / "s05.png")
    return "s5.png and s05.png|s05.png and s5.png"


def emptied(folder: Path) -> str:
    for path in folder.iterdir():
        path.unlink()
    return "There are no slices"


def coloured_16(folder: Path) -> str:
    data = bytearray((folder / "s5.png").read_bytes())
    data[24:26] = bytes([16, 2])
    (folder / "s5.png").write_bytes(data)
    return "colours of 16 bits"


@pytest.mark.parametrize(
    "harm",
    [
        remove_one,
        resize_one,
        retype_one,
        text_named_png,
        empty_file,
        cut_short,
        mixed,
        second_stack,
        twice,
        emptied,
        coloured_16,
    ],
)
def test_folders_that_are_no_volume_are_refused_by_name(tmp_path: Path, harm: Callable[[Path], str]) -> None:
    folder = fill(tmp_path / "s", volume())
    words = harm(folder)
    with pytest.raises(InputError, match=words):
        read_slices(folder)


def test_real_colours_are_refused_when_looked_at(tmp_path: Path) -> None:
    raw = read_slices(fill(tmp_path / "s", np.random.default_rng(1).integers(0, 255, (3, 7, 9, 3)).astype(np.uint8)))
    with pytest.raises(InputError, match=r"s0\.png holds colours"):
        np.asarray(raw.voxels[1])


def test_damaged_pixels_are_named_when_looked_at(tmp_path: Path) -> None:
    folder = fill(tmp_path / "s", volume())
    data = bytearray((folder / "s5.png").read_bytes())
    data[45] ^= 255
    (folder / "s5.png").write_bytes(data)
    with pytest.raises(InputError, match=r"s5\.png cannot be read"):
        np.asarray(read_slices(folder).voxels)


def test_a_folder_of_folders_says_which_to_open(tmp_path: Path) -> None:
    (tmp_path / "week 0").mkdir()
    with pytest.raises(InputError, match="such as week 0"):
        read_slices(tmp_path)
    fill(tmp_path / "one", volume(1))
    with pytest.raises(InputError, match="a single slice"):
        read_slices(tmp_path / "one")


def test_imagej_slices_tell_their_spacing(tmp_path: Path) -> None:
    for z, plane in enumerate(volume(3)):
        notes = {"unit": "micron", "spacing": 12.0}
        tifffile.imwrite(tmp_path / f"{z}.tif", plane, imagej=True, resolution=(0.1, 0.1), metadata=notes)
    assert read_slices(tmp_path).spacing == pytest.approx((12.0, 10.0, 10.0))


def test_real_slices(shared_data: Path) -> None:
    raw = read_slices(shared_data / "lhdl_trabecular_toy")
    voxels = np.asarray(raw.voxels)
    assert (voxels.shape, int((voxels > 100).sum())) == ((10, 10, 10), 209)
    assert raw.spacing is None
