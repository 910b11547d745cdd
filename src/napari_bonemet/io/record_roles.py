"""Which column of medical records is which, where several could be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from napari_bonemet.errors import InputError
from napari_bonemet.io.record_cells import side_of, week_of
from napari_bonemet.io.record_columns import Column, Role, named_column, one_line, plain
from napari_bonemet.io.sheet_cells import Cell, Sheet

# Side and week may stand in a column of another meaning ("Leg": 871L; "Time": 10:35): only if it reads as one.
_JOINING: tuple[Role, ...] = ("animal", "side", "week", "day")


@dataclass(frozen=True)
class RecordColumns:
    """Headers of the columns that join records and scans, where they cannot be told; None tells by itself."""

    animal: str | None = None
    side: str | None = None
    week: str | None = None


def choose(sheet: Sheet, columns: Sequence[Column], first: int, named: RecordColumns) -> Mapping[Role, Column]:
    """The column of each role; of several, the likeliest by its header.

    Raises
    ------
    InputError
        When two are as likely and their cells differ, or a named one is not there.
    """
    chosen: dict[Role, Column] = {}
    for role in get_args(Role):
        name = getattr(named, role, None)
        if name is not None:
            chosen[role] = named_column(tuple(columns), name, sheet.path)
        elif found := _likeliest(sheet, [c for c in columns if c.role == role], first, role):
            chosen[role] = found
    if named.week is not None:
        chosen = {role: column for role, column in chosen.items() if role not in ("day", "date")}
        if chosen["week"].role == "day":
            chosen["day"] = chosen.pop("week")
    return chosen


def _likeliest(sheet: Sheet, columns: list[Column], first: int, role: Role) -> Column | None:
    cells = {column.index: [row[column.index] for row in sheet.rows[first:]] for column in columns}
    filled = [column for column in columns if any(map(one_line, cells[column.index]))]
    # An empty column says no week, and hides no date that does; of other roles it is still there.
    columns = filled or ([] if role in ("side", "week", "day", "date") else columns)
    columns = [column for column in columns if _fits(role, cells[column.index])]
    if not columns:
        return None
    best = min(column.rank for column in columns)
    alike = [column for column in columns if column.rank == best]
    for other in alike[1:]:
        if role in _JOINING and _read(cells[other.index]) != _read(cells[alike[0].index]):
            raise InputError(
                f"Two columns of {sheet.path} could be the {role}",
                found=f"{alike[0].header!r} and {other.header!r}, which differ",
                remedy=f"Say which one: --{'week' if role == 'day' else role}-column NAME",
            )
    return alike[0]


def _read(cells: Sequence[Cell]) -> list[str]:
    return [plain(one_line(cell)) for cell in cells]


def _fits(role: Role, cells: Sequence[Cell]) -> bool:
    """Whether most of a column can be read as what its header says it may be."""
    texts = [cell for cell in cells if one_line(cell)]
    if role == "side":
        return 2 * sum(side_of(cell)[1] for cell in texts) >= len(texts)
    if role in ("week", "day"):
        return 2 * sum(week_of(cell) is not None for cell in texts) >= len(texts)
    return True
