"""Films from the command line, and again from their record."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Cli = Callable[..., Any]


def test_a_film_and_the_same_again(cli: Cli, registered: Path, forecasts: Path, tmp_path: Path) -> None:
    words = [registered, "--predicted", forecasts, "--dpi", 60, "--seconds", 0.3, "--out", tmp_path / "f.gif"]
    assert cli("film", *words).code == 0
    assert Image.open(tmp_path / "f.gif").n_frames == 5  # type: ignore[attr-defined]
    assert cli("film", "--from", tmp_path / "f.gif.json", "--out", tmp_path / "g.gif").code == 0
    assert (tmp_path / "g.gif").read_bytes() == (tmp_path / "f.gif").read_bytes()
    # The flags beside a record count more.
    assert cli("film", "--from", tmp_path / "f.gif.json", "--theme", "dark", "--out", tmp_path / "d.gif").code == 0
    assert Image.open(tmp_path / "d.gif").convert("L").getpixel((1, 1)) < 60  # type: ignore[operator]


@pytest.fixture
def film(cli: Cli, registered: Path, tmp_path: Path) -> Path:
    assert cli("film", registered, "--dpi", 50, "--out", tmp_path / "f.gif").code == 0
    return tmp_path / "f.gif"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("fps", 10**6, "out of range"),
        ("what", "passwords", "cannot be used"),
        ("turned", ["spread"], "cannot be turned"),
    ],
)
def test_a_hostile_record_is_refused(cli: Cli, film: Path, key: str, value: Any, told: str) -> None:
    tmp_path, place = film.parent, film.with_name("f.gif.json")
    record = json.loads(place.read_text())
    record["asked"][key] = value
    place.write_text(json.dumps(record))
    said = cli("film", "--from", place, "--out", tmp_path / "g.gif")
    assert said.code == 2
    assert told in said.err
    assert not (tmp_path / "g.gif").exists()
