"""What the Measures dock runs beside the screen: the weeks of a leg measured, and what the canvas needs of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import box_around
from napari_bonemet.morphometry.density import calibration
from napari_bonemet.morphometry.masks.compartments import Compartments, compartments_from_labels
from napari_bonemet.morphometry.measure import MeasureOptions, measure_scan, measure_series
from napari_bonemet.morphometry.result import ScanMeasures
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.measure_legs import seen_weeks
from napari_bonemet.widgets.looks import prepare_labels

__all__ = [
    "LegMeasures",
    "measure_painted",
    "measure_weeks",
    "painted_baseline",
    "require_measurable",
    "what_is_measured",
]

NOT_YET = "Nothing to measure yet: open a leg in Weekly scans."
_STATE = {Kind.REGIST: "registered", Kind.ROI: "region of interest", Kind.SEG: "as separated, not registered"}
# The last few voxels of a map are noise at the end of its colours.
_TOP = 99.5
DENSITY = "density"


@dataclass(frozen=True, eq=False)
class LegMeasures:
    """The measures of a leg over its weeks.

    Parameters
    ----------
    weeks : tuple of ScanMeasures
        In order, each as it was measured: registered weeks in the box that all of them saw. The maps are cut to what
        they hold, and the labels are those on the canvas, painted or not.
    options : MeasureOptions
        How they were made; a given growth plate is counted in that box.
    painted : frozenset of float
        The weeks whose compartments the user painted.
    tops : mapping of str to tuple of float
        Lowest and highest value that the colours of a map show, one range for all weeks.
    """

    weeks: tuple[ScanMeasures, ...]
    options: MeasureOptions
    painted: frozenset[float] = frozenset()
    tops: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def by_week(self) -> dict[float, ScanMeasures]:
        """The measures by their week."""
        return {week.scan.week: week for week in self.weeks if week.scan.week is not None}

    @property
    def shared(self) -> bool:
        """Whether the weeks have one and the same compartments, so that painting those of one paints all."""
        first = self.weeks[0].labels
        return first is not None and all(w.labels is not None and w.labels.voxels is first.voxels for w in self.weeks)

    def limits_of(self, name: str) -> tuple[float, float]:
        """The ends of a map's colours."""
        return self.tops.get(name, (0.0, 1.0))


def what_is_measured(series: ScanSeries | None) -> str:
    """The leg, its state and its weeks in a sentence."""
    if series is None:
        return NOT_YET
    first = series.baseline
    state = _STATE.get(first.kind, "as scanned, not separated")
    synthetic = "synthetic, " if series.synthetic and "synthetic" not in series.leg.lower() else ""
    weeks = ", ".join(f"{week:g}" for week in series.weeks)
    size = " x ".join(f"{edge:g}" for edge in dict.fromkeys(first.spacing))
    return f"{series.leg}, {synthetic}{state}, {'weeks' if len(series) > 1 else 'week'} {weeks}. Voxels of {size} µm."


def require_measurable(series: ScanSeries | None) -> ScanSeries:
    """The weeks, where they are greys of one bone.

    Raises
    ------
    InputError
        When there are none, or they are composites, or a whole hindlimb.
    """
    if series is None:
        raise InputError("There is nothing to measure yet", remedy="Open a leg in Weekly scans first")
    if series.baseline.kind == Kind.COMPOSITE:
        raise InputError(
            f"{series.leg} holds composites, and bone is measured on greys",
            remedy="Open the registered weeks themselves",
        )
    if series.baseline.part == "hindlimb":
        raise InputError(f"{series.leg} is a whole hindlimb", expected="one bone", remedy="Separate the limbs first")
    return series


def measure_weeks(series: ScanSeries, options: MeasureOptions, progress: Progress = NO_PROGRESS) -> LegMeasures:
    """Measure every week with its maps; of registered weeks, in what every one of them saw.

    Raises
    ------
    InputError
        When a week cannot be measured; the week is named.
    """
    seen = seen_weeks(series, options)
    options = seen.options
    made = measure_series(seen.series, options=options, keep_maps=True, progress=PartOf(progress, 0.0, 0.95))
    progress.message("preparing the maps")
    weeks = tuple(_compact(week, scan, options) for week, scan in zip(made, seen.series, strict=True))
    if seen.note:
        weeks = tuple(replace(week, notes=(*week.notes, seen.note)) for week in weeks)
    prepare_labels()
    return LegMeasures(weeks, options, tops=_tops(weeks, options))


def measure_painted(
    before: LegMeasures,
    painted: Mapping[float, np.ndarray],
    options: MeasureOptions,
    progress: Progress = NO_PROGRESS,
) -> LegMeasures:
    """Measure again the weeks whose compartments the user painted; the others stay as they are.

    Parameters
    ----------
    before : LegMeasures
        What was measured.
    painted : mapping of float to ndarray, (z, y, x)
        Week to compartments: 0 outside, 1 cortex, 2 trabecular. Weeks may share them.
    options : MeasureOptions
        How.

    Raises
    ------
    InputError
        When nothing is painted, or labels that mean nothing.
    """
    again: dict[float | None, ScanMeasures] = {}
    known: dict[int, Compartments] = {}
    todo = [week for week in before.weeks if week.scan.week in painted]
    for number, week in enumerate(todo):
        progress.message(f"{week.scan.title}, painted compartments")
        part = PartOf(progress, number / len(todo), (number + 1) / len(todo))
        labels = painted[week.scan.week or 0.0]
        if id(labels) not in known:
            known[id(labels)] = compartments_from_labels(labels, week.scan, options=options.compartments)
        parts = known[id(labels)]
        made = measure_scan(week.scan, options=options, compartments=parts, keep_maps=True, progress=part)
        again[week.scan.week] = _compact(made, week.scan, options)
    weeks = tuple(again.get(week.scan.week, week) for week in before.weeks)
    return LegMeasures(weeks, options, before.painted | set(painted), _tops(weeks, options))


def painted_baseline(made: LegMeasures | None, series: ScanSeries) -> np.ndarray | None:
    """The compartments of the first week on the grid of `series`, (z, y, x), where they were painted; None else."""
    first = made.weeks[0] if made is not None else None
    if made is None or first is None or first.labels is None or series.weeks[0] not in made.painted:
        return None
    labels = np.zeros(series.baseline.shape, np.uint8)
    labels[series.baseline.grid.region_of(first.labels.grid)] = first.labels.to_numpy()
    return labels


def _compact(week: ScanMeasures, scan: Scan, options: MeasureOptions) -> ScanMeasures:
    """Maps cut to what they hold, since most of the field is zeros; the scan as it was given, lazy ones lazy again."""
    maps = {**week.maps, **_density_of(week, options)}
    cut = {name: found for name, whole in maps.items() if (found := _cut(whole)) is not None}
    return replace(week, maps=cut, scan=scan)


def _density_of(week: ScanMeasures, options: MeasureOptions) -> dict[str, Scan]:
    """The mineral density of each voxel of bone in the compartments, where the greys are calibrated."""
    line = calibration(options.density)
    if line is None or week.labels is None:
        return {}
    greys = week.scan.to_numpy()
    bone = (greys > options.compartments.bone_threshold) & (week.labels.to_numpy() > 0)
    density = np.where(bone, np.float32(line.slope) * greys.astype(np.float32) + np.float32(line.intercept), 0)
    return {DENSITY: week.scan.with_voxels(density, step=Step(DENSITY, options.density.as_record()))}


def _cut(whole: Scan) -> Scan | None:
    voxels = whole.to_numpy()
    if not voxels.any():
        return None
    cut = whole.crop(box_around(voxels))
    # Not a view, which would keep the whole.
    return replace(cut, voxels=np.array(cut.voxels))


def _tops(weeks: Iterable[ScanMeasures], options: MeasureOptions) -> dict[str, tuple[float, float]]:
    tops: dict[str, float] = {}
    for week in weeks:
        for name, scan in week.maps.items():
            voxels = scan.to_numpy()
            tops[name] = max(tops.get(name, 0.0), float(np.percentile(voxels[voxels != 0], _TOP)))
    line = calibration(options.density)
    least = {DENSITY: line.density(options.compartments.bone_threshold)} if line is not None else {}
    return {name: (least.get(name, 0.0), top) for name, top in tops.items()}
