"""Options: one truth for the form, the flag and the record."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.options import Between, Doc, Options, Unit, as_flags, describe


@dataclass(frozen=True)
class Inner(Options):
    """Inner."""

    depth: Annotated[int, Doc("How deep."), Between(1, 9)] = 3


@dataclass(frozen=True)
class Outer(Options):
    """Outer."""

    bone_threshold: Annotated[float, Doc("Bone is above this."), Between(0, 255), Unit("grey value")] = 75.0
    metric: Annotated[Literal["robust", "mi"], Doc("What is maximised.")] = "mi"
    weeks: Annotated[tuple[int, ...], Doc("Which weeks."), Between(0, 52)] = (0, 3)
    keep: Annotated[bool, Doc("Keep the noise.")] = False
    baseline: Annotated[float | None, Doc("Which week, none for the first.")] = None
    inner: Inner = field(default_factory=Inner)


def test_fields_describe_themselves() -> None:
    fields = {option.name: option for option in describe(Outer)}
    threshold = fields["bone_threshold"]
    assert (threshold.label, threshold.doc, threshold.unit) == ("bone threshold", "Bone is above this.", "grey value")
    assert fields["metric"].choices == ("robust", "mi")
    assert not threshold.required


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"bone_threshold": 300}, "bone threshold is out of range: expected 0 to 255 grey value; found 300"),
        ({"metric": "best"}, "expected robust or mi; found best"),
        ({"weeks": (0, 99)}, "weeks is out of range"),
    ],
)
def test_wrong_values_are_refused_in_words(wrong: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Outer(**wrong)


def test_record_makes_the_options_again() -> None:
    options = Outer(bone_threshold=80, weeks=(1, 2), inner=Inner(5))
    assert Outer.from_record(options.as_record()) == options


def test_a_record_with_strangers_is_refused() -> None:
    with pytest.raises(InputError, match="threshhold"):
        Outer.from_record({"threshhold": 3})


def test_flags_name_only_what_was_changed() -> None:
    assert as_flags(Outer()) == []
    options = Outer(bone_threshold=80.0, keep=True, weeks=(1, 2), inner=Inner(5))
    assert as_flags(options) == ["--bone-threshold", "80.0", "--weeks", "1", "2", "--keep", "--depth", "5"]
