"""What the reader of a result has to know, in sentences."""

from collections.abc import Iterator

from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.processing.register.result import RegistrationResult
from napari_bonemet.processing.roi import RoiResult
from napari_bonemet.series import ScanSeries


def about_spacing(series: ScanSeries) -> Iterator[str]:
    """Weeks of different voxel sizes are registered in micrometres; this says so."""
    sizes = {" x ".join(f"{size:g}" for size in scan.spacing) for scan in series}
    if len(sizes) > 1:
        yield (
            f"{series.leg}: the weeks have different voxel sizes ({', '.join(sorted(sizes))} µm); "
            f"they were registered in micrometres and put on the grid of {series.baseline.title}"
        )


def about_registration(registration: RegistrationResult | None) -> Iterator[str]:
    """Weeks whose registration is not good, with the reason."""
    if registration is None:
        return
    for quality in registration.quality:
        if quality.verdict != "good":
            yield f"{registration.series.leg}, week {quality.week:g}: {quality.verdict}, {quality.reason}"


def about_roi(scanned: ScanSeries, roi: RoiResult) -> str:
    """Where the region of interest lies, and how sure that is."""
    return (
        f"{scanned.leg}: slices {roi.first_slice} to {roi.last_slice}, below the {roi.landmark} "
        f"(confidence {roi.confidence:.2f}): {roi.reason}"
    )


def about_leg(
    scanned: ScanSeries,
    common: ScanSeries,
    *,
    registration: RegistrationResult | None,
    roi: RoiResult | None,
    forecast: Forecast | None,
    scores: ForecastScores | None,
    perceptual: bool = True,
) -> tuple[str, ...]:
    """All that the reader of one leg's results has to know."""
    notes = [*(about_spacing(scanned) if registration else ()), *about_registration(registration)]
    if scanned.synthetic:
        notes.append(f"{scanned.leg}: synthetic data")
    if roi is not None:
        notes.append(about_roi(scanned, roi))
    if registration is not None and common.baseline.shape != (roi or registration).series.baseline.shape:
        size = " x ".join(str(n) for n in common.baseline.shape)
        notes.append(f"{scanned.leg}: forecast, scores and figure use the {size} voxels that every week saw")
    if forecast is None:
        notes.append(f"{scanned.leg}: one week alone, nothing to forecast from")
    elif forecast.note:
        notes.append(f"{scanned.leg}: {forecast.note}")
    if perceptual and scores is not None and scores.lpips is None:
        notes.append(f"{scanned.leg}: {scores.lpips_note}")
    return tuple(notes)
