from typing import Any

import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.study.holding_out import HoldOut, animals_held_out


def held(every: str, usual: float = 0.0, *, groups: dict[str, str] | None = None, **asked: Any) -> str:
    return "".join(sorted(animals_held_out(every, HoldOut(usual=usual, **asked), groups=groups)))


def test_animals_are_held_out_by_name_or_by_share() -> None:
    assert held("abba") == ""
    assert held("abc", 0.5, animals=("b",)) == "b"
    assert len(held("abcdefghij", 0.3)) == 3
    assert held("abcdefghij", 0.3, share=0.0) == ""
    # At least one of two, never all of them.
    assert len(held("ab", 0.01)) == len(held("ab", 0.99)) == 1
    assert held("a", 0.5) == ""
    groups = dict.fromkeys("abcde", "ill") | dict.fromkeys("vwxyz", "well")
    for seed in range(3):
        kept = held("abcdevwxyz", 0.2, groups=groups, seed=seed)
        assert (kept[0] in "abcde", kept[1] in "vwxyz", len(kept)) == (True, True, 2)
    assert len({held("abcdevwxyz", 0.2, seed=seed) for seed in range(6)}) > 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"animals": ("a",), "share": 0.2}, "both say"),
        ({"animals": ("x",)}, "are not there"),
        ({"animals": ("a", "b", "c")}, "none is left"),
        ({"share": 1.0}, "share to hold out"),
    ],
)
def test_what_cannot_be_held_out_is_said(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        held("abc", **asked)
