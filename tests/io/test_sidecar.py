"""scan.json comes back as it was written, and a wrong hand is told where it was wrong."""

import json
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.io.sidecar import SIDECAR, Sidecar, read_sidecar, scan_record, write_sidecar
from napari_bonemet.provenance import Source, Step
from napari_bonemet.scan import Kind, Scan


def scan() -> Scan:
    history = (Step("read", {"path": "x", "n": [1, 2]}), Step("register", {}, (Source("week 0", "ab"),), "0.1"))
    return Scan(
        np.zeros((2, 3, 4), np.uint8), (10.6, 10.1, 0.1 + 0.2), (1.5, -2.0, 1e-17), "871", "left", 10.0, Kind.REGIST,
        "femur", True, history,
    )  # fmt: skip


def test_there_and_back_is_exact(tmp_path: Path) -> None:
    one = scan()
    write_sidecar(one, tmp_path)
    found = read_sidecar(tmp_path)
    assert found is not None
    for name in ("spacing", "origin", "subject", "side", "day", "kind", "part", "synthetic", "history"):
        assert getattr(found, name) == getattr(one, name), name


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert read_sidecar(tmp_path) is None


def test_unknown_and_absent_keys_are_passed_over() -> None:
    assert Sidecar.from_record({"schema": 99, "colour": "red", "subject": None}, "x") == Sidecar()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("spacing_um_zyx", 10.6),
        ("spacing_um_zyx", [10.6, 10.6]),
        ("spacing_um_zyx", [10.6, 10.6, 0]),
        ("spacing_um_zyx", [10.6, 10.6, float("nan")]),
        ("spacing_um_zyx", ["1", "1", "1"]),
        ("spacing_um_zyx", [True, True, True]),
        ("origin_um_zyx", [0, 0, 10**400]),
        ("kind", "photograph"),
        ("kind", ["roi"]),
        ("subject", 871),
        ("subject", "  "),
        ("subject", "a\nb"),
        ("side", "upper"),
        ("part", {}),
        ("day", "21"),
        ("day", True),
        ("day", float("inf")),
        ("synthetic", "no"),
        ("history", "crop"),
        ("history", ["crop"]),
        ("history", [{"parameters": {}}]),
        ("history", [{"name": 3}]),
        ("history", [{"name": "x", "parameters": 7}]),
        ("history", [{"name": "x", "sources": [{"sha": 1}]}]),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(tmp_path: Path, key: str, value: object) -> None:
    (tmp_path / SIDECAR).write_text(json.dumps({**scan_record(scan()), key: value}))
    with pytest.raises(InputError, match=f'scan.json: "{key}" cannot be used'):
        read_sidecar(tmp_path)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"[1]", b"7"])
def test_damage_is_told(tmp_path: Path, text: bytes) -> None:
    (tmp_path / SIDECAR).write_bytes(text)
    with pytest.raises(InputError, match=r"scan\.json"):
        read_sidecar(tmp_path)
