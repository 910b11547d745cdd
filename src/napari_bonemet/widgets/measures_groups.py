"""The cohort around a leg: what a table of records says of other animals, as lines of the plot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from napari_bonemet.widgets.measures_plot import GroupLine

__all__ = ["CohortRow", "groups_in", "joined", "lines_of"]

EVERYONE = "all animals"
_MOST_GROUPS = 6


@dataclass(frozen=True)
class CohortRow:
    """What a table says of one leg in one week.

    Parameters
    ----------
    animal : str
        As the tables are joined.
    side : str or None
        None where the row is of both legs.
    week : float or None
        None where it is of all weeks.
    groups : mapping of str to str
        "treatment" to "zoledronate", and the like.
    values : mapping of str to float
        Measures by symbol, in the units of the catalogue.
    """

    animal: str
    side: str | None = None
    week: float | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Cohort:
    """The rows of the tables that were added, joined.

    Parameters
    ----------
    rows : tuple of CohortRow
        A row per leg and week.
    files : tuple of Path
        Where they came from.
    notes : tuple of str
        What could not be used.
    """

    rows: tuple[CohortRow, ...] = ()
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def groups_in(rows: Sequence[CohortRow]) -> tuple[str, ...]:
    """What animals can be grouped by: what tells at least two of them apart, in few enough groups to be seen."""
    names = dict.fromkeys(name for row in rows for name in row.groups)
    kinds = {name: {row.groups[name] for row in rows if row.groups.get(name)} for name in names}
    return tuple(name for name in names if 2 <= len(kinds[name]) <= _MOST_GROUPS)


def joined(tables: Sequence[Sequence[CohortRow]]) -> tuple[CohortRow, ...]:
    """Rows with measures, each with the groups that any table knows of its animal, leg and week."""
    measured = [row for table in tables for row in table if row.values]
    known = [row for table in tables for row in table if row.groups]
    return tuple(replace(row, groups=_groups_of(row, known)) for row in measured)


def _groups_of(row: CohortRow, known: Sequence[CohortRow]) -> dict[str, str]:
    found: dict[str, str] = {}
    for other in known:
        same_leg = None in (row.side, other.side) or row.side == other.side
        same_week = None in (row.week, other.week) or row.week == other.week
        if other.animal == row.animal and same_leg and same_week:
            found |= {name: text for name, text in other.groups.items() if text}
    return found | {name: text for name, text in row.groups.items() if text}


def lines_of(rows: Sequence[CohortRow], symbol: str, by: str) -> tuple[GroupLine, ...]:
    """Mean and standard deviation of a measure over the weeks, a line per group.

    Parameters
    ----------
    rows : sequence of CohortRow
        A row per leg and week; those without this measure or without a week are left out.
    symbol : str
        The measure.
    by : str
        What animals are grouped by; empty for all in one.
    """
    measured = [row for row in rows if symbol in row.values and row.week is not None]
    names = sorted({_group(row, by) for row in measured} - {""})
    return tuple(_line(name, [row for row in measured if _group(row, by) == name], symbol) for name in names)


def _group(row: CohortRow, by: str) -> str:
    return row.groups.get(by, "") if by else EVERYONE


def _line(name: str, rows: Sequence[CohortRow], symbol: str) -> GroupLine:
    weeks = sorted({row.week for row in rows if row.week is not None})
    each = [np.array([row.values[symbol] for row in rows if row.week == week]) for week in weeks]
    legs = len({(row.animal, row.side) for row in rows})
    spread = [float(values.std(ddof=1)) if values.size > 1 else np.nan for values in each]
    title = f"{name} ({legs} leg{'' if legs == 1 else 's'})"
    return GroupLine(title, np.array(weeks), np.array([values.mean() for values in each]), np.array(spread))
