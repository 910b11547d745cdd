"""Several legs through the chain, one after the other; the ridge forecaster learns from the other animals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from napari_bonemet.errors import InputError
from napari_bonemet.processing.register.result import RegistrationResult
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import seen_in_every_week
from napari_bonemet.study.leg import LegStudy, register_leg, run_leg
from napari_bonemet.study.options import StudyOptions

_REGISTERED = 0.6


def run_legs(
    legs: Sequence[ScanSeries],
    *,
    options: StudyOptions | None = None,
    progress: Progress = NO_PROGRESS,
    refused: Callable[[str, InputError], None] | None = None,
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
    refused : callable, optional
        Told of a leg whose input a step refused, by its name and the reason; the other legs go on.

    Raises
    ------
    InputError
        When a step refuses its input and there is no `refused`.
    Cancelled
        When the user asked to stop.
    """
    options = options or StudyOptions()
    learns = options.forecaster == "ridge" and len({leg.baseline.subject for leg in legs}) > 1
    first = _REGISTERED if learns else 0.0
    ready: dict[str, RegistrationResult | None] = {}
    for number, leg in enumerate(legs if learns else ()):
        with _telling(refused, leg):
            ready[leg.leg] = register_leg(leg, options, _part(progress, number, len(legs), 0.0, first))
    for number, leg in enumerate(legs):
        if learns and leg.leg not in ready:
            continue
        part = _part(progress, number, len(legs), first, 1.0)
        study = None
        with _telling(refused, leg):
            train = _others(leg, [other for other in legs if other.leg in ready], ready, options)
            study = run_leg(leg, options=options, progress=part, train=train, registration=ready.get(leg.leg))
        if study is not None:
            yield study


@contextmanager
def _telling(refused: Callable[[str, InputError], None] | None, leg: ScanSeries) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        if refused is None:
            raise
        refused(leg.leg, error)


def _others(
    leg: ScanSeries,
    legs: Sequence[ScanSeries],
    ready: Mapping[str, RegistrationResult | None],
    options: StudyOptions,
) -> list[ScanSeries]:
    registered = [
        result.series if (result := ready[other.leg]) else other
        for other in legs
        if other.baseline.subject != leg.baseline.subject
    ]
    return [seen_in_every_week(series, options.composite.bone_threshold) for series in registered]


def _part(progress: Progress, number: int, count: int, start: float, stop: float) -> Progress:
    width = (stop - start) / count
    return PartOf(progress, start + number * width, start + (number + 1) * width)
