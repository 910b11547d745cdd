"""Calibration after training: how far off a forecaster truly is, learned from animals that it was not trained on.

Samples of a network are too alike: they know nothing of the scanner's noise and of what registration leaves, and too
little of what they cannot foresee. A calibration keeps their mean and says anew how far from it the truth may be
(:mod:`~napari_bonemet.forecast.calibration_variance`), how likely bone is to go
(:mod:`~napari_bonemet.forecast.calibration_probability`), how likely a lesion is to come and how much bone is lost
(:mod:`~napari_bonemet.forecast.calibration_lesions`). It is a few dozen numbers, kept in the checkpoint's header
with the evidence that it works on animals that it was not fitted to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.calibrated import CalibratedForecast, calibrated
from napari_bonemet.forecast.calibration_evidence import cross_validate
from napari_bonemet.forecast.calibration_lesions import LesionModel, LostBoneModel
from napari_bonemet.forecast.calibration_options import CalibrationOptions
from napari_bonemet.forecast.calibration_probability import ProbabilityModel, evidence_of_loss
from napari_bonemet.forecast.calibration_tables import PREDICTORS, AnimalTable, look_at
from napari_bonemet.forecast.calibration_variance import IntervalModel, VarianceModel
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan

__all__ = ["CalibratedForecast", "Calibration", "CalibrationOptions"]

FORMAT = "napari-bonemet calibration 1"

_GREY = PREDICTORS.index("mean grey")


@dataclass(frozen=True)
class Calibration:
    """How the errors of one forecaster go with what its samples say.

    Parameters
    ----------
    options : CalibrationOptions
        How it was fitted.
    variance : VarianceModel
        Expected squared error of a voxel.
    interval : IntervalModel
        Where the truth lies, in units of the expected error.
    resorption : ProbabilityModel or None
        Probability that bone is lost; None where it was fitted without the last weeks, or nothing was lost.
    lesions : LesionModel or None
        How often a lesion comes that is there in a given share of the samples.
    lost_bone : LostBoneModel or None
        Lost bone of a leg, with a spread to be believed.
    evidence : mapping
        Spread/skill, coverage and reliability before and after, on which animals; plain JSON values.
    """

    options: CalibrationOptions
    variance: VarianceModel
    interval: IntervalModel
    resorption: ProbabilityModel | None
    lesions: LesionModel | None = None
    lost_bone: LostBoneModel | None = None
    evidence: Mapping[str, Json] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        forecasts: Iterable[Forecast],
        truths: Iterable[Scan],
        lasts: Iterable[Scan] | None = None,
        *,
        options: CalibrationOptions | None = None,
        progress: Progress = NO_PROGRESS,
    ) -> Self:
        """Learn from forecasts of validation animals and what came.

        Parameters
        ----------
        forecasts : iterable of Forecast
            Of animals that the forecaster was not trained on, all by one forecaster with one number of samples; looked
            at one after another, so they may be made on the way.
        truths : iterable of Scan
            The true weeks, in the same order.
        lasts : iterable of Scan, optional
            The last seen weeks, for the probability of resorption.
        options : CalibrationOptions, optional
            Level, bins, folds.
        progress : Progress
            Told after every leg; asked to stop.

        Raises
        ------
        InputError
            When there are fewer than two animals, or weeks do not lie on the forecast's grid.
        """
        options = options or CalibrationOptions()
        tables = list(_tables(forecasts, truths, lasts, options, progress))
        animals = {table.animal for table in tables}
        if len(animals) < 2:
            raise InputError(
                "A calibration needs validation animals",
                expected="two or more, so that it can be tried on one that it was not fitted to",
                found=f"{len(animals)}",
            )
        evidence = cross_validate(tables, options, lambda some: cls._fitted(some, options))
        return replace(cls._fitted(tables, options), evidence=evidence)

    @classmethod
    def _fitted(cls, tables: Sequence[AnimalTable], options: CalibrationOptions) -> Self:
        known, error = (np.concatenate([getattr(t, name) for t in tables]) for name in ("known", "error"))
        variance = VarianceModel.fit(known, error)
        spread = np.sqrt(variance.variance(known))
        interval = IntervalModel.fit(spread, error, level=options.level, bins=options.bins)
        bone, share, lost = (
            np.concatenate([getattr(t, name) for t in tables]) for name in ("bone_known", "bone_shares", "resorbed")
        )
        model = None
        if lost.any() and not lost.all():
            said = evidence_of_loss(bone[:, _GREY], np.sqrt(variance.variance(bone)), share, options.bone_threshold)
            model = ProbabilityModel.fit(said, lost)
        legs = [table.leg for table in tables if table.leg is not None]
        lesions = LesionModel.fit([case for leg in legs for case in leg.cases])
        return cls(options, variance, interval, model, lesions, LostBoneModel.fit(legs))

    def of_voxels(
        self, known: np.ndarray, shares: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
        """What a calibration says of voxels of any shape.

        Parameters
        ----------
        known : ndarray, (..., predictors)
            See `PREDICTORS`.
        shares : ndarray, (..., 2), optional
            Share of the samples that resorb them, and its mean around them.

        Returns
        -------
        spread, lower, upper : ndarray, (...)
            Expected error and the interval's ends less the mean, greys.
        probability : ndarray, (...), or None
            Of resorption, if it was bone.
        """
        spread = np.sqrt(self.variance.variance(known))
        lower, upper = self.interval.interval(np.zeros_like(spread), spread)
        if shares is None or self.resorption is None:
            return spread, lower, upper, None
        said = evidence_of_loss(known[..., _GREY], spread, shares, self.options.bone_threshold)
        return spread, lower, upper, self.resorption.probability(said)

    def apply(
        self, forecast: Forecast, last: Scan | None = None, *, progress: Progress = NO_PROGRESS
    ) -> CalibratedForecast:
        """Say how far off a forecast may be; goes some slices at a time.

        Parameters
        ----------
        forecast : Forecast
            By the same forecaster, with about as many samples.
        last : Scan, optional
            The last seen week, for the probability of resorption.
        progress : Progress
            Told after every slab; asked to stop.

        Raises
        ------
        InputError
            When the last week does not lie on the forecast's grid.
        """
        return calibrated(forecast, last, self, progress)

    def as_record(self) -> dict[str, Json]:
        """All of it as plain JSON values, for the checkpoint's header."""
        return {
            "format": FORMAT,
            "options": self.options.as_record(),
            "variance": self.variance.as_record(),
            "interval": self.interval.as_record(),
            **{name: None if part is None else part.as_record() for name, part in self._parts().items()},
            "evidence": dict(self.evidence),
        }

    def _parts(self) -> dict[str, ProbabilityModel | LesionModel | LostBoneModel | None]:
        return {"resorption": self.resorption, "lesions": self.lesions, "lost_bone": self.lost_bone}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Make it again from :meth:`as_record`.

        Raises
        ------
        InputError
            When it is of another format, incomplete or damaged.
        """
        if record.get("format") != FORMAT:
            raise InputError("This is no calibration", expected=FORMAT, found=str(record.get("format")))
        try:
            resorption, lesions, lost_bone = (record[name] for name in ("resorption", "lesions", "lost_bone"))
            return cls(
                CalibrationOptions.from_record(record["options"]),
                VarianceModel.from_record(record["variance"]),
                IntervalModel.from_record(record["interval"]),
                None if resorption is None else ProbabilityModel.from_record(resorption),
                None if lesions is None else LesionModel.from_record(lesions),
                None if lost_bone is None else LostBoneModel.from_record(lost_bone),
                dict(record["evidence"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("The calibration is incomplete or damaged", found=str(error)) from error


def _tables(
    forecasts: Iterable[Forecast],
    truths: Iterable[Scan],
    lasts: Iterable[Scan] | None,
    options: CalibrationOptions,
    progress: Progress,
) -> Iterator[AnimalTable]:
    before: Iterator[Scan] | None = None if lasts is None else iter(lasts)
    for number, (forecast, truth) in enumerate(zip(forecasts, truths, strict=True)):
        progress.check()
        progress.message(f"{truth.leg}: looking at the errors of its forecast")
        last = None if before is None else next(before, None)
        if before is not None and last is None:
            raise InputError("A last week is missing", expected="one for each forecast", found=f"{number}")
        yield look_at(forecast, truth, last, options, number)
