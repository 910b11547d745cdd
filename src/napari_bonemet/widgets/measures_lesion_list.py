"""Lesions as the Measures dock lists them: one line each, and what the line is made of week by week."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from napari_bonemet.geometry import Triple
from napari_bonemet.morphometry.change.remodelling_result import Change, Remodelling
from napari_bonemet.widgets.measures_rows import MISSING

__all__ = [
    "CHANGES",
    "CHANGE_TIPS",
    "HEADINGS",
    "TIPS",
    "LesionLine",
    "Seen",
    "change_rows",
    "lesion_rows",
    "said_of",
    "story",
]

NONE = "No lesion: nothing lost in these weeks goes beyond what healthy bone shows."

HEADINGS = ("No", "since", "mm³", "/week", "at mm", "holes")
NO_HOLE = "no hole through the cortex"
CHANGES = ("week", "MV/BV", "EV/BV", "MS/BS", "ES/BS")
CHANGE_TIPS = (
    "Since the first week; rest the mouse on a row for cortex and trabecular region",
    "Bone formed, % of the bone volume in the first week",
    "Bone resorbed, % of the bone volume in the first week",
    "Surface that bone was formed on, % of the surface in the first week",
    "Surface that bone was resorbed from, % of the surface in the first week",
)
TIPS = (
    "The lesion's number, the same in every week",
    "The week in which it is first seen",
    "Its volume in the week on the canvas, mm³",
    "How much it grew since the week before, mm³ per week",
    "How far down the bone it lies, mm",
    "Holes through the cortex in the week on the canvas",
)


@dataclass(frozen=True)
class Seen:
    """A lesion in one week.

    Parameters
    ----------
    volume_mm3 : float
        Bone lost.
    centre_um : tuple of float
        (z, y, x), micrometres, in the space of the scan.
    position_mm : float
        Along the bone.
    growth : float or None
        What it gained per week since the week before, mm³; None where that cannot be told.
    holes : int
        Perforations of the cortex.
    holes_mm2 : float
        Their area.
    """

    volume_mm3: float
    centre_um: Triple
    position_mm: float
    growth: float | None = None
    holes: int = 0
    holes_mm2: float = 0.0


@dataclass(frozen=True)
class LesionLine:
    """One lesion through the weeks.

    Parameters
    ----------
    number : int
        Its identity, which the labels on the canvas bear, too.
    weeks : mapping of float to Seen
        The weeks in which it was seen.
    note : str
        What became of it: "merged with lesion 2 in week 3".
    """

    number: int
    weeks: Mapping[float, Seen] = field(default_factory=dict)
    note: str = ""

    @property
    def since(self) -> float:
        """The week in which it is first seen."""
        return min(self.weeks)

    def nearest(self, week: float | None) -> float:
        """The week to look at it: the one on the canvas where it is seen there, else its last."""
        return max(self.weeks) if week is None or week not in self.weeks else week

    def size_um(self, week: float) -> float:
        """How large it is in a week: the diameter of a ball of its volume, micrometres."""
        return float(1e3 * (6 * self.weeks[week].volume_mm3 / math.pi) ** (1 / 3))


def change_rows(changes: Sequence[Remodelling]) -> list[tuple[list[str], str]]:
    """A row per later week: formed and resorbed volume and surface, percent of the first week's; and its tooltip."""
    return [([_week(change), *_shares(change.whole)], _split(change)) for change in changes]


def _week(change: Remodelling) -> str:
    return "?" if change.week is None else f"{change.week:g}"


def _shares(change: Change) -> list[str]:
    surfaces = (100 * change.mineralised_share, 100 * change.eroded_share) if change.surface_mm2 else (None, None)
    values = (change.formed_percent, change.resorbed_percent, *surfaces)
    return [MISSING if value is None else f"{value:.1f}" for value in values]


def _split(change: Remodelling) -> str:
    """The same of each compartment."""
    parts = {"all bone": change.whole, **change.compartments}
    return "\n".join(f"{name}: {', '.join(_named(part))}" for name, part in parts.items())


def _named(change: Change) -> list[str]:
    return [f"{head} {value} %" for head, value in zip(CHANGES[1:], _shares(change), strict=True)]


def lesion_rows(lesions: Sequence[LesionLine], week: float | None) -> list[list[str]]:
    """A row per lesion, as it stands in the week on the canvas."""
    return [_row(lesion, week) for lesion in lesions]


def _row(lesion: LesionLine, week: float | None) -> list[str]:
    start = [f"{lesion.number}", f"{lesion.since:g}"]
    if week is None or week not in lesion.weeks:
        return [*start, MISSING, MISSING, f"{lesion.weeks[max(lesion.weeks)].position_mm:.2f}", MISSING]
    seen = lesion.weeks[week]
    grown = MISSING if seen.growth is None else f"{seen.growth:+.4f}".replace("-", "−")
    return [*start, f"{seen.volume_mm3:.4f}", grown, f"{seen.position_mm:.2f}", f"{seen.holes}"]


def story(lesion: LesionLine) -> str:
    """A lesion week by week, in a sentence."""
    each = [f"{seen.volume_mm3:.4f} mm³ in week {week:g}" for week, seen in sorted(lesion.weeks.items())]
    last = lesion.weeks[max(lesion.weeks)]
    holes = NO_HOLE if not last.holes else f"{_count(last.holes)}, {last.holes_mm2:.4f} mm²"
    note = f" {lesion.note[:1].upper()}{lesion.note[1:]}." if lesion.note else ""
    return f"Lesion {lesion.number}: {', '.join(each)}; {holes}.{note}"


def _count(holes: int) -> str:
    return "a hole through the cortex" if holes == 1 else f"{holes} holes through the cortex"


def said_of(lesions: Sequence[LesionLine], weeks: Sequence[float]) -> str:
    """How many there are in the last week, how much is lost, and whether the cortex has holes."""
    if not lesions:
        return NONE
    last = max(weeks)
    now = [lesion.weeks[last] for lesion in lesions if last in lesion.weeks]
    total, holes = sum(seen.volume_mm3 for seen in now), sum(seen.holes for seen in now)
    many = "1 lesion" if len(now) == 1 else f"{len(now)} lesions"
    return f"{many} in week {last:g}: {total:.4f} mm³ lost, {_count(holes) if holes else NO_HOLE}."
