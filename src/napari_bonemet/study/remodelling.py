"""Remodelling and lesions of one leg: what ``napari-bonemet remodel`` writes and the Measures dock shows."""

from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Annotated, Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.lesion_history import LesionHistory, follow_lesions
from napari_bonemet.morphometry.lesions import LesionOptions, Lesions, find_lesions
from napari_bonemet.morphometry.remodelling import Remodelling, RemodellingOptions, measure_remodelling
from napari_bonemet.options import Doc, Options
from napari_bonemet.processing.composite import compose_weeks, make_composite
from napari_bonemet.processing.composite_result import CompositeOptions, CompositeResult
from napari_bonemet.processing.growth_plate import find_growth_plate
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

__all__ = ["LegRemodelling", "RemodelOptions", "remodel_leg"]


@dataclass(frozen=True)
class RemodelOptions(Options):
    """Which weeks are compared, and how."""

    pairs: Annotated[
        Literal["all", "baseline", "consecutive"],
        Doc("Weeks whose remodelling is told: every two; each with the baseline; each with the one before."),
    ] = "all"
    composite: Annotated[CompositeOptions, Doc("How change is told from noise.")] = field(
        default_factory=CompositeOptions
    )
    remodelling: Annotated[RemodellingOptions, Doc("How surfaces are told apart.")] = field(
        default_factory=RemodellingOptions
    )
    lesions: Annotated[LesionOptions, Doc("What counts as a lesion.")] = field(default_factory=LesionOptions)


@dataclass(frozen=True, eq=False)
class LegRemodelling:
    """What became of one leg.

    Parameters
    ----------
    series : ScanSeries
        The weeks, registered.
    composites : tuple of (week, CompositeResult)
        Each later week over the earliest.
    remodelling : tuple of Remodelling
        Between the pairs of weeks that were asked for.
    lesions : tuple of (week, Lesions)
        Since the earliest week; each week's own numbers.
    history : LesionHistory
        The same lesions with one identity through the weeks; its ``labels`` are the label scans to show and write,
        one per week.
    notes : tuple of str
        What to look at, in words.
    """

    series: ScanSeries
    composites: tuple[tuple[float, CompositeResult], ...]
    remodelling: tuple[Remodelling, ...]
    lesions: tuple[tuple[float, Lesions], ...]
    history: LesionHistory
    notes: tuple[str, ...]

    def remodelling_rows(self) -> list[dict[str, object]]:
        """One row per pair of weeks; where the earlier is the baseline, with its lesions summed up."""
        found = dict(self.lesions)
        first = self.series.weeks[0]
        rows = []
        for item in self.remodelling:
            since = found.get(item.week) if item.baseline_week == first and item.week is not None else None
            summary = {} if since is None else since.as_row()
            rows.append({"leg": self.series.leg, **item.as_row(), **summary})
        return rows

    def lesion_rows(self) -> list[dict[str, object]]:
        """One row per lesion and week."""
        scan = self.series.baseline
        who = {"leg": self.series.leg, "animal": scan.subject, "side": scan.side, "part": scan.part}
        return [who | row | {"synthetic": self.series.synthetic} for row in self.history.rows()]


def remodel_leg(
    series: ScanSeries,
    *,
    options: RemodelOptions | None = None,
    labels: np.ndarray | None = None,
    growth_plate_um: float | None = None,
    progress: Progress = NO_PROGRESS,
) -> LegRemodelling:
    """Remodelling between the weeks of a registered leg, and its lesions, followed through the weeks.

    Parameters
    ----------
    series : ScanSeries
        Registered greys: at least two weeks on one grid; missing weeks are longer gaps.
    options : RemodelOptions, optional
        The defaults when None.
    labels : ndarray of uint8, (z, y, x), optional
        Compartments of the baseline on that grid: 0 outside, 1 cortex, 2 trabecular, as
        ``find_compartments(series.baseline).labels``. Without them nothing is split by compartment or surface, no
        perforation is found, and what goes where no lesion is is not taken off the lesions' volumes.
    growth_plate_um : float, optional
        Depth z of the growth plate in the scans' coordinates; looked for in the baseline when None.

    Returns
    -------
    LegRemodelling

    Raises
    ------
    InputError
        When there is one week alone, the weeks lie on different grids, one shows no bone, or the labels do not fit.
    Cancelled
        When the user asked to stop.
    """
    options = options or RemodelOptions()
    if len(series) < 2:
        raise InputError(f"Remodelling needs two weeks of {series.leg}", found=f"week {series.weeks[0]:g} alone")
    series.require_one_grid("Remodelling")
    baseline = series.baseline.in_memory(PartOf(progress, 0.0, 0.05))
    series = ScanSeries((baseline, *series.scans[1:]))
    composites = compose_weeks(series, options=options.composite, progress=PartOf(progress, 0.05, 0.4))
    if growth_plate_um is None:
        growth_plate_um = _growth_plate_um(baseline, options.composite.bone_threshold)
    notes = () if growth_plate_um is not None else ("no growth plate was found: positions count from the first slice",)
    lesions = []
    for number, (week, result) in enumerate(composites):
        part = PartOf(progress, 0.4 + 0.3 * number / len(composites), 0.4 + 0.3 * (number + 1) / len(composites))
        part.message(f"{series.leg}, week {week:g}: looking for lesions")
        later = series.at_week(week).in_memory()
        found = find_lesions(
            result,
            labels,
            weeks=(baseline, later),
            growth_plate_um=growth_plate_um,
            options=options.lesions,
            progress=part,
        )
        lesions.append((week, found))
        progress.check()
    history = follow_lesions(lesions, baseline_week=series.weeks[0])
    told = _remodelling(series, dict(composites), labels, options, PartOf(progress, 0.7, 1.0))
    progress.advance(1.0)
    return LegRemodelling(series, composites, told, tuple(lesions), history, notes)


def _growth_plate_um(baseline: Scan, threshold: float) -> float | None:
    plate = find_growth_plate(baseline.voxels, threshold)
    return None if plate is None else baseline.grid.to_um((plate.slice_index, 0, 0))[0]


def _remodelling(
    series: ScanSeries,
    since_baseline: dict[float, CompositeResult],
    labels: np.ndarray | None,
    options: RemodelOptions,
    progress: Progress,
) -> tuple[Remodelling, ...]:
    told = []
    pairs = _pairs(series, options.pairs)
    for number, (earlier, later) in enumerate(pairs):
        part = PartOf(progress, number / len(pairs), (number + 1) / len(pairs))
        part.message(f"{series.leg}: remodelling from week {earlier.week:g} to week {later.week:g}")
        result = since_baseline.get(later.week or 0.0) if earlier is series.baseline else None
        if result is None:
            result = make_composite(earlier, later, options=options.composite, progress=PartOf(part, 0.0, 0.6))
        days = (later.day or 0.0) - (earlier.day or 0.0)
        told.append(measure_remodelling(result, labels, days, options=options.remodelling))
        progress.check()
    return tuple(told)


def _pairs(series: ScanSeries, which: str) -> list[tuple[Scan, Scan]]:
    if which == "baseline":
        return [(series.baseline, later) for later in series.scans[1:]]
    return list(pairwise(series.scans) if which == "consecutive" else combinations(series.scans, 2))
