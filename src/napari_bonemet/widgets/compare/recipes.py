"""Volumes that are made when a cell asks for them: weeks before their registration, and composites of a forecast."""

from collections.abc import Callable, Iterator, Sequence

from napari_bonemet.processing.composite import make_composite
from napari_bonemet.progress import Progress
from napari_bonemet.resample import resample
from napari_bonemet.scan import Scan
from napari_bonemet.widgets.compare.items import PREDICTED, Item
from napari_bonemet.widgets.desk import Desk

__all__ = ["BEFORE", "COMPOSITES", "recipes_on"]

BEFORE = "before"
Make = Callable[[Progress], Scan]
COMPOSITES = ("composite predicted", "composite true")


def recipes_on(desk: Desk, items: Sequence[Item]) -> tuple[Item, ...]:
    """What can be made of what lies on the desk, on the grid of `items`."""
    return (*_before(desk, items), *_composites(items))


def _before(desk: Desk, items: Sequence[Item]) -> Iterator[Item]:
    """Each week as it lay in the scanner, which registration moved onto the first."""
    if desk.registration is None or desk.series is None:
        return
    for item in items:
        week = item.scan.week
        if not item.is_week or week is None or week not in desk.series.weeks or week == desk.series.baseline.week:
            continue
        raw = desk.series.at_week(week)
        title = f"before, week {week:g}"
        yield Item(
            f"{BEFORE} {week:g}",
            f"week {week:g}, before registration",
            title,
            item.scan,
            usual=False,
            make=_as_it_lay(raw, item.scan),
        )


def _as_it_lay(raw: Scan, onto: Scan) -> Make:
    def make(progress: Progress) -> Scan:
        progress.message(f"{raw.title} as it lay")
        return resample(raw, onto.grid, interpolation="linear", progress=progress)

    return make


def _composites(items: Sequence[Item]) -> Iterator[Item]:
    """Bone kept, lost and formed since the first week, in the forecast and as it came."""
    weeks = [item for item in items if item.is_week]
    predicted = next((item for item in items if item.key == PREDICTED), None)
    true = next((item for item in items if item.is_true), None)
    if predicted is None or not weeks:
        return
    first = weeks[0]
    for key, later in zip(COMPOSITES, (predicted, true), strict=True):
        if later is not None and later is not first:
            whose = "true" if later.is_true else "predicted"
            span = f"{first.scan.week:g} to {predicted.scan.week:g}"
            title = f"{whose} composite, {span}"
            yield Item(
                key,
                f"{whose} composite, weeks {span}",
                title,
                first.scan,
                usual=False,
                make=_composed(first.scan, later.scan),
            )


def _composed(first: Scan, later: Scan) -> Make:
    def make(progress: Progress) -> Scan:
        progress.message("composing")
        return make_composite(first, later, progress=progress).scan

    return make
