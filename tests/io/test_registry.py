"""Any file becomes a scan: formats agree, names and records are heeded, a voxel size is never guessed."""

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.io.registry import READERS, can_read, read_scan
from napari_bonemet.io.write import write_scan
from napari_bonemet.scan import Kind, Scan

TOYS = ("test_nii.nii", "test_nrrd.nrrd", "test_mha.mha", "test_dicom")


def toy_voxels(folder: Path) -> np.ndarray:
    """The toy volume without any reader: the .mha ends with 25 x 25 x 25 little-endian shorts."""
    content = (folder / "test_mha.mha").read_bytes()[-2 * 25**3 :]
    return np.array(struct.unpack(f"<{25**3}h", content)).reshape(25, 25, 25)


@pytest.mark.parametrize("name", TOYS)
def test_formats_agree_to_the_voxel_and_the_spacing(shared_data: Path, name: str) -> None:
    folder = shared_data / "formats_toy"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scan = read_scan(folder / name)
        voxels = scan.to_numpy()
    assert np.array_equal(voxels, toy_voxels(folder))
    assert scan.spacing == (60.7, 60.7, 60.7)
    assert scan.origin == (-485.6, -485.6, -485.6)
    assert "direction_lps" not in scan.history[-1].parameters


@pytest.mark.parametrize(
    "name",
    [
        "formats_toy/test_nii.nii",
        "formats_toy/test_nrrd.nrrd",
        "mouse_femur/mouse_femur2.mhd",
        "mouse_skull/BALB_CJ_.nii.gz",
    ],
)
def test_simpleitk_reads_the_same(shared_data: Path, name: str) -> None:
    import SimpleITK

    scan = read_scan(shared_data / name)
    image = SimpleITK.ReadImage(str(shared_data / name))
    assert np.array_equal(scan.to_numpy(), SimpleITK.GetArrayFromImage(image))
    assert scan.spacing == pytest.approx(tuple(1e3 * s for s in image.GetSpacing()[::-1]), rel=1e-6)
    assert scan.origin == pytest.approx(tuple(1e3 * o for o in image.GetOrigin()[::-1]), rel=1e-6, abs=1e-3)


def folder_of(path: Path, value: int = 0) -> Path:
    path.mkdir(parents=True)
    for z in range(3):
        Image.fromarray(np.full((4, 5), value, np.uint8)).save(path / f"{z}.png")
    return path


def test_a_missing_voxel_size_is_asked_for_and_a_stated_one_stands(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "871 left tibia" / "week 3")
    with pytest.raises(MissingSpacingError, match="week 3 does not state"):
        read_scan(folder)
    given = read_scan(folder, spacing=(12, 10, 10))
    assert given.spacing == (12.0, 10.0, 10.0)
    assert given.history[-1].parameters["spacing_from"] == "the user"
    stated = write_scan(given, tmp_path / "copy.nrrd")
    again = read_scan(stated, spacing=99)
    assert again.spacing == (12.0, 10.0, 10.0)
    assert "spacing_from" not in again.history[-1].parameters


def test_names_tell_whose_it_is_and_the_caller_may_tell_the_week(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "4. Regist-CT" / "871 left tibia" / "week 3")
    scan = read_scan(folder, spacing=10.6)
    assert (scan.subject, scan.side, scan.week, scan.kind, scan.part) == ("871", "left", 3, Kind.REGIST, "tibia")
    assert read_scan(folder, spacing=10.6, week=1.5).day == 10.5


def test_a_record_outranks_the_names(tmp_path: Path) -> None:
    scan = Scan(np.zeros((2, 3, 4), np.uint8), (10.0,) * 3, (1.0, 2.0, 3.0), "901", "right", 7.0, Kind.REGIST)
    found = read_scan(write_scan(scan, tmp_path / "871 left tibia week 3"))
    assert (found.subject, found.side, found.day, found.kind) == ("901", "right", 7.0, Kind.REGIST)
    assert found.origin == (1.0, 2.0, 3.0)


def test_composites_are_known_by_their_values(tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).choice(np.array([0, 60, 180, 240], np.uint8), (6, 8, 8))
    for z, plane in enumerate(voxels):
        Image.fromarray(plane).save(tmp_path / f"{z}.png")
    assert read_scan(tmp_path, spacing=10.6).kind == Kind.COMPOSITE


def test_what_can_be_read(tmp_path: Path, shared_data: Path) -> None:
    assert can_read(shared_data / "formats_toy" / "test_dicom")
    assert can_read(shared_data / "lhdl_trabecular")
    assert can_read(shared_data / "mouse_femur" / "mouse_femur2.mhd")
    assert not can_read(shared_data / "mouse_femur" / "mouse_femur2.raw")
    assert not can_read(shared_data / "README.md")
    assert not can_read(tmp_path)
    assert not can_read(tmp_path / "not there.nii")
    assert not can_read(shared_data / "formats_toy" / "test_dicom" / "IMG0001.dcm")
    assert {name for name, _ in READERS.values()} >= {"NIfTI", "NRRD", "MetaImage", "TIFF", "OME-Zarr"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("not there.nii", "is not there"),
        ("notes.txt", "is of no kind that can be read"),
        ("one.png", "is a single slice"),
        ("one.dcm", "is one slice of a DICOM series"),
        ("empty", "There are no slices in empty"),
    ],
)
def test_what_is_no_scan_is_refused_in_words(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "empty").mkdir()
    (tmp_path / "one.dcm").write_bytes(b"")
    Image.fromarray(np.zeros((3, 3), np.uint8)).save(tmp_path / "one.png")
    with pytest.raises(InputError, match=words):
        read_scan(tmp_path / name)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha", ".mhd", ".tif", ".nhdr"])
def test_empty_files_and_words_are_refused(tmp_path: Path, suffix: str) -> None:
    for content in (b"", b"only words, no voxels\n" * 40):
        path = tmp_path / f"scan{suffix}"
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"scan\."):
            read_scan(path, spacing=10)
