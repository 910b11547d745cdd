"""Which panels a figure of one leg has, and in which rows."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from napari_bonemet.figures.content import Content
from napari_bonemet.figures.losses import Loss
from napari_bonemet.figures.panel import Panel, Row
from napari_bonemet.figures.slices import across

_WIDEST_ROW = 8
_MOST_IN_A_ROW = 7  # of a figure as wide as a journal's page


def rows_of_one(content: Content) -> list[Row]:
    """The overview of weeks, composite, a single forecast, truth and difference, as far as they are there."""
    index, week = content.losses.slices[0], ""
    panels = [*content.weeks("input"), *content.lost_and_formed()]
    if content.forecast is not None:
        week = f"week {content.forecast.week:g}"
        title = f"predicted, {content.forecast.model.replace('-', ' ')}"
        panels += content.mean(index, title=title, group=week, note=content.scored())
    if content.truth is not None:
        week = f"week {content.truth.week:g}"
        panels += content.true_week(index, title="true scan", group=week)
        panels += content.difference(title="difference", group=week)
    return flow(panels, content.options.columns or _WIDEST_ROW, index)


def rows_of_several(content: Content) -> list[Row]:
    """The overview with samples: what was scanned above, what was predicted below."""
    index = content.losses.slices[0]
    assert content.forecast is not None  # noqa: S101  there are samples; this is for the type checker
    true_week, lost = f"true week {content.forecast.week:g}", _in_mm3(content, content.losses.true)
    scanned = [
        *content.weeks("weeks seen"),
        *content.true_week(index, title="true scan", group=true_week, note=lost),
        *content.lost_and_formed(grouped=True),
        *content.difference(title="mean − true", group="difference"),
    ]
    every = f"all {len(content.forecast.samples)} samples"
    predicted = [
        *samples_of(content, index),
        *content.mean(index, title="mean", group=every, note=_in_mm3(content, content.losses.mean)),
        *content.probability(title="probability of bone", group=every),
        *content.spread(group=every),
    ]
    if columns := content.options.columns:
        return [*flow(scanned, columns, index), *flow(predicted, columns, index)]
    return [*even(scanned, _MOST_IN_A_ROW, index), *even(predicted, _MOST_IN_A_ROW, index)]


def rows_of_futures(content: Content) -> list[Row]:
    """One row for each slice: weeks, truth, samples and the share of them that are bone (figure 4 of the paper)."""
    slices = content.losses.slices
    return [_row_of_futures(content, n, top=n == slices[0], bottom=n == slices[-1]) for n in slices]


def _row_of_futures(content: Content, index: int, *, top: bool, bottom: bool) -> Row:
    forecast = content.forecast
    panels = [*content.weeks("weeks seen")]
    if content.truth is not None:
        note = _in_mm3(content, content.losses.true, "") if bottom and content.several else ""
        panels += content.true_week(index, title="true", group=f"week {content.truth.week:g}", note=note)
    if forecast is not None and content.several:
        samples = samples_of(content, index, lost="")
        panels += samples if bottom else [replace(panel, note="") for panel in samples]
        panels += content.probability(title="bone share", group=f"all {len(forecast.samples)}", bar=bottom)
        panels += content.spread(group=f"all {len(forecast.samples)}", bar=bottom)
    elif forecast is not None:
        panels += content.mean(index, title=forecast.model.replace("-", " "), group="predicted")
    if not top:
        panels = [replace(panel, title="", group="") for panel in panels]
    scan, axis = content.seen.baseline, across(content.options.plane)
    place = (scan.origin[axis] + index * scan.spacing[axis]) / 1000
    return Row(tuple(panels), index, f"slice {index}, {place:.2f} mm")


def samples_of(content: Content, index: int, *, lost: str = " lost") -> Iterator[Panel]:
    """The samples shown, each with the bone that it lost below it."""
    shown, drawn = content.losses.shown, len(content.losses.samples)
    group = f"{len(shown)} of {drawn} samples, {'from least to most bone lost' if len(shown) > 1 else 'the median'}"
    for one in shown:
        note = _in_mm3(content, content.losses.samples[one.index], lost)
        yield replace(content.sample(one, index, group=group), note=note)


def _in_mm3(content: Content, loss: Loss | None, lost: str = " lost") -> str:
    """A loss with as many decimals as give the largest one three digits."""
    if loss is None:
        return ""
    most = max(sample.mm3 for sample in content.losses.samples)
    decimals = 2 - math.floor(math.log10(most)) if most > 0 else 0
    return f"{loss.mm3:.{min(6, max(0, decimals))}f} mm³{lost}"


def flow(panels: Sequence[Panel], most: int, index: int) -> list[Row]:
    """Full rows of `most` panels, the last one with what is left."""
    return [Row(tuple(panels[n : n + most]), index) for n in range(0, len(panels), most)]


def even(panels: Sequence[Panel], most: int, index: int) -> list[Row]:
    """As few rows as `most` panels in a row allow, all about as long."""
    count = -(-len(panels) // most)
    ends = [round(len(panels) * n / count) for n in range(count + 1)]
    return [Row(tuple(panels[a:b]), index) for a, b in pairwise(ends)]
