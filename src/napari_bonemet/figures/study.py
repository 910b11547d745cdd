"""The figure of one leg: its weeks, the bone lost and formed, the forecast beside the true week, the difference."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure

from napari_bonemet.figures.arrows import Arrow, point_at
from napari_bonemet.figures.montage import montage
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.panel import Panel
from napari_bonemet.figures.record import record_of_montage
from napari_bonemet.figures.slices import across
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.io.composite_codes import LOST
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.processing.composite import CompositeResult
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries


@dataclass(frozen=True, eq=False)
class StudyFigure:
    """A figure and how it was made.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        To be saved with :func:`napari_bonemet.figures.export.save_figure`, or shown.
    record : dict
        Plain JSON values: options, panels, arrows, the sources' fingerprints and histories.
    """

    figure: Figure
    record: dict[str, Json]


@dataclass(frozen=True, eq=False)
class _Losses:
    """Bone newly lost since the last seen week, in the truth and in the forecast; None where there is none to ask."""

    true: np.ndarray | None
    predicted: np.ndarray | None


def study_figure(
    registered: ScanSeries,
    composite: CompositeResult | None = None,
    forecast: Forecast | None = None,
    truth: Scan | None = None,
    *,
    scores: ForecastScores | None = None,
    options: MontageOptions | None = None,
) -> StudyFigure:
    """Draw the weeks, the composite, the forecast, the true week and the signed difference of one slice.

    Drawn like figures 1, 2 and 5 of Xiong et al.: blue arrows point at bone lost since the last seen week in
    the true scan, and at the forecast's losses that touch it; red arrows at losses in the forecast that are not
    there in truth. Losses thinner than ``2 * lesion_opening + 1`` voxels are surface noise.

    Parameters
    ----------
    registered : ScanSeries
        The weeks on one grid. Those before the forecast's week are shown; all of them without a forecast.
    composite : CompositeResult, optional
        Bone lost, kept and formed between two of the weeks.
    forecast : Forecast, optional
        Its mean is shown, and with several samples the probability of bone.
    truth : Scan, optional
        The true scan of the forecast's week.
    scores : ForecastScores, optional
        Written below the forecast.
    options : MontageOptions, optional
        The defaults when None; without a slice, the one with the most newly lost bone is shown.

    Returns
    -------
    StudyFigure

    Raises
    ------
    InputError
        When the weeks are not on one grid, or the slice asked for is not there.
    """
    options = options or MontageOptions()
    registered.require_one_grid("A figure")
    seen = registered if forecast is None else registered.until(forecast.week)
    losses = _losses(seen[-1], forecast, truth, options)
    if options.slice_index is None:
        options = replace(options, slice_index=_telling_slice(registered, composite, losses, options))
    panels = (*_past(seen, composite), *_future(forecast, truth, scores, losses, options))
    title = (
        f"{registered.leg}, micro-CT" if forecast is None else f"{registered.leg}, forecast of week {forecast.week:g}"
    )
    return StudyFigure(montage(panels, title=title, options=options), record_of_montage(panels, title, options))


def _losses(last: Scan, forecast: Forecast | None, truth: Scan | None, options: MontageOptions) -> _Losses:
    before = last.to_numpy() > options.bone_threshold

    def lost(scan: Scan | None) -> np.ndarray | None:
        if scan is None:
            return None
        return newly_lost_bone(scan.to_numpy() > options.bone_threshold, before, opening=options.lesion_opening)

    return _Losses(lost(truth), lost(forecast.mean if forecast else None))


def _telling_slice(
    registered: ScanSeries, composite: CompositeResult | None, losses: _Losses, options: MontageOptions
) -> int:
    """The slice with the most newly lost bone in truth, else the composite, else the forecast, else the middle."""
    axis = across(options.plane)
    others = tuple(a for a in range(3) if a != axis)
    in_composite = None if composite is None else composite.scan.to_numpy() == LOST
    for mask in (losses.true, in_composite, losses.predicted):
        if mask is not None and mask.any():
            return int(np.argmax(mask.sum(axis=others)))
    return registered.baseline.shape[axis] // 2


def _past(seen: ScanSeries, composite: CompositeResult | None) -> Iterator[Panel]:
    for scan in seen:
        yield Panel(scan, f"week {scan.week:g}", group="input")
    if composite is None:
        return
    weeks = f"weeks {seen.weeks[0]:g} to {composite.scan.week:g}" if composite.scan.week is not None else ""
    volumes = composite.volumes
    note = f"lost {volumes.resorbed_mm3:.3g}, formed {volumes.formed_mm3:.3g} mm³"
    yield Panel(composite.scan, f"composite, {weeks}".rstrip(", "), kind="composite", note=note)


def _future(
    forecast: Forecast | None,
    truth: Scan | None,
    scores: ForecastScores | None,
    losses: _Losses,
    options: MontageOptions,
) -> Iterator[Panel]:
    if forecast is not None:
        yield from _predicted(forecast, scores, losses, options)
    if truth is None:
        return
    group = f"week {truth.week:g}"
    yield Panel(truth, "true scan", group=group, arrows=_arrows(losses.true, None, truth, options))
    if forecast is not None:
        yield Panel(_difference(forecast.mean, truth), "difference", kind="difference", group=group)


def _predicted(
    forecast: Forecast, scores: ForecastScores | None, losses: _Losses, options: MontageOptions
) -> Iterator[Panel]:
    group = f"week {forecast.week:g}"
    title = f"predicted, {forecast.model.replace('-', ' ')}"
    note = f"PSNR {scores.psnr:.1f} dB, mean SSIM {scores.ssim:.3f}" if scores else ""
    # Whether a predicted loss is right or wrong can only be told where the true week is there.
    arrows = () if losses.true is None else _arrows(losses.predicted, losses.true, forecast.mean, options)
    yield Panel(forecast.mean, title, group=group, note=note, arrows=arrows)
    if len(forecast.samples) > 1:
        label = f"share of {len(forecast.samples)} samples"
        yield Panel(forecast.bone_probability, "probability of bone", kind="probability", group=group, label=label)


def _arrows(mask: np.ndarray | None, hits: np.ndarray | None, scan: Scan, options: MontageOptions) -> tuple[Arrow, ...]:
    if mask is None or options.slice_index is None:
        return ()
    return point_at(
        mask,
        scan.grid,
        options.plane,
        options.slice_index,
        count=options.arrow_count,
        least_pixels=options.arrow_least_pixels,
        hits=hits,
    )


def _difference(predicted: Scan, truth: Scan) -> Scan:
    signed = predicted.to_numpy().astype(np.float32) - truth.to_numpy().astype(np.float32)
    return predicted.with_voxels(signed, step=Step("predicted minus true"), kind=Kind.UNCERTAINTY)
