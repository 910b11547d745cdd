"""The rows of the Measures dock: values, changes since the first week, and why a measure is not there."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from napari_bonemet.morphometry.catalogue import MEASURES, Measure
from napari_bonemet.morphometry.cohort.weekly import WeeklyTable, weekly_table
from napari_bonemet.morphometry.result import ScanMeasures

__all__ = ["MISSING", "SHOWN", "Cell", "Row", "number", "rows_of", "values_of"]

Show = Literal["value", "change", "% change"]
SHOWN: tuple[Show, ...] = ("value", "change", "% change")
MISSING, BASE = "–", "base"
NOT_MEASURED = "It was not measured."


@dataclass(frozen=True)
class Cell:
    """What one cell shows, and what it says when the mouse rests on it."""

    text: str
    tip: str


@dataclass(frozen=True)
class Row:
    """One measure over the weeks."""

    measure: Measure
    cells: tuple[Cell, ...]

    @property
    def there(self) -> bool:
        """Whether any week has a number."""
        return any(cell.text != MISSING for cell in self.cells)


def number(value: float) -> str:
    """Three digits that count, in as few signs as a narrow column has room for: "0.0412", "12.3", "−1840"."""
    if not math.isfinite(value):
        return MISSING
    size = abs(value)
    if size >= 100 or value == 0:
        text = f"{size:.0f}"
    elif size < 0.001:
        text = f"{size:.1e}"
    else:
        text = f"{size:.{min(2 - math.floor(math.log10(size)), 4)}f}"
    return f"−{text}" if value < 0 else text


def values_of(weeks: Sequence[ScanMeasures], symbol: str) -> np.ndarray:
    """One measure over the weeks, (weeks,); NaN where it is absent."""
    return np.array([week.values.get(symbol, math.nan) for week in weeks], dtype=float)


def rows_of(weeks: Sequence[ScanMeasures], show: Show) -> tuple[Row, ...]:
    """Every measure of the catalogue over the weeks.

    Parameters
    ----------
    weeks : sequence of ScanMeasures
        Of one leg; changes are counted from the first.
    show : {"value", "change", "% change"}
        What the cells hold.
    """
    table = weekly_table(weeks) if weeks else None
    if table is None:
        return ()
    return tuple(Row(measure, tuple(_cell(table, week, measure, show) for week in weeks)) for measure in MEASURES)


def _cell(table: WeeklyTable, week: ScanMeasures, measure: Measure, show: Show) -> Cell:
    if measure.symbol not in week.values:
        return Cell(MISSING, f"{_about(week, measure)}: {_reason(week.absent, measure.symbol)}")
    tip = _tip(week, measure)
    if show == "value":
        return Cell(number(week.values[measure.symbol]), tip)
    if week.scan.week == table.baseline:
        return Cell(BASE, f"{tip}; changes are counted from here")
    leg, percent = table.rows[0].leg, show == "% change"
    first = table.row(leg, table.baseline)
    before = table.value(leg, table.baseline, measure.symbol)
    if before is None:
        reason = _reason(first.absent if first is not None else {}, measure.symbol)
        return Cell(MISSING, f"{tip}. Nothing to count changes from: {reason}")
    change = table.change(leg, week.scan.week or 0.0, measure.symbol, percent=percent)
    if change is None:
        return Cell(MISSING, f"{tip}. No percentage of {number(before)}, the first value")
    return Cell(_signed(change, percent=percent), f"{tip}; at first {number(before)}")


def _signed(value: float, *, percent: bool = False) -> str:
    text = f"{abs(value):.1f}" if percent and abs(value) < 100 else number(abs(value))
    if not any(digit in "123456789" for digit in text):
        return "0"
    return f"{'+' if value > 0 else '−'}{text}"


def _tip(week: ScanMeasures, measure: Measure) -> str:
    unit = f" {measure.unit}" if measure.unit else ""
    return f"{_about(week, measure)}: {week.values[measure.symbol]:.6g}{unit}"


def _about(week: ScanMeasures, measure: Measure) -> str:
    when = "" if week.scan.week is None else f", week {week.scan.week:g}"
    return f"{measure.symbol}{when}"


def _reason(absent: Mapping[str, str], symbol: str) -> str:
    return absent.get(symbol, NOT_MEASURED)
