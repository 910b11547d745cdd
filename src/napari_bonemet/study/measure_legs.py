"""Legs measured one after another, each put away when its numbers are there."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.leg_week import LegWeek
from napari_bonemet.morphometry.measure import MeasureOptions, measure_series
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import seen_in_every_week

__all__ = ["measure_leg", "measure_legs"]


def measure_leg(series: ScanSeries, options: MeasureOptions, progress: Progress = NO_PROGRESS) -> tuple[LegWeek, ...]:
    """Measure the weeks of one leg and keep the numbers; of registered weeks, in what every one of them saw.

    A registered week is zero where its scanner saw nothing, and that is no bone lost.

    Raises
    ------
    InputError
        When a week is not greys, shows no bone, or is not known.
    """
    seen = series
    if series.on_one_grid and len(series) > 1:
        seen = seen_in_every_week(series, options.compartments.bone_threshold)
    first = round(series.baseline.grid.to_index(seen.baseline.origin)[0])
    left = series.baseline.shape[0] - seen.baseline.shape[0]
    found = [LegWeek.of(one) for one in measure_series(seen, options=_counted_from(options, first), progress=progress)]
    if not left:
        return tuple(found)
    last = first + seen.baseline.shape[0] - 1
    note = f"measured in slices {first} to {last} of {series.baseline.shape[0]}, which every week saw"
    return tuple(replace(one, notes=(*one.notes, note)) for one in found)


def _counted_from(options: MeasureOptions, first: int) -> MeasureOptions:
    """The options for a scan whose slice `first` became slice 0."""
    plate = options.compartments.growth_plate
    if plate is None or not first:
        return options
    return replace(options, compartments=replace(options.compartments, growth_plate=plate - first))


def measure_legs(
    legs: Sequence[ScanSeries],
    *,
    options: MeasureOptions,
    refuse: Callable[[str, InputError], None],
    progress: Progress = NO_PROGRESS,
) -> tuple[LegWeek, ...]:
    """Measure leg after leg; of each only the numbers are kept, so that a cohort needs the memory of one leg.

    Parameters
    ----------
    refuse : callable
        Told of a leg that cannot be measured, with the reason; the others are measured all the same.
    """
    found: list[LegWeek] = []
    for number, leg in enumerate(legs):
        progress.message(f"{leg.leg}: measuring ({number + 1} of {len(legs)})")
        part = PartOf(progress, number / len(legs), (number + 1) / len(legs))
        try:
            found += measure_leg(leg, options, part)
        except InputError as error:
            refuse(leg.leg, error)
    return tuple(found)
