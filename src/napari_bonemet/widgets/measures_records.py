"""Tables of other animals read for the Measures dock: medical records, and what `measure` writes of a cohort."""

from collections.abc import Iterator
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.io.record_cells import animal_key
from napari_bonemet.io.records import Records, read_records
from napari_bonemet.morphometry.cohort.groups import groups_of
from napari_bonemet.morphometry.cohort.record_measures import measure_columns
from napari_bonemet.morphometry.cohort.weekly import Leg
from napari_bonemet.widgets.measures_groups import CohortRow

__all__ = ["read_cohort"]

_PART = "tibia"
_NAMES = ("group", "tumour", "treatment")


def read_cohort(path: Path) -> tuple[tuple[CohortRow, ...], str]:
    """Read a table: its rows, and a sentence on what it holds.

    Raises
    ------
    InputError
        When it cannot be read, or has neither measures nor groups.
    """
    records = read_records(path)
    measures, notes = measure_columns(records.columns)
    groups, unclear = _groups(records)
    if not measures and not groups:
        raise InputError(
            f"{path.name} has neither measures nor groups of animals",
            expected="columns like BV/TV or Tb.Th, or of tumour, treatment or group",
            found=", ".join(column.header for column in records.columns[:8]),
        )
    rows = []
    for row in records.rows:
        found = ((symbol, records.number(row, held.column), held.factor) for symbol, held in measures.items())
        values = {symbol: value * factor for symbol, value, factor in found if value is not None}
        leg: Leg = (row.animal, row.side, _PART)
        mine = {name: by_leg[leg] for name, by_leg in groups.items()}
        rows.append(CohortRow(animal_key(row.animal), row.side, row.week, mine, values))
    return tuple(rows), " ".join([_said(records, len(measures), tuple(groups)), *notes, *unclear])


def _groups(records: Records) -> tuple[dict[str, dict[Leg, str]], list[str]]:
    legs: list[Leg] = list(dict.fromkeys((row.animal, row.side, _PART) for row in records.rows))
    groups, unclear = {}, []
    for name in _there(records):
        try:
            groups[name] = groups_of(records, legs, None if name == "group" else name)
        except InputError as error:
            unclear.append(str(error))
    return groups, unclear


def _there(records: Records) -> Iterator[str]:
    yield from (name for name in _NAMES if name in records.chosen)


def _said(records: Records, measures: int, groups: tuple[str, ...]) -> str:
    synthetic = ", synthetic" if _synthetic(records) else ""
    what = [f"{measures} measure{'' if measures == 1 else 's'}"] if measures else ["no measures"]
    what += [f"grouped by {' and '.join(groups)}"] if groups else []
    return f"{records.sheet.path.name}: {len(records.animals)} animals{synthetic}, {', '.join(what)}."


def _synthetic(records: Records) -> bool:
    column = next((column for column in records.columns if column.name.lower() == "synthetic"), None)
    return column is not None and any(records.text(row, column).lower() == "true" for row in records.rows)
