"""Several legs through the chain, one after the other; the ridge forecaster learns from the other animals."""

from collections.abc import Iterator, Sequence

from napari_bonemet.processing.registration_result import RegistrationResult
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import seen_in_every_week
from napari_bonemet.study.leg import LegStudy, register_leg, run_leg
from napari_bonemet.study.options import StudyOptions

_REGISTERED = 0.6


def run_legs(
    legs: Sequence[ScanSeries], *, options: StudyOptions | None = None, progress: Progress = NO_PROGRESS
) -> Iterator[LegStudy]:
    """Take each leg through :func:`napari_bonemet.study.leg.run_leg`, giving it back when it is done.

    With the ridge forecaster and several animals, all legs are registered first, and each is forecast by what
    was fitted to the other animals; the other leg of the same animal is never learned from.

    Parameters
    ----------
    legs : sequence of ScanSeries
        The weeks of each leg as scanned.
    options : StudyOptions, optional
        The defaults when None.

    Raises
    ------
    InputError
        When a step refuses its input.
    Cancelled
        When the user asked to stop.
    """
    options = options or StudyOptions()
    learns = options.forecaster == "ridge" and len({leg.baseline.subject for leg in legs}) > 1
    first = _REGISTERED if learns else 0.0
    ready = [
        register_leg(leg, options, _part(progress, i, len(legs), 0.0, first)) for i, leg in enumerate(legs) if learns
    ]
    for number, leg in enumerate(legs):
        part = _part(progress, number, len(legs), first, 1.0)
        train = _others(leg, legs, ready, options)
        registration = ready[number] if learns else None
        yield run_leg(leg, options=options, progress=part, train=train, registration=registration)


def _others(
    leg: ScanSeries,
    legs: Sequence[ScanSeries],
    ready: Sequence[RegistrationResult | None],
    options: StudyOptions,
) -> list[ScanSeries]:
    if not ready:
        return []
    pairs = [
        result.series if result else other
        for other, result in zip(legs, ready, strict=True)
        if other.baseline.subject != leg.baseline.subject
    ]
    return [seen_in_every_week(series, options.composite.bone_threshold) for series in pairs]


def _part(progress: Progress, number: int, count: int, start: float, stop: float) -> Progress:
    width = (stop - start) / count
    return PartOf(progress, start + number * width, start + (number + 1) * width)
