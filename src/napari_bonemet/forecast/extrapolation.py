"""Smoothed linear extrapolation: what changed goes on changing. It sees lesions grow, and needs no network for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import Checkpoint, require_fit
from napari_bonemet.forecast.extrapolation_fit import ExtrapolationOptions, beyond, fit_extrapolation, slope, smooth
from napari_bonemet.forecast.forecaster import DETERMINISTIC, Forecast, as_future, before, summarise
from napari_bonemet.forecast.registry import checkpoint_loader, forecaster
from napari_bonemet.forecast.saved import Saved
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import NO_PROGRESS, Progress, report
from napari_bonemet.provenance import Json, Step
from napari_bonemet.series import ScanSeries

__all__ = ["ExtrapolationForecaster", "ExtrapolationOptions"]

MOST_LEGS = 24


@dataclass(frozen=True, eq=False)
class ExtrapolationForecaster(Saved):
    """The last week, smoothed, plus a share of the smoothed weekly change; fitted by :meth:`fit`, or as it is.

    Parameters
    ----------
    options : ExtrapolationOptions
        Widths, damping, and how many weeks the line goes through.
    spacing : tuple of float, optional
        Voxel size (z, y, x) of the legs that they were chosen on, micrometres; None takes any.
    training : mapping
        On what they were chosen.
    synthetic : bool
        Whether any of those legs was made by the generator.
    """

    name: ClassVar[str] = "extrapolation"
    deterministic: ClassVar[bool] = True

    options: ExtrapolationOptions = field(default_factory=ExtrapolationOptions)
    spacing: Triple | None = None
    training: Mapping[str, Json] = field(default_factory=dict)
    synthetic: bool = True

    @classmethod
    def fit(
        cls,
        legs: Sequence[ScanSeries],
        *,
        options: ExtrapolationOptions | None = None,
        most_legs: int = MOST_LEGS,
        progress: Progress = NO_PROGRESS,
    ) -> Self:
        """Choose the widths, the line and the damping with the least squared error over legs whose end is known.

        Every week that has two before it is forecast from all before it, whatever the gaps. Four numbers are chosen
        from millions of voxels, so they are chosen on the legs themselves; of many legs some are taken, spread
        evenly over the list.

        Parameters
        ----------
        legs : sequence of ScanSeries
            Registered greys, each leg on one grid, all of one voxel size.
        options : ExtrapolationOptions, optional
            Only its bone threshold is kept.
        most_legs : int
            How many legs are looked at.

        Raises
        ------
        InputError
            When no leg has three weeks, the weeks of a leg are not on one grid, or voxel sizes differ.
        """
        fitted = fit_extrapolation(legs, options or ExtrapolationOptions(), most_legs, progress)
        return cls(fitted.options, fitted.spacing, fitted.record, fitted.synthetic)

    def predict(
        self, seen: ScanSeries, week: float, *, samples: int = 1, seed: int = 0, progress: Progress = NO_PROGRESS
    ) -> Forecast:
        """Forecast `week`; one sample, however many are asked for. From a single week it only smooths.

        Raises
        ------
        InputError
            When the weeks are not on one grid, are no greys, or of another voxel size than those it was chosen on.
        """
        weeks = before(seen, week)
        if self.spacing is not None:
            require_fit(weeks, model="This extrapolation", input_kind="grey", spacing=self.spacing)
        progress.check()
        last = weeks[-1]
        trend = smooth(slope(weeks.scans, self.options.line_weeks), self.options.trend_width)
        ahead = np.float32(self.options.damping * (week - (last.week or 0.0)))
        voxels = smooth(last.to_numpy(), self.options.level_width) + ahead * beyond(trend, self.options.threshold)
        parameters: dict[str, Json] = {
            "model": self.name,
            "week": week,
            "options": self.options.as_record(),
            "chosen_on_synthetic_legs": self.synthetic,
        }
        sample = as_future(last, voxels, week, Step("forecast", parameters))
        report(progress, sample)
        progress.advance(1.0)
        note = f"{DETERMINISTIC}; chosen on {'synthetic data' if self.synthetic else 'scans'}"
        return summarise(
            [sample],
            week=week,
            model=self.name,
            seed=seed,
            bone_threshold=self.options.bone_threshold,
            note=f"{note} ({samples} samples were asked for)" if samples > 1 else note,
        )

    def checkpoint(self) -> Checkpoint:
        """The model as it is saved.

        Raises
        ------
        InputError
            When it was not fitted: there is nothing that is not in the package already.
        """
        if self.spacing is None:
            raise InputError("This extrapolation was not fitted, and nothing of it needs a file")
        made = self.options
        chosen = [made.level_width, made.trend_width, made.threshold, made.damping]
        return Checkpoint(
            name=self.name,
            configuration=self.options.as_record(),
            tensors={"chosen": np.array(chosen)},
            input_kind="grey",
            spacing=self.spacing,
            weeks=tuple(float(back) for back in range(-self.options.line_weeks, 0)),
            training=self.training,
            synthetic=self.synthetic,
        )

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, *, device: str = "cpu") -> Self:
        """The model in a checkpoint; raises InputError when it is another model's."""
        del device  # numpy computes where it is
        checkpoint.require(cls.name)
        options = ExtrapolationOptions.from_record(checkpoint.configuration)
        return cls(options, checkpoint.spacing, checkpoint.training, checkpoint.synthetic)


@checkpoint_loader("extrapolation")
def _load(checkpoint: Checkpoint, device: str) -> ExtrapolationForecaster:
    return ExtrapolationForecaster.from_checkpoint(checkpoint, device=device)


forecaster("extrapolation")(ExtrapolationForecaster)
