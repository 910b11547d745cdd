"""Names of the published layouts say whose scan it is, in any case and order."""

import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_bonemet.errors import InputError
from napari_bonemet.io.names import NameParts, inside, name_parts, safe_name
from napari_bonemet.scan import Kind

SEG, REGIST, ROI, RECON, COMPOSITE = Kind.SEG, Kind.REGIST, Kind.ROI, Kind.RECON, Kind.COMPOSITE


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Seg-CT/week 0/871", ("871", None, 0, SEG, None)),
        ("2. Seg-CT/Week 10/871 left tibia", ("871", "left", 10, SEG, "tibia")),
        ("4. Regist-CT/871 left tibia/week 3", ("871", "left", 3, REGIST, "tibia")),
        ("REGIST-CT/WEEK_3/872 RIGHT TIBIA", ("872", "right", 3, REGIST, "tibia")),
        ("1. Recon-CT/week 0/871", ("871", None, 0, RECON, None)),
        ("RoI-CT/Week 2/871R", ("871", "right", 2, ROI, None)),
        ("871 week 0 left tibia", ("871", "left", 0, None, "tibia")),
        ("871_week_0_left_tibia.nii.gz", ("871", "left", 0, None, "tibia")),
        ("left tibia 871 wk2.tif", ("871", "left", 2, None, "tibia")),
        ("week 0 right femur 872", ("872", "right", 0, None, "femur")),
        ("851L proximal tibia/week 2", ("851", "left", 2, None, "tibia")),
        ("Tibia 851 R w3", ("851", "right", 3, None, "tibia")),
        ("Regist-CT/Tibia w0w5composite", (None, None, 5, COMPOSITE, "tibia")),
        ("871 left tibia w0w12composite", ("871", "left", 12, COMPOSITE, "tibia")),
        ("selected 300 slices below proximal Tibia-fibular junction", (None, None, None, None, "tibia")),
        ("week 11", (None, None, 11, None, None)),
        ("w3", (None, None, 3, None, None)),
        ("871/wk3.zarr", ("871", None, 3, None, None)),
        ("872 day 21", ("872", None, 3, None, None)),
        ("872 left tibia/day 10.5", ("872", "left", 1.5, None, "tibia")),
        ("synthetic-1 left tibia/week 2.5.zarr", ("synthetic-1", "left", 2.5, None, "tibia")),
        ("mouse A right hindlimb/week 4", ("mouse A", "right", 4, None, "hindlimb")),
        ("mouse_femur.mhd", (None, None, None, None, "femur")),
        ("test_nii.nii", (None, None, None, None, None)),
        ("r/scans of the week/slices", (None, None, None, None, None)),
        ("segment/weekly/rightful", (None, None, None, None, None)),
        ("week 0/scan.nii", (None, None, 0, None, None)),
    ],
)
def test_names_of_the_layouts(path: str, expected: tuple[Any, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert name_parts(f"/study/{path}", root="/study") == NameParts(*expected)


def test_a_week_is_seven_days() -> None:
    assert name_parts("/x/week 3").day == 21.0
    assert name_parts("/x/nothing").day is None


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("week 1/871 week 2 left tibia", "week", 2.0),
        ("871 left tibia/872 left tibia week 1", "subject", "872"),
        ("871 left tibia/right/week 1", "side", "right"),
    ],
)
def test_the_inner_name_wins_and_the_contradiction_is_told(path: str, name: str, value: object) -> None:
    with pytest.warns(UserWarning, match=name):
        assert getattr(name_parts(f"/study/{path}", root="/study"), name) == value


def test_folders_above_the_study_fill_in_and_never_contradict() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = name_parts("/lab/Seg-CT/week 9/871 left tibia week 2", root="/lab/Seg-CT/week 9")
    assert (parts.week, parts.kind) == (2.0, SEG)


def test_a_year_around_the_study_is_no_animal() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert name_parts("/study/2024/871 left tibia/week 1", root="/study").subject == "871"


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd"])
def test_dots_do_not_lead_out(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="outside its folder"):
        name_parts(tmp_path / path, root=tmp_path)


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    study, elsewhere = tmp_path / "study", tmp_path / "elsewhere"
    study.mkdir()
    elsewhere.mkdir()
    (study / "week 0").symlink_to(elsewhere)
    (tmp_path / "link").symlink_to(study)
    with pytest.raises(InputError, match="outside its folder"):
        inside(study / "week 0" / "871", study)
    assert inside(tmp_path / "link" / "week 1", tmp_path / "link") == tmp_path / "link" / "week 1"


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "", "  ", ".hidden", "..", "a\nb", "C:x", "a\x00"])
def test_unsafe_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name"):
        safe_name(name)


def test_a_plain_name_is_safe() -> None:
    assert safe_name("871 left tibia") == "871 left tibia"


@given(st.text(st.characters(exclude_characters="/\x00"), min_size=1, max_size=60))
def test_any_name_is_read_without_a_fall(name: str) -> None:
    parts = name_parts(f"/study/{name}/x")
    assert parts.subject is None or parts.subject.strip()
    assert parts.week is None or 0 <= parts.week < 1000


@given(
    subject=st.from_regex(r"[1-9][0-9]{0,4}|(synthetic|mouse|ctrl)[ -][0-9]{1,3}", fullmatch=True),
    side=st.sampled_from(["left", "right"]),
    part=st.sampled_from(["tibia", "femur"]),
    week=st.integers(0, 52),
    order=st.permutations(range(3)),
    case=st.sampled_from([str.lower, str.upper, str.title]),
    gap=st.sampled_from([" ", "_"]),
)
def test_order_case_and_gaps_do_not_matter(
    *, subject: str, side: str, part: str, week: int, order: list[int], case: Any, gap: str
) -> None:
    words = [subject, case(f"{side}{gap}{part}"), case(f"week{gap}{week}")]
    name = gap.join(words[i] for i in order)
    parts = name_parts(f"/study/{name}", root="/study")
    assert (parts.subject, parts.side, parts.part, parts.week) == (subject, side, part, week)
