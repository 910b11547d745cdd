"""Legs measured one after another, each put away when its numbers are there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.cohort.leg_week import LegWeek
from napari_bonemet.morphometry.measure import MeasureOptions, measure_series
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import seen_in_every_week

__all__ = ["SeenWeeks", "measure_leg", "measure_legs", "seen_weeks"]


@dataclass(frozen=True, eq=False)
class SeenWeeks:
    """The weeks of a leg as they are measured.

    Parameters
    ----------
    series : ScanSeries
        Registered weeks in the box that every one of them saw; others as they are.
    options : MeasureOptions
        The same options, a given growth plate counted in that box.
    note : str
        Which slices were left; empty where all were.
    """

    series: ScanSeries
    options: MeasureOptions
    note: str


def seen_weeks(series: ScanSeries, options: MeasureOptions) -> SeenWeeks:
    """What of the weeks is measured: a registered week is zero where its scanner saw nothing, and that is no bone lost.

    Raises
    ------
    InputError
        When there is nothing that every week saw.
    """
    seen = series
    if series.on_one_grid and len(series) > 1:
        seen = seen_in_every_week(series, options.compartments.bone_threshold)
    first, depth = round(series.baseline.grid.to_index(seen.baseline.origin)[0]), series.baseline.shape[0]
    last = first + seen.baseline.shape[0] - 1
    whole = last - first + 1 == depth
    note = "" if whole else f"measured in slices {first} to {last} of {depth}, which every week saw"
    return SeenWeeks(seen, _counted_from(options, first), note)


def measure_leg(series: ScanSeries, options: MeasureOptions, progress: Progress = NO_PROGRESS) -> tuple[LegWeek, ...]:
    """Measure the weeks of one leg and keep the numbers; of registered weeks, in what every one of them saw.

    Raises
    ------
    InputError
        When a week is not greys, shows no bone, or is not known.
    """
    seen = seen_weeks(series, options)
    found = [LegWeek.of(one) for one in measure_series(seen.series, options=seen.options, progress=progress)]
    return tuple(replace(one, notes=(*one.notes, seen.note)) if seen.note else one for one in found)


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
