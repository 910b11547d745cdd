"""Voxel size and settings from SkyScan logs, made and real."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_bonemet.errors import InputError
from napari_bonemet.io.registry import ScanWarning, read_scan
from napari_bonemet.io.skyscan import find_log, read_log

# Read off the files by eye: the reconstruction's size where there is one, else the camera's.
REAL = {
    "cichlids_104016_head_rec_104016_rec": 13.00145,
    "tooth-battalion_101_rec_Tooth101_rec": 9.99999,
    "tooth-battalion_11_proj_Tooth011~03": 9.999986,
    "tooth-battalion_21_proj_Tooth021~00": 9.999986,
    "tooth-battalion_31_proj_Tooth031": 9.99999,
    "tooth-battalion_41_proj_Tooth041": 9.99999,
    "tooth-battalion_61_proj_Tooth061~03": 9.999986,
    "tooth-battalion_81_proj_Tooth081": 9.99999,
    "zebrafish-gills_Control10_rec_Control10_IR_rec": 1.65905,
    "zebrafish-gills_Swimmer10_proj_Swimmer10_rec": 1.65905,
}


@pytest.mark.parametrize("name", REAL)
def test_real_logs(shared_data: Path, name: str) -> None:
    log = read_log(shared_data / "skyscan_logs" / f"{name}.log")
    assert log.spacing == (REAL[name],) * 3


def test_settings_of_a_real_log(shared_data: Path) -> None:
    log = read_log(shared_data / "skyscan_logs" / "tooth-battalion_101_rec_Tooth101_rec.log")
    found = log.settings()
    assert found["scanner"] == "SkyScan1272"
    assert found["voltage_kv"] == "80"
    assert found["filter"] == "Al 1mm"
    assert found["ring_artifact_correction"] == "14"
    assert log.image_size == (1632, 1632)


LOG = "[System]\nScanner=SkyScan1176\n[Acquisition]\nImage Pixel Size (um)= 8.9\n[Reconstruction]\n"


def folder_with(tmp_path: Path, log: str | bytes, name: str = "m_rec.log") -> Path:
    for n in range(3):
        Image.fromarray(np.full((4, 5), n, np.uint8)).save(tmp_path / f"m_rec{n:04d}.bmp")
    content = log.encode() if isinstance(log, str) else log
    (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = LOG + "Operator=Müller\r\nPixel Size (µm)=10,6\r\n"
    scan = read_scan(folder_with(tmp_path, text.encode(encoding)))
    assert scan.spacing == (10.6, 10.6, 10.6)
    assert scan.history[-1].parameters["log"] == "m_rec.log"
    assert scan.history[-1].parameters["settings"] == {"scanner": "SkyScan1176"}


def test_section_step_makes_slices_further_apart(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, LOG + "Pixel Size (um)=9\nSection to Section Step=3\n")
    for n in (1, 2):
        (folder / f"m_rec{n:04d}.bmp").rename(folder / f"x{n}")
    for n in (1, 2):
        (folder / f"x{n}").rename(folder / f"m_rec{3 * n:04d}.bmp")
    assert read_scan(folder).spacing == (27.0, 9.0, 9.0)


def test_without_reconstruction_the_camera_is_believed(tmp_path: Path) -> None:
    assert read_scan(folder_with(tmp_path, LOG)).spacing == (8.9, 8.9, 8.9)


def test_slices_of_another_size_than_the_log_says_are_told(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path, LOG + "Pixel Size (um)=9\nResult Image Width (pixels)=50\nResult Image Height (pixels)=40\n"
    )
    with pytest.warns(ScanWarning, match="40 x 50"):
        scan = read_scan(folder)
    assert "40 x 50" in scan.history[-1].parameters["warnings"][0]


def test_the_log_named_like_the_slices_wins_and_a_quarrel_is_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, LOG + "Pixel Size (um)=9\n")
    (folder / "other.log").write_text(LOG + "Pixel Size (um)=20\n")
    assert read_scan(folder).spacing == (9.0, 9.0, 9.0)
    (folder / "m_rec.log").rename(folder / "another.log")
    with pytest.raises(InputError, match=r"another.log \(9 µm\) and other.log \(20 µm\)"):
        read_scan(folder)


def test_logs_without_a_size_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "install.log").write_text("all went well")
    assert find_log(tmp_path, ["a1.png"]) is None
