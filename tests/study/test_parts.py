"""Parts on disk: the names of the published layout, whole or not there, and read again as what they are."""

from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.geometry import Grid
from napari_bonemet.io import find_legs, read_scan
from napari_bonemet.processing.segment import Part, SeparationOptions, SeparationResult, cut_part
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.study.parts import write_parts, write_separation


@pytest.fixture
def result() -> SeparationResult:
    rng = np.random.default_rng(0)
    scan = Scan(rng.integers(0, 255, (24, 20, 28), dtype=np.uint8), 40.0, subject="871", day=7.0, kind=Kind.RECON)
    labels = np.zeros((12, 10, 14), np.uint8)
    labels[2:9, 2:8, 1:5], labels[2:9, 2:8, 9:13] = 1, 2
    left = Part("tibia", "left", (slice(2, 20), slice(2, 18), slice(0, 12)), 0.9, "a fibula runs beside it")
    right = Part("tibia", "right", (slice(2, 20), slice(2, 18), slice(16, 28)), 0.4, "its knee was not found", True)
    grid = Grid(labels.shape, (80.0,) * 3, (20.0,) * 3)
    options = SeparationOptions()
    return SeparationResult(
        (left, right), scan, options, labels, grid, {}, (), True, bone=labels > 0, found=labels, background=30.0
    )


@pytest.mark.parametrize("form", ["png", "zarr"])
def test_parts_are_read_again_as_the_legs_that_they_are(result: SeparationResult, tmp_path: Path, form: str) -> None:
    places = write_parts(result, tmp_path / "Seg-CT", week=1, format=form)  # type: ignore[arg-type]
    ending = ".zarr" if form == "zarr" else ""
    assert places["left tibia"] == tmp_path / "Seg-CT" / "week 1" / f"871 week 1 left tibia{ending}"
    legs = find_legs(tmp_path / "Seg-CT")
    assert [(leg.leg, leg.kind, [week for week, _ in leg.weeks]) for leg in legs] == [
        ("871 left tibia", Kind.SEG, [1.0]),
        ("871 right tibia", Kind.SEG, [1.0]),
    ]
    for part in result.parts:
        cut, read = cut_part(result, part), read_scan(places[part.title])
        np.testing.assert_array_equal(read.to_numpy(), cut.to_numpy())
        assert read.grid.matches(cut.grid)
        assert (read.side, read.part, read.day) == (part.side, "tibia", 7.0)


def test_some_parts_alone_and_nothing_replaced_unasked(result: SeparationResult, tmp_path: Path) -> None:
    assert list(write_parts(result, tmp_path, week=0, parts=result.parts[:1])) == ["left tibia"]
    with pytest.raises(OutputError, match="there already"):
        write_parts(result, tmp_path, week=0, parts=result.parts[:1])
    write_parts(result, tmp_path, week=0, overwrite=True)
    with pytest.raises(InputError, match="No part"):
        write_parts(result, tmp_path, week=2, parts=())


def test_the_record_says_where_how_sure_and_why(result: SeparationResult, tmp_path: Path) -> None:
    import json

    record = json.loads(write_separation([result], tmp_path / "separate.json").read_text(encoding="utf-8"))
    (scan,) = record["scans"]
    assert scan["needs_review"] is True
    assert scan["parts"][1] == {
        "part": "right tibia",
        "region_zyx": [[2, 20], [2, 18], [16, 28]],
        "confidence": 0.4,
        "reason": "its knee was not found",
        "turned_round": True,
        "by_hand": False,
    }
