import pytest

from napari_bonemet.figures.sheet import Words
from napari_bonemet.figures.words import balanced, shortened, size_for, width_of, wrapped

TEXT = "standard deviation over eight samples of the model"


def test_words_take_about_the_room_that_is_measured() -> None:
    assert width_of("m" * 20, 10) == pytest.approx(2 * width_of("m" * 10, 10), rel=0.02)
    assert width_of(TEXT, 12) == pytest.approx(2 * width_of(TEXT, 6), rel=0.02)
    assert width_of(TEXT, 8, bold=True) > width_of(TEXT, 8)
    assert width_of("  ", 8) == 0


def test_sizes_shrink_no_further_than_the_least() -> None:
    wide = width_of(TEXT, 8)
    assert size_for(TEXT, wide, 8, 5) == 8
    assert size_for(TEXT, 0.75 * wide, 8, 5) == pytest.approx(6)
    assert size_for(TEXT, 0.1 * wide, 8, 5) == 5


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    assert shortened(TEXT, 9, 8) == TEXT
    short = shortened(TEXT, 1, 8)
    assert short.endswith("…")
    assert TEXT.startswith(short[:-1])
    assert 0.8 < width_of(short, 8) <= 1


def test_lines_are_no_wider_than_asked_for() -> None:
    lines = wrapped(TEXT, 1.2, 8)
    assert len(lines) > 1
    assert " ".join(lines) == TEXT
    assert all(width_of(line, 8) <= 1.2 for line in lines)


def test_lines_are_about_as_long_as_each_other() -> None:
    text = "predicted − true (grey value)"
    assert wrapped(text, 1.12, 6.5) == ["predicted − true (grey", "value)"]
    assert balanced(text, 1.12, 6.5) == ["predicted − true", "(grey value)"]
    assert balanced(text, 9, 6.5) == [text]


def test_titles_break_at_commas_first() -> None:
    title = "871 left tibia, forecast of week 3, slice 12 at 0.3 mm"
    lines = Words(title, (), "").lines_of_title(3.6)
    assert lines == ["871 left tibia, forecast of week 3,", "slice 12 at 0.3 mm"]
    assert Words(title, (), "").lines_of_title(20) == [title]
    assert len(Words(title, (), "").lines_of_title(1.0)) > 3
