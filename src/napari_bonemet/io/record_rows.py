"""The rows of medical records: whose each is, and of which week."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from napari_bonemet.errors import InputError
from napari_bonemet.io.names import parts_of_name
from napari_bonemet.io.record_cells import animal_key, is_summary, side_of, week_of
from napari_bonemet.io.record_columns import Column, Role, one_line
from napari_bonemet.io.record_weeks import weeks_by_date
from napari_bonemet.io.sheet_cells import Cell, Sheet
from napari_bonemet.scan import Side

_PART = "tibia"
_NAMED = 5
_LONGEST_NAME, _MOST_WORDS = 30, 3


@dataclass(frozen=True)
class Row:
    """Whose a row of the records is.

    Parameters
    ----------
    index : int
        In the sheet, from 0.
    animal : str
        As it is written.
    side : {"left", "right"}, optional
        None for both legs.
    week : float, optional
        Weeks since inoculation; None for all weeks.
    """

    index: int
    animal: str
    side: Side | None = None
    week: float | None = None

    @property
    def key(self) -> tuple[str, Side | None, float | None]:
        """What no two rows may share."""
        return animal_key(self.animal), self.side, self.week


def read_rows(sheet: Sheet, first: int, chosen: Mapping[Role, Column]) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Whose each row is, from the row `first` on, and what was passed over.

    Raises
    ------
    InputError
        When a side or week cannot be read, or two rows that differ are of one animal, side and week.
    """
    notes: list[str] = []
    indices = list(_rows_of_animals(sheet, first, chosen, notes))
    rows = [_row(sheet, index, animal, chosen) for index, animal in indices]
    if "week" not in chosen and "day" not in chosen and all(row.week is None for row in rows):
        weeks, note = weeks_by_date(sheet, rows, chosen)
        rows = [Row(row.index, row.animal, row.side, week) for row, week in zip(rows, weeks, strict=True)]
        notes += [note] if note else []
    return tuple(_without_doubles(sheet, rows, chosen, notes)), tuple(notes)


def _rows_of_animals(
    sheet: Sheet, first: int, chosen: Mapping[Role, Column], notes: list[str]
) -> Iterator[tuple[int, Cell]]:
    """Each row with its animal; one left blank is that of the row above, as where merged cells were exported."""
    own = chosen["animal"].index
    joined = [chosen[role].index for role in ("side", "week", "day", "date") if role in chosen]
    above: Cell = None
    passed, filled = [], []
    for index in range(first, len(sheet.rows)):
        row = sheet.rows[index]
        animal = row[own]
        if not any(map(one_line, row)):
            continue
        if not one_line(animal) and one_line(above) and any(one_line(row[number]) for number in joined):
            animal = above
            filled.append(index + 1)
        alone = not any(one_line(cell) for number, cell in enumerate(row) if number != own)
        if not one_line(animal) or is_summary(animal) or (alone and _is_remark(animal)):
            passed.append(index + 1)
            above = None
            continue
        above = animal
        if _is_tibia(row, chosen):
            yield index, animal
    if filled:
        notes.append(f"{sheet.path.name}: {_rows(filled)} without an animal: taken for the one above")
    if passed:
        notes.append(f"{sheet.path.name}: {_rows(passed)} without an animal: passed over")


def _is_remark(animal: Cell) -> bool:
    """Whether what stands alone in a row is a remark rather than an animal of which nothing is known yet."""
    text = one_line(animal)
    return len(text) > _LONGEST_NAME or len(text.split()) > _MOST_WORDS or text[0] in "*†‡"


def _is_tibia(row: tuple[Cell, ...], chosen: Mapping[Role, Column]) -> bool:
    """Whether a row is of the tibia, or of no bone by name; tables may have rows of other bones, too."""
    if "part" not in chosen:
        return True
    said = one_line(row[chosen["part"].index])
    return parts_of_name(said).part in (_PART, None)


def _row(sheet: Sheet, index: int, animal: Cell, chosen: Mapping[Role, Column]) -> Row:
    row = sheet.rows[index]
    side: Side | None = None
    week = None
    name = str(int(animal)) if isinstance(animal, float) and animal.is_integer() else one_line(animal)
    if "side" in chosen:
        side, known = side_of(row[chosen["side"].index])
        if not known:
            raise InputError(
                f"{sheet.line(index)}: the side is not known",
                expected="left, right, L, R or both",
                found=one_line(row[chosen["side"].index]),
            )
    for role in ("week", "day"):
        if week is None and role in chosen:
            week = _week(sheet, index, row[chosen[role].index], days=role == "day")
    stated = parts_of_name(name)
    if side is None and "side" not in chosen and stated.side and stated.subject:
        side, name = stated.side, stated.subject
    if week is None and not {"week", "day"} & set(chosen) and stated.week is not None and stated.subject:
        week, name = stated.week, stated.subject
    return Row(index, name, side, week)


def _week(sheet: Sheet, index: int, cell: Cell, *, days: bool) -> float | None:
    week = week_of(cell, days=days)
    if week is None and one_line(cell):
        raise InputError(
            f"{sheet.line(index)}: the {'day' if days else 'week'} cannot be read",
            expected="a number, week 3, W3, day 21 or baseline",
            found=one_line(cell),
        )
    return week


def _without_doubles(sheet: Sheet, rows: list[Row], chosen: Mapping[Role, Column], notes: list[str]) -> Iterator[Row]:
    seen: dict[tuple[str, Side | None, float | None], Row] = {}
    again = []
    for row in rows:
        first = seen.setdefault(row.key, row)
        if first is row:
            yield row
        elif [one_line(c) for c in sheet.rows[row.index]] == [one_line(c) for c in sheet.rows[first.index]]:
            again.append(row.index + 1)
        else:
            raise _twice(sheet, first, row, chosen)
    if again:
        notes.append(f"{sheet.path.name}: {_rows(again)}: an earlier row, word by word; passed over")


def _twice(sheet: Sheet, first: Row, second: Row, chosen: Mapping[Role, Column]) -> InputError:
    side = f" {first.side}" if first.side else ""
    week = f", week {first.week:g}" if first.week is not None else ""
    missing = [name for name in ("side", "week") if name not in chosen and getattr(first, name) is None]
    missing = [name for name in missing if not (name == "week" and "day" in chosen)]
    remedy = "Keep one of them"
    if missing:
        remedy = f"Keep one of them, or add a column that tells them apart ({' or '.join(missing)})"
    return InputError(
        f"{sheet.path.name} has two rows of {first.animal}{side}{week} that differ",
        found=_rows([first.index + 1, second.index + 1]),
        remedy=remedy,
    )


def _rows(numbers: list[int]) -> str:
    more = "" if len(numbers) <= _NAMED else f" and {len(numbers) - _NAMED} more"
    return f"row{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers[:_NAMED]))}{more}"
