"""Words below the pictures of weeks: what a classifier says of them, or anything else that is said of a week."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from napari_bonemet.errors import InputError
from napari_bonemet.figures.panel import Panel, Row
from napari_bonemet.scan import Kind

__all__ = ["PREDICTED", "as_verdict", "verdicts_of", "with_verdicts"]

# Stands behind the week of a forecast.
PREDICTED = "p"
_SPACE = "_"
_LONGEST = 60
_MOST = 24


def as_verdict(week: float, words: str, *, predicted: bool = False) -> str:
    """One verdict as the option takes it: "3=lesion_0.97"."""
    return f"{week:g}{PREDICTED if predicted else ''}={words.replace(' ', _SPACE)}"


def verdicts_of(given: Sequence[str]) -> dict[str, str]:
    """The words by week ("3", or "4p" of a forecast).

    Parameters
    ----------
    given : sequence of str
        "WEEK=WORDS", with _ for a space.

    Raises
    ------
    InputError
        When one is of another form or too long, a week is told twice, or there are too many.
    """
    made: dict[str, str] = {}
    for one in given[: _MOST + 1]:
        name, found, words = one.partition("=")
        if not found or not words or len(words) > _LONGEST or not _is_week(name) or name in made:
            raise InputError(
                "The words below the weeks cannot be used",
                expected=f"WEEK=WORDS, each week once, at most {_LONGEST} characters: 3=lesion_0.97, 4p=none_0.02",
                found=one[: 2 * _LONGEST],
            )
        made[name] = words.replace(_SPACE, " ")
    if len(made) > _MOST:
        raise InputError("There are too many words below the weeks", expected=f"at most {_MOST}")
    return made


def _is_week(name: str) -> bool:
    number = name.removesuffix(PREDICTED)
    return number.isascii() and number.replace(".", "", 1).isdigit()


def with_verdicts(rows: Iterable[Row], given: Sequence[str]) -> list[Row]:
    """The rows, with the words below the greys of their weeks; they follow what is said there already."""
    known = verdicts_of(given)
    return [replace(row, panels=tuple(_told(panel, known) for panel in row.panels)) for row in rows]


def _told(panel: Panel, known: dict[str, str]) -> Panel:
    week = panel.scan.week
    if panel.kind not in ("grey", "volume") or week is None:
        return panel
    words = known.get(f"{week:g}{PREDICTED if panel.scan.kind is Kind.PREDICTION else ''}")
    return panel if words is None else replace(panel, note="; ".join(filter(None, (panel.note, words))))
