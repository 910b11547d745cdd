"""Layouts by name: which volumes are shown side by side, as they suit what lies on the desk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from napari_bonemet.widgets.compare.items import PREDICTED, SPREAD, Item
from napari_bonemet.widgets.compare.recipes import BEFORE, COMPOSITES

__all__ = ["OWN", "Layout", "layouts_for"]

OWN = "My own choice"
# Cells of more samples would be stamps.
MOST_SAMPLES = 14


@dataclass(frozen=True)
class Layout:
    """What stands in the cells.

    Parameters
    ----------
    name : str
        What the list calls it.
    keys : tuple of str
        Of the items, in the order of the list.
    difference : bool
        Whether the difference of the two volumes is the last cell.
    columns : int
        Cells in a row; -1 leaves it to napari.
    """

    name: str
    keys: tuple[str, ...] = ()
    difference: bool = False
    columns: int = -1


def layouts_for(items: Sequence[Item], week: float | None = None) -> tuple[Layout, ...]:
    """The layouts that `items` fill, the usual one first, the user's own choice last.

    Parameters
    ----------
    items : sequence of Item
        What can be shown.
    week : float, optional
        The week on the desk, which before and after registration are shown of.
    """
    return (*_usual(items), *_forecast(items), *_registration(items, week), Layout(OWN))


def _usual(items: Sequence[Item]) -> Iterator[Layout]:
    weeks = tuple(item.key for item in items if item.is_week)
    if not weeks:
        return
    if not any(item.key == PREDICTED for item in items):
        yield Layout("All weeks", weeks, difference=len(weeks) > 1)
        return
    usual = tuple(item.key for item in items if item.usual)
    yield Layout("Seen, true, predicted, difference", usual, difference=True)
    yield Layout(
        "All weeks and the predicted one", (*weeks, PREDICTED), columns=len(weeks) + 1 if len(weeks) < 4 else -1
    )


def _forecast(items: Sequence[Item]) -> Iterator[Layout]:
    keys = {item.key for item in items}
    if PREDICTED not in keys:
        return
    seen = [item.key for item in items if item.is_last_seen]
    true = [item.key for item in items if item.is_true]
    if SPREAD in keys:
        yield Layout("Observed, true, predicted, spread", (*seen, *true, PREDICTED, SPREAD), columns=2)
    samples = [item.key for item in items if item.one_of_many][:MOST_SAMPLES]
    if samples:
        yield Layout(f"{len(samples)} samples", (*true, PREDICTED, *samples))
    composites = tuple(key for key in COMPOSITES if key in keys)
    if composites:
        yield Layout("Composites, predicted and true", composites, columns=2)


def _registration(items: Sequence[Item], week: float | None) -> Iterator[Layout]:
    before = {item.key: item for item in items if item.key.startswith(BEFORE)}
    if not before:
        return
    wanted = f"{BEFORE} {week:g}" if week is not None else ""
    key = wanted if wanted in before else list(before)[-1]
    after = f"week {before[key].scan.week:g}"
    baseline = next((item.key for item in items if item.is_week), after)
    yield Layout(f"Before and after registration, {after}", (baseline, key, after), columns=3)
