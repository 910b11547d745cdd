"""A network's calibration: what its samples say of animals that it did not learn from, held to what came."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from napari_bonemet.forecast.calibration import Calibration, CalibrationOptions
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.forecast.network import NetworkForecaster
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries

# Fewer animals than this say little of animals beyond them.
FEWEST_ANIMALS = 4


def calibrated_on(
    model: NetworkForecaster,
    legs: Sequence[ScanSeries],
    *,
    samples: int = 16,
    seed: int = 0,
    progress: Progress = NO_PROGRESS,
) -> NetworkForecaster:
    """The same network with a calibration learned from how it forecasts the last week of each leg.

    A network that draws one future has nothing to be calibrated and comes back as it is, and so does any network
    where there are fewer than FEWEST_ANIMALS animals.

    Parameters
    ----------
    legs : sequence of ScanSeries
        Legs of animals that it was not trained on, with the weeks that it looks at.
    samples : int
        Futures of each leg.

    Raises
    ------
    InputError
        When it cannot forecast a leg.
    Cancelled
        When the user asked to stop.
    """
    animals = {leg.baseline.subject for leg in legs}
    if model.deterministic or samples < 2 or len(animals) < FEWEST_ANIMALS:
        return model

    def forecasts() -> Iterator[Forecast]:
        for number, leg in enumerate(legs):
            part = PartOf(progress, number / len(legs), (number + 1) / len(legs))
            part.message(f"{leg.leg}: how far off its futures are")
            yield model.predict(leg.until(leg.weeks[-1]), leg.weeks[-1], samples=samples, seed=seed, progress=part)

    calibration = Calibration.fit(
        forecasts(),
        (leg[-1] for leg in legs),
        (leg[-2] for leg in legs),
        options=CalibrationOptions(bone_threshold=model.options.bone_threshold),
    )
    return replace(model, calibration=calibration)
