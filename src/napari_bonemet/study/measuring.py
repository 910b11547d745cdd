"""A cohort measured: every leg and week, its medical records, and the comparisons of weeks and groups."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from napari_bonemet.io.record_match import Scanned, match_scans
from napari_bonemet.io.records import Records
from napari_bonemet.morphometry.cohort.groups import UNKNOWN, groups_of
from napari_bonemet.morphometry.cohort.statistics import Comparison, StatisticsOptions, compare_weeks
from napari_bonemet.morphometry.cohort.weekly import Leg, LegWeek, WeeklyTable, weekly_table
from napari_bonemet.morphometry.result import ScanMeasures

__all__ = ["CohortMeasures", "Joined", "compare_cohort", "join_records"]

_NAMED = 4


@dataclass(frozen=True, eq=False)
class Joined:
    """What the medical records say of some legs.

    Parameters
    ----------
    records : Records or None
        None where there are none.
    groups : mapping of Leg to str
        What each leg is compared as.
    notes : tuple of str
        What did not fit.
    """

    records: Records | None = None
    groups: Mapping[Leg, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class CohortMeasures:
    """What came of a cohort.

    Parameters
    ----------
    table : WeeklyTable
        Each leg and week, with its group.
    comparisons : tuple of Comparison
        Weeks with the baseline, groups with each other.
    records : Records or None
        The medical records.
    notes : tuple of str
        What the reader has to know.
    refused : mapping of str to str
        Legs that could not be measured, with the reason.
    """

    table: WeeklyTable
    comparisons: tuple[Comparison, ...]
    records: Records | None = None
    notes: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def absent(self) -> Mapping[str, Mapping[str, int]]:
        """What could not be measured: by symbol the reasons, and in how many scans each."""
        found: dict[str, dict[str, int]] = {}
        for row in self.table.rows:
            for symbol, reason in row.absent.items():
                reasons = found.setdefault(symbol, {})
                reasons[reason] = reasons.get(reason, 0) + 1
        return found

    def absent_in_words(self) -> Iterator[str]:
        """The same as sentences, symbols of one reason together."""
        symbols: dict[tuple[str, int], list[str]] = {}
        for symbol, reasons in self.absent.items():
            for reason, count in reasons.items():
                symbols.setdefault((reason, count), []).append(symbol)
        scans = len(self.table.rows)
        for (reason, count), names in symbols.items():
            where = "" if count == scans else f" in {count} of {scans} scans"
            yield f"{', '.join(names)} not measured{where}: {reason}"


def join_records(scans: Sequence[Scanned], records: Records | None, by: str | None = None) -> Joined:
    """Find the rows of each scan and the group of each leg; before measuring, so that a wrong file is told at once.

    Parameters
    ----------
    scans : sequence of Scan, LegWeek, or what else knows animal, side, part and week
        All weeks of all legs.
    by : str, optional
        As :func:`~napari_bonemet.morphometry.cohort.groups.groups_of` takes it.

    Raises
    ------
    InputError
        When the records have no row of any animal, leg or week, or the groups cannot be told.
    """
    if records is None:
        return Joined()
    match = match_scans(records, scans)
    legs = list(dict.fromkeys((scan.subject or "unnamed", scan.side, scan.part) for scan in scans))
    groups = groups_of(records, legs, by)
    lost = sorted({leg[0] for leg, group in groups.items() if group == UNKNOWN})
    notes = [f"{', '.join(lost)}: no group is known, and the group is called {UNKNOWN!r}"] if lost else []
    return Joined(records, groups, (*records.notes, *match.notes, *notes))


def compare_cohort(
    measured: Sequence[ScanMeasures | LegWeek],
    joined: Joined | None = None,
    *,
    options: StatisticsOptions | None = None,
    baseline: float | None = None,
    refused: Mapping[str, str] | None = None,
) -> CohortMeasures:
    """Put measures in a table, and compare weeks and groups.

    Parameters
    ----------
    measured : sequence of ScanMeasures or LegWeek
        Of all legs and weeks.
    joined : Joined, optional
        From :func:`join_records`.
    baseline : float, optional
        The week that changes are counted from; the earliest of all when None.
    refused : mapping of str to str, optional
        Legs that could not be measured.

    Raises
    ------
    InputError
        When there is nothing to put in a table, or no leg has the baseline.
    """
    joined = joined or Joined()
    table = weekly_table(measured, joined.groups, baseline=baseline)
    late = [row.name for row in table.rows if table.row(row.leg, table.baseline) is None]
    notes = [*joined.notes]
    if late:
        legs = ", ".join(dict.fromkeys(late))
        notes.append(f"{legs}: no scan of week {table.baseline:g}, hence no change since then")
    notes += _notes_of(table)
    if fixed := [measure.symbol for measure in table.measures if _never_changes(table, measure.symbol)]:
        notes.append(
            f"{', '.join(fixed)}: the same in all weeks of each leg, as it is where registered weeks are measured in "
            "the baseline's compartments"
        )
    return CohortMeasures(
        table,
        compare_weeks(table, options),
        joined.records,
        tuple(dict.fromkeys(notes)),
        dict(refused or {}),
    )


def _never_changes(table: WeeklyTable, symbol: str) -> bool:
    changes = [table.change(row.leg, row.week, symbol) for row in table.rows]
    return any(change is not None for change in changes) and not any(changes)


def _notes_of(table: WeeklyTable) -> Iterator[str]:
    """Each note once, with the legs it is about, and the weeks where it is not about all of them."""
    about: dict[str, dict[str, list[float]]] = {}
    for row in table.rows:
        for note in row.notes:
            about.setdefault(note, {}).setdefault(row.name, []).append(row.week)
    weeks = {row.name: sum(other.name == row.name for other in table.rows) for row in table.rows}
    for note, legs in about.items():
        whole = all(len(found) == weeks[name] for name, found in legs.items())
        names = [_with_weeks(name, found, weeks[name]) for name, found in legs.items()]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        who = "all legs" if whole and len(legs) == len(weeks) > 1 else "; ".join(names[:_NAMED]) + more
        yield f"{who}: {note}"


def _with_weeks(name: str, found: Sequence[float], count: int) -> str:
    if len(found) == count > 1:
        return name
    return f"{name}, week{'s' if len(found) > 1 else ''} {', '.join(f'{week:g}' for week in found)}"
