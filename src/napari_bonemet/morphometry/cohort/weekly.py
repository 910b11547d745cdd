"""Measures over weeks: one table for all legs, with the change since the baseline. A missing week stays missing."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.catalogue import BY_SYMBOL, MEASURES, Measure
from napari_bonemet.morphometry.cohort.leg_week import NO_GROUP, Leg, LegWeek
from napari_bonemet.morphometry.result import ScanMeasures

__all__ = ["NO_GROUP", "Leg", "LegWeek", "WeeklyTable", "weekly_table"]


@dataclass(frozen=True, eq=False)
class WeeklyTable:
    """The measures of all legs in all weeks.

    Parameters
    ----------
    rows : tuple of LegWeek
        By leg, then week; no leg twice in one week.
    baseline : float
        The week that changes are counted from. A leg without it has no changes.
    """

    rows: tuple[LegWeek, ...]
    baseline: float
    _at: Mapping[tuple[Leg, float], LegWeek] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        at: dict[tuple[Leg, float], LegWeek] = {}
        for row in self.rows:
            if (row.leg, row.week) in at:
                raise InputError(
                    f"{row.name}, week {row.week:g} is there twice", remedy="Measure one scan of each week"
                )
            at[row.leg, row.week] = row
        object.__setattr__(self, "_at", at)

    @property
    def weeks(self) -> tuple[float, ...]:
        """All weeks that any leg has."""
        return tuple(sorted({row.week for row in self.rows}))

    @property
    def legs(self) -> tuple[Leg, ...]:
        """All legs, in the order of the rows."""
        return tuple(dict.fromkeys(row.leg for row in self.rows))

    @property
    def groups(self) -> tuple[str, ...]:
        """All groups, in the order of the alphabet; "no ..." first, as the controls are."""
        return tuple(sorted({row.group for row in self.rows}, key=lambda group: (not group.startswith("no "), group)))

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What was measured in any leg, in the catalogue's order."""
        there = {symbol for row in self.rows for symbol in row.values}
        return tuple(measure for measure in MEASURES if measure.symbol in there)

    @property
    def synthetic(self) -> bool:
        """Whether any leg was made by the generator."""
        return any(row.synthetic for row in self.rows)

    def group_of(self, leg: Leg) -> str:
        """What a leg is compared as."""
        return next(row.group for row in self.rows if row.leg == leg)

    def row(self, leg: Leg, week: float) -> LegWeek | None:
        """The row of a leg and week; None where the week is missing."""
        return self._at.get((leg, week))

    def value(self, leg: Leg, week: float, symbol: str) -> float | None:
        """A measure; None where the week is missing, or it could not be measured."""
        row = self.row(leg, week)
        value = None if row is None else row.values.get(symbol)
        return value if value is not None and math.isfinite(value) else None

    def change(self, leg: Leg, week: float, symbol: str, *, percent: bool = False) -> float | None:
        """What a measure gained since the baseline, in its unit or in percent of the baseline.

        None at the baseline itself, where either week is missing, and for a percentage of a baseline that is 0 or of a
        measure whose zero means nothing (the Euler characteristic, the structure model index).
        """
        now, before = self.value(leg, week, symbol), self.value(leg, self.baseline, symbol)
        if now is None or before is None or week == self.baseline:
            return None
        if not percent:
            return now - before
        return None if before == 0 or symbol in ("Eu.N", "SMI") else 100 * (now - before) / abs(before)

    def as_rows(self) -> Iterator[dict[str, object]]:
        """One row per leg and week: whose, its group where there are some, every measure under its symbol and unit."""
        grouped = self.groups != (NO_GROUP,)
        for row in self.rows:
            group = {"group": row.group} if grouped else {}
            measured = {BY_SYMBOL[s].column: row.values[s] for s in BY_SYMBOL if s in row.values}
            yield {**_whose(row), **group, "synthetic": row.synthetic, **measured}

    def as_change_rows(self) -> Iterator[dict[str, object]]:
        """One row per leg and later week: each measure's change since the baseline, in its unit and in percent."""
        for row in self.rows:
            found: dict[str, object] = {}
            for measure in self.measures:
                change = self.change(row.leg, row.week, measure.symbol)
                if change is not None:
                    found[f"Δ {measure.column}"] = change
                    found[f"Δ {measure.symbol} (% of baseline)"] = self.change(
                        row.leg, row.week, measure.symbol, percent=True
                    )
            if found:
                yield {**_whose(row), "group": row.group, "baseline week": self.baseline, **found}

    def as_long(self) -> Iterator[dict[str, object]]:
        """One row per leg, week and measure, as R and Prism read them."""
        for row in self.rows:
            for symbol, measure in BY_SYMBOL.items():
                if symbol in row.values:
                    yield {
                        "animal": row.animal,
                        "side": row.side,
                        "group": row.group,
                        "week": row.week,
                        "measure": symbol,
                        "unit": measure.unit,
                        "value": row.values[symbol],
                        "change": self.change(row.leg, row.week, symbol),
                        "change_percent": self.change(row.leg, row.week, symbol, percent=True),
                        "synthetic": row.synthetic,
                    }


def weekly_table(
    measured: Iterable[ScanMeasures | LegWeek],
    groups: Mapping[Leg, str] | None = None,
    *,
    baseline: float | None = None,
) -> WeeklyTable:
    """Put the measures of scans in one table.

    Parameters
    ----------
    measured : iterable of ScanMeasures or LegWeek
        Of any number of legs and weeks.
    groups : mapping of (animal, side, part) to str, optional
        What each leg is compared as; legs that are not named are one group.
    baseline : float, optional
        The week that changes are counted from; the earliest of all legs when None.

    Raises
    ------
    InputError
        When there is nothing, a scan's week is not known, a leg is there twice in one week, or no leg has the
        baseline.
    """
    known = groups or {}
    rows = [each if isinstance(each, LegWeek) else LegWeek.of(each) for each in measured]
    rows = sorted((replace(row, group=known.get(row.leg, row.group)) for row in rows), key=_order)
    if not rows:
        raise InputError("There are no measures for a table")
    weeks = sorted({row.week for row in rows})
    if baseline is not None and baseline not in weeks:
        there = ", ".join(f"{week:g}" for week in weeks)
        raise InputError(f"No leg has a scan of the baseline week {baseline:g}", found=f"weeks {there}")
    return WeeklyTable(tuple(rows), weeks[0] if baseline is None else baseline)


def _order(row: LegWeek) -> tuple[object, ...]:
    """Animals by their numbers, 9 before 10."""
    parts = re.split(r"(\d+)", row.animal)
    natural = tuple((part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts if part)
    return natural, row.side or "", row.part, row.week


def _whose(row: LegWeek) -> dict[str, object]:
    return {"animal": row.animal, "side": row.side, "part": row.part, "week": row.week}
