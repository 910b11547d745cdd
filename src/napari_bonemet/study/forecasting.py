"""Which forecaster, and what it is fitted on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.copying import CopyLastWeek
from napari_bonemet.forecast.forecaster import Forecaster
from napari_bonemet.forecast.patches import find_week, input_weeks, windows
from napari_bonemet.forecast.registry import make_forecaster
from napari_bonemet.forecast.ridge import RidgeForecaster, RidgeOptions
from napari_bonemet.forecast.shipped import SHIPPED_FORECASTERS
from napari_bonemet.geometry import Triple
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.phantom.sample import training_legs
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.device import choose_device
from napari_bonemet.study.options import StudyOptions

_SYNTHETIC_LEGS = 4
_FIELD_UM = 3000.0
_SLICES = 48


def forecaster_for(
    seen: ScanSeries,
    week: float,
    options: StudyOptions,
    train: Sequence[ScanSeries] = (),
    progress: Progress = NO_PROGRESS,
) -> tuple[Forecaster, str]:
    """The forecaster asked for, fitted where it learns, and what it was fitted on in words.

    Parameters
    ----------
    seen : ScanSeries
        The weeks that the forecast may look at.
    week : float
        The week to be forecast.
    options : StudyOptions
        Which forecaster, and how it is fitted.
    train : sequence of ScanSeries
        Other legs, each on one grid. A scan of the leg itself among them is an error; those without a run of
        weeks to learn from are passed over.

    Raises
    ------
    InputError
        When there is nothing to fit to, the leg is among those it is trained on, or a network did not come with
        the installation.
    """
    network = trained_network(options)
    if network is not None:
        return network, ""
    if options.forecaster == "copy-last-week":
        progress.advance(1.0)
        return CopyLastWeek(options.composite.bone_threshold), ""
    if any(leg.leg == seen.leg for leg in train):
        raise InputError(
            f"{seen.leg} cannot be forecast by what was trained on it", remedy="Leave it out of the training legs"
        )
    ridge = _within_reach(options.ridge, seen, week)
    train = [leg for leg in train if windows(leg, ridge.weeks_seen, ridge.gap_weeks)]
    if train:
        words = f"fitted to {len(train)} other leg{'s' if len(train) > 1 else ''}"
        return RidgeForecaster.fit(train, options=ridge, progress=progress), words
    try:
        model = RidgeForecaster.fit_within(seen, week, options=ridge, progress=progress)
    except InputError:
        return _fit_on_synthetic(ridge, seen, options.seed, progress)
    return model, f"fitted to this leg's own {len(seen)} earlier weeks"


def trained_network(options: StudyOptions) -> Forecaster | None:
    """The network asked for, on the device asked for; None where what is asked for is no network.

    Raises
    ------
    InputError
        When its checkpoint did not come with the installation, or the device is not there.
    """
    if options.forecaster not in SHIPPED_FORECASTERS:
        return None
    network: Any = make_forecaster(options.forecaster)
    moved: Forecaster = network.on(choose_device(options.device))
    return moved


def _within_reach(ridge: RidgeOptions, seen: ScanSeries, week: float) -> RidgeOptions:
    """The same options, looking at no more weeks than there are in even steps before `week`."""
    for count in range(ridge.weeks_seen, 1, -1):
        if all(find_week(seen, wanted) for wanted in input_weeks(week, count, ridge.gap_weeks)):
            return replace(ridge, weeks_seen=count)
    return replace(ridge, weeks_seen=1)


def _fit_on_synthetic(
    ridge: RidgeOptions, seen: ScanSeries, seed: int, progress: Progress
) -> tuple[RidgeForecaster, str]:
    if ridge.gap_weeks != round(ridge.gap_weeks):
        raise InputError(
            f"There are too few weeks of {seen.leg} to fit a forecaster to, and synthetic legs come in whole weeks",
            remedy="Give other legs to train on, or forecast by copying the last week",
        )
    weeks = tuple(range(0, int(ridge.gap_weeks) * (ridge.weeks_seen + 1), int(ridge.gap_weeks)))
    progress.message(f"{seen.leg}: fitting the forecaster to synthetic legs")
    made = _synthetic_legs(seen.baseline.spacing, weeks, seed, PartOf(progress, 0.0, 0.7))
    model = RidgeForecaster.fit(made, options=ridge, progress=PartOf(progress, 0.7, 1.0))
    return model, f"fitted to {len(made)} synthetic legs, as this leg has too few earlier weeks of its own"


def _synthetic_legs(spacing: Triple, weeks: tuple[int, ...], seed: int, progress: Progress) -> tuple[ScanSeries, ...]:
    side = max(16, round(_FIELD_UM / spacing[1]))
    sampling = LegOptions(shape=(_SLICES, side, side), spacing_um=spacing[1], weeks=weeks)
    return training_legs(_SYNTHETIC_LEGS, seed, options=sampling, progress=progress)
