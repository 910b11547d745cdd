"""NRRD: packings, units that are and are not stated, data files beside the header."""

from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.io.registry import read_scan

VOXELS = np.random.default_rng(0).integers(0, 250, (4, 5, 6)).astype(np.int16)
PLACED: dict[str, Any] = {"space directions": np.diag([0.0106, 0.0107, 0.0108]), "space units": ["mm"] * 3}


def save(path: Path, voxels: np.ndarray = VOXELS, **header: Any) -> Path:
    fields = {key.replace("_", " "): value for key, value in header.items()}
    nrrd.write(str(path), voxels, {"encoding": "raw", **fields}, index_order="C")
    return path


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "ascii"])
@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr"])
def test_voxels_and_spacing_in_any_packing(tmp_path: Path, name: str, encoding: str) -> None:
    scan = read_scan(save(tmp_path / name, encoding=encoding, **PLACED))
    assert scan.voxels.dtype == np.int16
    assert np.array_equal(scan.to_numpy(), VOXELS)
    assert scan.spacing == (10.8, 10.7, 10.6)


def test_the_unit_is_that_of_the_axes_or_of_the_space(tmp_path: Path) -> None:
    assert read_scan(save(tmp_path / "a.nrrd", spacings=[1, 2, 3], units=["um"] * 3)).spacing == (3, 2, 1)
    lps = save(tmp_path / "b.nrrd", space="left-posterior-superior", space_directions=np.eye(3) * 0.01)
    assert read_scan(lps).spacing == (10, 10, 10)
    ras = {"space": "RAS", "space_directions": np.diag([-0.01, -0.01, 0.01]), "space_origin": [1, 2, 3]}
    scan = read_scan(save(tmp_path / "c.nrrd", **ras))
    assert scan.origin == (3000, -2000, -1000)
    assert "direction_lps" not in scan.history[-1].parameters


@pytest.mark.parametrize(
    "header", [{}, {"spacings": [1, 2, 3]}, {"space_dimension": 3, "space_directions": np.eye(3) * 0.01}]
)
def test_numbers_without_a_unit_are_no_voxel_size(tmp_path: Path, header: dict[str, Any]) -> None:
    with pytest.raises(MissingSpacingError):
        read_scan(save(tmp_path / "a.nrrd", **header))


def test_real_bone_with_units_in_the_header(shared_data: Path) -> None:
    path = shared_data / "shrew_trabecular" / "Shrew.nrrd"
    scan = read_scan(path)
    assert scan.spacing == pytest.approx((4.1, 4.1, 4.1))
    assert scan.history[-1].parameters["unit"] == "mm"
    end = np.frombuffer(path.read_bytes()[-115 * 114 * 114 :], np.uint8).reshape(115, 114, 114)
    assert np.array_equal(scan.to_numpy(), end)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"sizes: 6 5 4", b"sizes: 6 5 40000000000", "cut short"),
        (b"sizes: 6 5 4", b"sizes: 6 5", "a.nrrd"),
        (b"sizes: 6 5 4", b"sizes: 6 5 0", "holds no volume"),
        (b"encoding: raw", b"encoding: hex", "packing"),
        (b"encoding: raw", b"data file: ../secret.raw\nencoding: raw", "outside its folder"),
        (b"encoding: raw", b"data file: gone.raw\nencoding: raw", "is not there"),
        (b'"mm" "mm" "mm"', b'"mm" "um" "mm"', "different units"),
        (b'"mm" "mm" "mm"', b'"ell" "ell" "ell"', "unit of a.nrrd is not known"),
    ],
)
def test_bad_headers_are_refused_in_words(tmp_path: Path, old: bytes, new: bytes, words: str) -> None:
    (tmp_path / "secret.raw").write_bytes(bytes(240))
    (tmp_path / "in").mkdir()
    path = save(tmp_path / "in" / "a.nrrd", **PLACED)
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    with pytest.raises(InputError, match=words):
        read_scan(path)


@pytest.mark.parametrize("encoding", ["raw", "gzip", "ascii"])
def test_truncated_files_are_refused(tmp_path: Path, encoding: str) -> None:
    path = save(tmp_path / "a.nrrd", encoding=encoding, **PLACED)
    whole = path.read_bytes()
    for kept in (len(whole) - 40, 100, 6):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match=r"a\.nrrd"):
            read_scan(path)
