"""The order of slices, and the gaps in it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_bonemet.errors import InputError
from napari_bonemet.io.numbering import in_order

HERE = Path("week 0")


@given(st.integers(0, 5000), st.integers(2, 60), st.integers(0, 8), st.randoms())
def test_any_run_of_numbers_is_put_in_order(first: int, count: int, digits: int, chance: object) -> None:
    names = [f"3155_D_4_bc_{n:0{digits}d}_8bit.png" for n in range(first, first + count)]
    shuffled = names.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert in_order(HERE, shuffled) == names


@given(st.integers(0, 500), st.integers(3, 40), st.data())
def test_any_missing_number_is_named(first: int, count: int, data: st.DataObject) -> None:
    missing = data.draw(st.integers(first + 1, first + count - 2))
    names = [f"rec{n}.png" for n in range(first, first + count) if n != missing]
    with pytest.raises(
        InputError, match=f"between rec{missing - 1}.png and rec{missing + 1}.png: expected number {missing}"
    ):
        in_order(HERE, names)


def test_a_constant_step_counts_only_where_the_scanner_kept_it() -> None:
    names = [f"rec{n:04d}.bmp" for n in (10, 12, 14)]
    assert in_order(HERE, names, step=2) == names
    with pytest.raises(InputError, match="missing"):
        in_order(HERE, names)
    with pytest.raises(InputError, match="missing"):
        in_order(HERE, ["rec0010.bmp", "rec0012.bmp", "rec0013.bmp"], step=2)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a1.png", "a2.png", "b1.png"], "more than one stack"),
        (["w0_1.png", "w0_2.png", "w1_1.png"], "differ in more than one number"),
        (["a1.png", "a01.png"], "twice"),
        (["a1.png", "a01.png", "a2.png"], "twice"),
    ],
)
def test_muddled_names_are_refused(names: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        in_order(HERE, names)


def test_names_without_numbers_are_ordered_as_words() -> None:
    assert in_order(HERE, ["proximal.png", "Distal.png"]) == ["Distal.png", "proximal.png"]
