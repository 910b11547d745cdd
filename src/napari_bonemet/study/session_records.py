"""What a session holds of results: how they were made, read from their histories."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.composite_result import CompositeOptions, CompositeResult
from napari_bonemet.processing.register.result import RegistrationOptions, RegistrationResult
from napari_bonemet.processing.roi import RoiOptions, RoiResult
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.session import Composed, Cropped, LegSource, Registered, WeekSource, kind_of

__all__ = ["composed_of", "cropped_of", "file_hash", "registered_of", "source_of"]

_CHUNK = 2**22


def source_of(series: ScanSeries, folder: str | None) -> LegSource:
    """Where the weeks of a leg come from: `folder`, or the synthetic animal that their histories name."""
    first = series.baseline
    weeks = tuple(WeekSource(week, scan.grid) for week, scan in zip(series.weeks, series, strict=True))
    steps = [step.name for step in first.history]
    sample = None
    if folder is None and steps in (["synthetic"], ["synthetic", "synthetic registration"]):
        sample = _animal(first)
    return LegSource(series.leg, kind_of(first.kind), weeks, folder, sample, registered=len(steps) > 1)


def _animal(scan: Scan) -> LegOptions | None:
    record = {k: v for k, v in scan.history[0].parameters.items() if k not in ("week", "generator")}
    try:
        return LegOptions.from_record(record)
    except InputError:
        return None  # a hindlimb, or the animal of another version


def _step(scan: Scan, name: str) -> Step:
    return next(step for step in reversed(scan.history) if step.name == name)


def registered_of(result: RegistrationResult) -> Registered:
    """A registration as its transforms and options."""
    steps = [_step(scan, "register") for scan in result.series]
    return Registered(
        options=RegistrationOptions.from_record(dict(steps[0].parameters)),
        grid=result.series.baseline.grid,
        weeks=result.series.weeks,
        transforms=result.transforms,
        quality=result.quality,
        onto=tuple(step.sources[0] if step.sources else None for step in steps),
        mirrored=result.mirrored,
    )


def cropped_of(roi: RoiResult) -> Cropped:
    """A region of interest as its options, with the slice that was found."""
    record = dict(_step(roi.series.baseline, "region of interest").parameters)
    record.pop("last_slice", None)
    return Cropped(RoiOptions.from_record(record), roi.landmark, roi.landmark_slice, roi.confidence, roi.reason)


def composed_of(composites: Mapping[float, CompositeResult], series: ScanSeries) -> tuple[Composed, ...]:
    """Composites of `series` as their weeks and options."""
    titles = {scan.title: week for week, scan in zip(series.weeks, series, strict=True)}
    made = []
    for later, result in sorted(composites.items()):
        step = _step(result.scan, "composite")
        record = {name: value for name, value in step.parameters.items() if name != "rule"}
        baseline = titles.get(step.sources[0].name, series.weeks[0])
        made.append(Composed(baseline, later, CompositeOptions.from_record(record)))
    return tuple(made)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
