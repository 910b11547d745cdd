"""What a session says was made, made again beside the screen; what cannot be is named, and the rest comes back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.io.registry import can_read, read_scan
from napari_bonemet.processing.composite import CompositeResult
from napari_bonemet.processing.register import RegistrationResult
from napari_bonemet.processing.roi import RoiResult
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.session import Diagnosed, Forecasted, Session
from napari_bonemet.study.session_arrays import unpack
from napari_bonemet.study.session_file import OutsideError, place_in
from napari_bonemet.study.session_layers import FileLayer, LabelsLayer
from napari_bonemet.study.session_records import file_hash
from napari_bonemet.study.session_replay import composed_again, cropped_again, open_leg, registered_again
from napari_bonemet.widgets.desk import Leg
from napari_bonemet.widgets.diagnosis.run import DiagnosisOptions, run_diagnosis
from napari_bonemet.widgets.diagnosis.said import LegDiagnosis
from napari_bonemet.widgets.futures_run import FutureOptions, FutureRun, draw_futures
from napari_bonemet.widgets.measures_layers import COMPARTMENTS
from napari_bonemet.widgets.measures_lesion_run import LegLesions, find_in
from napari_bonemet.widgets.measures_run import LegMeasures, measure_painted, measure_weeks, painted_baseline

__all__ = ["Rebuilt", "rebuild"]

MadeT = TypeVar("MadeT")
_ON_ONE_GRID = (Kind.REGIST, Kind.ROI)


@dataclass(eq=False)
class Rebuilt:
    """A session's results, made again.

    Parameters
    ----------
    session : Session
        What was asked for.
    path : Path
        Its file.
    outside : bool
        Whether it may name places outside its folder.
    led_out : bool
        Whether it did, and might not.
    notes : list of str
        What is other than it was, and what to do.
    leg_missing : bool
        Whether the scans are not where they were.
    files : dict of int to Scan
        Place of a layer to the scan that the user had opened.
    asked : dict
        Options by step, as :attr:`Desk.asked`.
    """

    session: Session
    path: Path
    outside: bool = True
    led_out: bool = False
    notes: list[str] = field(default_factory=list)
    leg_missing: bool = False
    leg: Leg | None = None
    series: ScanSeries | None = None
    registration: RegistrationResult | None = None
    roi: RoiResult | None = None
    composites: dict[float, CompositeResult] = field(default_factory=dict)
    forecast: FutureRun | None = None
    measures: LegMeasures | None = None
    lesions: LegLesions | None = None
    diagnoses: LegDiagnosis | None = None
    files: dict[int, Scan] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)

    @property
    def working(self) -> ScanSeries | None:
        """As :attr:`Desk.working`."""
        if self.roi is not None:
            return self.roi.series
        if self.registration is not None:
            return self.registration.series
        series = self.series
        ready = series is not None and series.on_one_grid and all(scan.kind in _ON_ONE_GRID for scan in series)
        return series if ready else None

    @property
    def shown(self) -> ScanSeries | None:
        """As :attr:`Desk.shown`."""
        return self.working or self.series


def rebuild(
    session: Session,
    path: Path,
    *,
    folder: Path | None = None,
    outside: bool = True,
    progress: Progress = NO_PROGRESS,
) -> Rebuilt:
    """Open the leg of a session, and do its steps again; an error in one leaves out what hangs on it.

    Registered weeks are laid by the transforms of the session, composites and measures are made again, a forecast is
    drawn again by the same model from the same seed.

    Parameters
    ----------
    folder : Path, optional
        Where the scans lie now.
    outside : bool
        Whether places outside the session's folder are followed.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    made = Rebuilt(session, path, outside)
    _open_files(made)
    if session.source is not None:
        _open(made, folder, PartOf(progress, 0.0, 0.2))
    if made.series is not None:
        _steps(made, PartOf(progress, 0.2, 1.0))
    progress.advance(1.0)
    return made


def _attempt(made: Rebuilt, what: str, work: Callable[[], MadeT]) -> MadeT | None:
    try:
        return work()
    except BoneMetError as error:
        made.led_out = made.led_out or isinstance(error, OutsideError)
        made.notes.append(f"{what} could not be brought back: {error}")
        return None


def _open(made: Rebuilt, folder: Path | None, progress: Progress) -> None:
    source = made.session.source
    if source is None:
        return
    if source.sample is None and source.folder is None and folder is None:
        made.leg_missing = True
        made.notes.append(
            f"{source.leg} lay in no folder when the session was saved. Give the folder that holds it (Locate folder…)."
        )
        return
    progress.message(f"opening {source.leg}")
    found = _attempt(
        made, source.leg, lambda: open_leg(source, made.path, folder=folder, outside=made.outside, progress=progress)
    )
    made.leg_missing = found is None
    if found is not None:
        made.series, files, place, notes = found
        made.leg = Leg(files=files, folder=place) if files is not None else Leg(series=made.series)
        made.notes += notes


def _steps(made: Rebuilt, progress: Progress) -> None:
    session, series = made.session, made.series
    todo: list[tuple[str, Any, Callable[[Progress], None]]] = [
        ("The registration", session.registration, lambda part: _register(made, part)),
        ("The region of interest", session.roi, lambda part: _crop(made, part)),
        ("The composites", session.composites, lambda part: _compose(made, part)),
        ("The forecast", session.forecast, lambda part: _forecast(made, part)),
        ("The diagnosis", session.diagnosis, lambda part: _diagnose(made, part)),
        ("The measures", session.measures, lambda part: _measure(made, part)),
        ("The lesions", session.lesions, lambda part: _find_lesions(made, part)),
    ]
    todo = [one for one in todo if one[1]]
    for number, (what, _, work) in enumerate(todo):
        part = PartOf(progress, number / len(todo), (number + 1) / len(todo))
        if _lost_ground(made):
            made.notes.append(f"{what} hangs on what could not be brought back, and was left out.")
            continue
        part.message(f"{series.leg if series else ''}: {what.lower()}")
        _attempt(made, what, lambda work=work, part=part: work(part))  # type: ignore[misc]


def _lost_ground(made: Rebuilt) -> bool:
    """Whether a step that the others stand on was tried and failed."""
    tried = " could not be brought back"
    return any(note.startswith((f"The registration{tried}", f"The region of interest{tried}")) for note in made.notes)


def _register(made: Rebuilt, progress: Progress) -> None:
    if made.series is not None and made.session.registration is not None:
        made.registration, notes = registered_again(made.series, made.session.registration, progress=progress)
        made.notes += notes


def _weeks(made: Rebuilt) -> ScanSeries:
    if made.working is None:
        raise InputError("The weeks do not lie on one grid", remedy="Register them")
    return made.working


def _crop(made: Rebuilt, progress: Progress) -> None:
    if made.session.roi is not None:
        made.roi = cropped_again(_weeks(made), made.session.roi, progress=progress)


def _compose(made: Rebuilt, progress: Progress) -> None:
    made.composites = composed_again(_weeks(made), made.session.composites, progress=progress)


def _checkpoint(made: Rebuilt, step: Forecasted | Diagnosed) -> Path | None:
    if step.checkpoint is None:
        return None
    path = place_in(step.checkpoint, made.path, outside=made.outside)
    if not path.is_file():
        raise InputError(f"The model {path} is no longer there", remedy="Put it back, and open the session again")
    if step.checkpoint_sha256 is not None and file_hash(path) != step.checkpoint_sha256:
        raise InputError(
            f"The model {path} is not the one that was used",
            expected=f"SHA-256 {step.checkpoint_sha256[:12]}…",
            remedy="Put the old one back, or run the step anew with this one",
        )
    return path


def _forecast(made: Rebuilt, progress: Progress) -> None:
    step = made.session.forecast
    if step is None:
        return
    options = FutureOptions(
        model=step.model,  # type: ignore[arg-type]
        checkpoint=_checkpoint(made, step),
        samples=step.samples,
        seed=step.seed,
        device=step.device,
        perceptual=step.perceptual,
    )
    made.forecast = draw_futures(_weeks(made), step.week, options, progress)
    made.asked["forecast"] = options


def _diagnose(made: Rebuilt, progress: Progress) -> None:
    step, series = made.session.diagnosis, made.shown
    if step is None or series is None:
        return
    options = DiagnosisOptions(checkpoint=_checkpoint(made, step), network=step.network, device=step.device)
    forecast = made.forecast.forecast if step.with_forecast and made.forecast is not None else None
    folder = made.leg.folder if made.leg is not None else None
    made.diagnoses = run_diagnosis(series, options, week=step.week, forecast=forecast, folder=folder, progress=progress)
    made.asked["diagnosis"] = (options, step.week, forecast is not None)


def _measure(made: Rebuilt, progress: Progress) -> None:
    step, series = made.session.measures, made.shown
    if step is None or series is None:
        return
    made.measures = measure_weeks(series, step.options, PartOf(progress, 0.0, 0.7))
    painted = _painted(made, made.measures)
    if painted:
        made.measures = measure_painted(made.measures, painted, made.measures.options, PartOf(progress, 0.7, 1.0))


def _painted(made: Rebuilt, measures: LegMeasures) -> dict[float, np.ndarray]:
    """The compartments that were painted, of the weeks that were measured as painted."""
    step, found = made.session.measures, {}
    for layer in made.session.layers:
        ours = layer.made if isinstance(layer, LabelsLayer) else None
        if isinstance(layer, LabelsLayer) and ours is not None and COMPARTMENTS in ours.what and ours.week is not None:
            week = measures.by_week.get(ours.week)
            fits = week is not None and week.labels is not None and week.labels.shape == layer.labels.shape
            if step is not None and ours.week in step.painted and fits:
                found[ours.week] = unpack(layer.labels)
    if measures.shared and found:
        return dict.fromkeys(measures.by_week, next(iter(found.values())))
    return found


def _find_lesions(made: Rebuilt, progress: Progress) -> None:
    step = made.session.lesions
    if step is not None:
        labels = painted_baseline(made.measures, _weeks(made)) if step.painted else None
        made.lesions = find_in(_weeks(made), step.options, labels, progress)
        made.asked["lesions"] = (step.options, labels is not None)


def _open_files(made: Rebuilt) -> None:
    for number, layer in enumerate(made.session.layers):
        if isinstance(layer, FileLayer):
            scan = _attempt(made, f"The layer {layer.name!r}", lambda layer=layer: _read(layer, made))  # type: ignore[misc]
            if scan is not None:
                made.files[number] = scan


def _read(layer: FileLayer, made: Rebuilt) -> Scan:
    path = place_in(layer.path, made.path, outside=made.outside)
    if not path.exists():
        raise InputError(f"{path} is no longer there", remedy="Open it from where it lies now")
    if not can_read(path):
        raise InputError(f"{path} is no scan that a session opens", remedy="Open it by hand (File > Open)")
    return read_scan(path, spacing=1.0)
