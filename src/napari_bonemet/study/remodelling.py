"""Remodelling and lesions of one leg: what ``napari-bonemet remodel`` writes and the Measures dock shows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Annotated, Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.change.lesion_history import LesionHistory, follow_lesions
from napari_bonemet.morphometry.change.lesion_result import LESION_FIGURES
from napari_bonemet.morphometry.change.lesions import LesionOptions, Lesions, find_lesions
from napari_bonemet.morphometry.change.remodelling import Remodelling, RemodellingOptions, measure_remodelling
from napari_bonemet.morphometry.masks.compartments import CompartmentOptions, Compartments, find_compartments
from napari_bonemet.options import Doc, Options
from napari_bonemet.processing.composite import compose_weeks, make_composite
from napari_bonemet.processing.composite_result import CompositeOptions, CompositeResult
from napari_bonemet.processing.growth_plate import find_growth_plate
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

__all__ = ["LESION_COLUMNS", "LegRemodelling", "RemodelOptions", "remodel_leg"]

_WHO = ("leg", "animal", "side", "part")
# The head of a table without lesions.
LESION_COLUMNS = (*_WHO, "lesion", "week", "first week", *LESION_FIGURES, "growth (mm³/week)", "event", "fate")


@dataclass(frozen=True)
class RemodelOptions(Options):
    """Which weeks are compared, and how."""

    pairs: Annotated[
        Literal["all", "baseline", "consecutive"],
        Doc("Weeks whose remodelling is told: every two; each with the baseline; each with the one before."),
    ] = "all"
    compartments: Annotated[CompartmentOptions, Doc("How cortex and medullary space are told apart.")] = field(
        default_factory=CompartmentOptions
    )
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
    compartments : Compartments or None
        Of the baseline; None where none were found.
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
    compartments: Compartments | None
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

    def as_record(self) -> dict[str, Json]:
        """What was measured, and how, as plain JSON values."""
        weeks = [
            {"week": week, **found.as_row(), "pieces left out": found.left_out, "rule": found.rule}
            for week, found in self.lesions
        ]
        return {
            "synthetic": self.series.synthetic,
            "weeks": list(self.series.weeks),
            "noise_rule": self.composites[-1][1].rule,
            "remodelling": [item.as_record() for item in self.remodelling],
            "lesion_weeks": weeks,
            "lesions": self.history.as_record(),
            "notes": list(self.notes),
        }

    def lesion_rows(self) -> list[dict[str, object]]:
        """One row per lesion and week."""
        scan = self.series.baseline
        who = dict(zip(_WHO, (self.series.leg, scan.subject, scan.side, scan.part), strict=True))
        return [who | row | {"synthetic": self.series.synthetic} for row in self.history.rows()]


def remodel_leg(
    series: ScanSeries,
    *,
    options: RemodelOptions | None = None,
    compartments: Compartments | None = None,
    progress: Progress = NO_PROGRESS,
) -> LegRemodelling:
    """Remodelling between the weeks of a registered leg, and its lesions, followed through the weeks.

    Parameters
    ----------
    series : ScanSeries
        Registered greys: at least two weeks on one grid; missing weeks are longer gaps.
    options : RemodelOptions, optional
        The defaults when None.
    compartments : Compartments, optional
        Of the baseline (painted ones, say); found there when None. Where none are found, a note says why: nothing is
        split by compartment or surface then, no perforation is found, and what goes where no lesion is is not taken
        off the lesions' volumes.

    Returns
    -------
    LegRemodelling

    Raises
    ------
    InputError
        When there is one week alone, the weeks lie on different grids, one shows no bone, or the compartments are of
        another grid.
    Cancelled
        When the user asked to stop.
    """
    options = options or RemodelOptions()
    if len(series) < 2:
        raise InputError(f"Remodelling needs two weeks of {series.leg}", found=f"week {series.weeks[0]:g} alone")
    series.require_one_grid("Remodelling")
    baseline = series.baseline.in_memory(PartOf(progress, 0.0, 0.05))
    series = ScanSeries((baseline, *series.scans[1:]))
    parts, notes = compartments, compartments.notes if compartments is not None else ()
    if parts is None:
        parts, notes = _compartments(baseline, options, PartOf(progress, 0.05, 0.2))
    composites = compose_weeks(series, options=options.composite, progress=PartOf(progress, 0.2, 0.5))
    plate_um, more = _growth_plate(baseline, parts, options.composite.bone_threshold)
    labels = None if parts is None else parts.labels
    finder = _Finder(labels, plate_um, options.lesions)
    found = finder.weeks(series, composites, PartOf(progress, 0.5, 0.75))
    history = follow_lesions(found, baseline_week=series.weeks[0])
    told = _remodelling(series, dict(composites), labels, options, PartOf(progress, 0.75, 1.0))
    progress.advance(1.0)
    return LegRemodelling(series, parts, composites, told, found, history, (*notes, *more))


def _compartments(
    baseline: Scan, options: RemodelOptions, progress: Progress
) -> tuple[Compartments | None, tuple[str, ...]]:
    progress.message(f"{baseline.title}: compartments")
    try:
        found = find_compartments(baseline, options=options.compartments, progress=progress)
    except InputError as error:
        return None, (f"no compartments, so nothing is split by them, and no perforation is found: {error}",)
    return found, found.notes


def _growth_plate(
    baseline: Scan, compartments: Compartments | None, threshold: float
) -> tuple[float | None, tuple[str, ...]]:
    # Its depth z, micrometres.
    if compartments is not None and compartments.growth_plate is not None:
        return baseline.grid.to_um((compartments.growth_plate, 0, 0))[0], ()
    plate = find_growth_plate(baseline.voxels, threshold)
    if plate is None:
        return None, ("no growth plate is seen: positions of lesions count from the first slice",)
    return baseline.grid.to_um((plate.slice_index, 0, 0))[0], ()


@dataclass(frozen=True, eq=False)
class _Finder:
    """Looks for lesions, week by week."""

    labels: np.ndarray | None
    plate_um: float | None
    options: LesionOptions

    def weeks(
        self, series: ScanSeries, composites: Sequence[tuple[float, CompositeResult]], progress: Progress
    ) -> tuple[tuple[float, Lesions], ...]:
        """The lesions of each later week."""
        made = []
        for number, (week, result) in enumerate(composites):
            part = PartOf(progress, number / len(composites), (number + 1) / len(composites))
            part.message(f"{series.leg}, week {week:g}: looking for lesions")
            weeks = (series.baseline, series.at_week(week).in_memory())
            found = find_lesions(
                result,
                self.labels,
                weeks=weeks,
                growth_plate_um=self.plate_um,
                options=self.options,
                progress=part,
            )
            made.append((week, found))
            progress.check()
        return tuple(made)


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
