"""Scanco's ISQ and AIM against the same volume in other formats; damaged ones; the package missing."""

import builtins
import struct
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.io import find_legs, read_scan

TOYS = ("test_isq.ISQ", "test_aim.AIM")


def needs_scanco() -> None:
    pytest.importorskip("itk", reason="Scanco files need itk-ioscanco, the extra `scanco`")
    if find_spec("itk.itkScancoImageIOPython") is None:
        pytest.skip("itk is there, but not itk-ioscanco, the extra `scanco`")


@pytest.fixture
def toys(shared_data: Path) -> Path:
    needs_scanco()
    return shared_data / "formats_toy"


@pytest.mark.parametrize("name", TOYS)
def test_agrees_with_the_other_formats(toys: Path, name: str) -> None:
    scan, other = read_scan(toys / name), read_scan(toys / "test_mha.mha")
    assert np.array_equal(scan.to_numpy(), other.to_numpy())
    # 1.517 mm over 25 voxels; the other files round it to 60.7.
    assert scan.spacing == pytest.approx((60.68, 60.68, 60.68), rel=1e-7)
    assert scan.spacing == pytest.approx(other.spacing, abs=0.05)
    assert scan.history[-1].parameters["format"] == "Scanco"


def isq(path: Path, voxels: np.ndarray, dims: tuple[int, int, int] | None = None) -> Path:
    """A file as the scanner writes it: a header of 512 bytes, then shorts."""
    z, y, x = dims or voxels.shape
    sizes = [round(n * 12.5) for n in (x, y, z)]
    head = struct.pack("<16s3i2iq3i3i4i", b"CTDATA-HEADER_V1", 3, 512, 1, 0, 0, 0, x, y, z, *sizes, 12, 1, 0, 1000)
    path.write_bytes(head.ljust(512, b"\0") + voxels.astype("<i2").tobytes())
    return path


def test_an_isq_that_claims_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    needs_scanco()
    voxels = np.zeros((3, 4, 5), np.int16)
    assert read_scan(isq(tmp_path / "a.isq", voxels), spacing=12.5).shape == (3, 4, 5)
    for dims in ((300, 4, 5), (30000, 30000, 30000)):
        with pytest.raises(InputError, match=r"b\.isq"):
            read_scan(isq(tmp_path / "b.isq", voxels, dims))


def test_text_named_isq_is_refused(tmp_path: Path) -> None:
    needs_scanco()
    (tmp_path / "a.aim").write_text("no scan" * 100)
    with pytest.raises(InputError, match=r"a\.aim"):
        read_scan(tmp_path / "a.aim")


def test_without_its_package_the_error_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "itk":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "itk", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    (tmp_path / "a.isq").write_bytes(b"CTDATA-HEADER_V1".ljust(1024, b"\0"))
    with pytest.raises(InputError, match="pip install itk-ioscanco"):
        read_scan(tmp_path / "a.isq", spacing=10)


def test_weeks_of_a_study_may_be_isq(tmp_path: Path) -> None:
    for week in (0, 1):
        place = tmp_path / "871 left tibia"
        place.mkdir(exist_ok=True)
        isq(place / f"week {week}.ISQ", np.zeros((3, 4, 5), np.int16))
    (leg,) = find_legs(tmp_path)
    assert [week for week, _ in leg.weeks] == [0.0, 1.0]


def test_a_header_that_brings_itk_down_is_refused(toys: Path, tmp_path: Path) -> None:
    content = bytearray((toys / "test_aim.AIM").read_bytes())
    content[6] = 0x9F  # the length of a block, now beyond the file: ITK reads on into what is not there
    (tmp_path / "a.aim").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.aim"):
        read_scan(tmp_path / "a.aim")
