"""What is written is read back exactly, and what a format cannot hold is refused before anything is written."""

from dataclasses import replace
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.io.registry import read_scan
from napari_bonemet.io.write import write_scan
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan

FILES = ("scan.tif", "scan.nii", "scan.nii.gz", "scan.nrrd", "scan.mha", "scan.zarr", "slices")
TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")


def scan_of(dtype: str = "uint8") -> Scan:
    voxels = np.random.default_rng(0).integers(0, 120, (4, 5, 6)).astype(dtype)
    if np.dtype(dtype).kind in "if":
        voxels -= 60
    step = Step("register", {"angle": 1.5})
    return Scan(
        voxels, (10.6, 10.1, 1 / 3), (-5300.123456789, 0.1 + 0.2, 7.0), "871", "left", 21.0, Kind.REGIST, "femur",
        True, (step,),
    )  # fmt: skip


def assert_same(found: Scan, scan: Scan) -> None:
    assert np.array_equal(found.to_numpy(), scan.to_numpy())
    assert found.voxels.dtype == scan.voxels.dtype
    for name in ("spacing", "origin", "subject", "side", "day", "kind", "part", "synthetic"):
        assert getattr(found, name) == getattr(scan, name), name
    assert found.history[: len(scan.history)] == scan.history


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", FILES)
def test_there_and_back(tmp_path: Path, name: str, dtype: str) -> None:
    scan = scan_of(dtype)
    if name == "slices" and dtype not in ("uint8", "uint16"):
        with pytest.raises(OutputError, match="png cannot hold voxels of this type"):
            write_scan(scan, tmp_path / name)
        assert not list(tmp_path.iterdir())
        assert_same(read_scan(write_scan(scan, tmp_path / name, format="tiff-slices")), scan)
    else:
        assert_same(read_scan(write_scan(scan, tmp_path / name)), scan)


sizes = st.floats(0.05, 500, allow_nan=False)
places = st.floats(-1e5, 1e5, allow_nan=False, allow_subnormal=False)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spacing=st.tuples(sizes, sizes, sizes), origin=st.tuples(places, places, places))
def test_any_geometry_comes_back_exactly(
    tmp_path: Path, name: str, spacing: tuple[float, float, float], origin: tuple[float, float, float]
) -> None:
    scan = replace(scan_of(), spacing=spacing, origin=origin)
    found = read_scan(write_scan(scan, tmp_path / name, overwrite=True))
    assert found.spacing == scan.spacing
    assert found.origin == scan.origin


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.nrrd", "scan.mha"])
def test_itk_finds_the_voxels_where_they_lie(tmp_path: Path, name: str) -> None:
    import SimpleITK

    scan = scan_of("int16")
    image = SimpleITK.ReadImage(str(write_scan(scan, tmp_path / name)))
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), scan.to_numpy())
    assert image.GetSpacing() == pytest.approx(tuple(s / 1e3 for s in scan.spacing[::-1]), rel=1e-6)
    assert image.GetOrigin() == pytest.approx(tuple(o / 1e3 for o in scan.origin[::-1]), rel=1e-6, abs=1e-9)
    assert image.GetDirection() == pytest.approx((1, 0, 0, 0, 1, 0, 0, 0, 1), abs=1e-6)


@pytest.mark.parametrize("name", ["scan.mha", "scan.nrrd"])
def test_a_header_that_another_program_changed_is_believed(tmp_path: Path, name: str) -> None:
    scan = replace(scan_of(), spacing=(10.6, 10.6, 10.6), origin=(0.0, 0.0, 0.0))
    path = write_scan(scan, tmp_path / name)
    path.write_bytes(path.read_bytes().replace(b"0.0106", b"0.0212"))
    assert read_scan(path).spacing == (21.2, 21.2, 21.2)


@pytest.mark.parametrize("name", FILES)
def test_masks_and_lazy_voxels(tmp_path: Path, name: str) -> None:
    mask = scan_of().to_numpy() > 60
    found = read_scan(write_scan(replace(scan_of(), voxels=da.from_array(mask, chunks=2)), tmp_path / name))
    assert found.to_numpy().astype(int).max() in (1, 255)
    assert np.array_equal(found.to_numpy() > 0, mask)


@pytest.mark.parametrize("name", [name for name in FILES if name != "scan.zarr"])
def test_big_endian_voxels(tmp_path: Path, name: str) -> None:
    scan = scan_of("uint16")
    found = read_scan(write_scan(replace(scan, voxels=scan.to_numpy().astype(">u2")), tmp_path / name))
    assert_same(found, scan)


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten_unasked(tmp_path: Path, name: str) -> None:
    path = write_scan(scan_of(), tmp_path / name)
    other = replace(scan_of(), subject="999")
    with pytest.raises(OutputError, match="is there already"):
        write_scan(other, path)
    assert read_scan(path).subject == "871"
    assert read_scan(write_scan(other, path, overwrite=True)).subject == "999"


def test_formats_that_are_not_known_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="The format is not known"):
        write_scan(scan_of(), tmp_path / "x", format="analyze")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="does not end like a nifti file"):
        write_scan(scan_of(), tmp_path / "x.nrrd", format="nifti")
    with pytest.raises(InputError, match=r"not written as \.png"):
        write_scan(scan_of(), tmp_path / "x.png")
    half = replace(scan_of(), voxels=scan_of().to_numpy().astype(np.float16))
    with pytest.raises(OutputError, match="found float16"):
        write_scan(half, tmp_path / "x.nrrd")
    assert not list(tmp_path.iterdir())


def test_a_dot_in_a_folder_name_is_no_suffix(tmp_path: Path) -> None:
    path = write_scan(scan_of(), tmp_path / "871 left tibia week 3.5")
    assert (path / "slice_0000.png").is_file()


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    from napari_bonemet.progress import Cancelled

    class Stop:
        def advance(self, fraction: float) -> None:
            if fraction > 0.4:
                raise Cancelled

        def message(self, text: str) -> None:
            assert text

        def check(self) -> None:
            pass

    with pytest.raises(Cancelled):
        write_scan(scan_of(), tmp_path / "slices", progress=Stop())
    assert not list(tmp_path.iterdir())
