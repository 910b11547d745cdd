"""Ridge regression on a small patch of the last weeks: the least that a network must beat.

The grey of the next week is the last grey plus a linear function of the patch around it in the weeks seen.
It is a baseline with a catch: part of what it gains over copying comes from smoothing away noise and
residual misregistration, on legs without any lesion too, so tumour and control legs are reported apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import Checkpoint, require_fit
from napari_bonemet.forecast.forecaster import DETERMINISTIC, Forecast, as_future, before, summarise
from napari_bonemet.forecast.patches import correlate_weeks, input_weeks, inputs_for, near_bone, windows
from napari_bonemet.forecast.registry import checkpoint_loader, forecaster
from napari_bonemet.forecast.ridge_fit import GREY_SCALE, RidgeOptions, fit_ridge
from napari_bonemet.forecast.saved import Saved
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress, report
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

__all__ = ["RidgeForecaster", "RidgeOptions", "RidgeWithinLeg"]

SLAB_SLICES = 32


@dataclass(frozen=True, eq=False)
class RidgeForecaster(Saved):
    """A fitted ridge regression; made by :meth:`fit`, :meth:`fit_within` or :meth:`load`.

    Parameters
    ----------
    options : RidgeOptions
        What it looks at.
    kernels : ndarray, (weeks, z, y, x)
        Weights of the patch, oldest week first; they tell the change from the last week.
    intercept : float
        Constant change, greys.
    spacing : tuple of float
        Voxel size (z, y, x) of the legs that it was fitted to, micrometres.
    training : mapping
        On what it was fitted, with its held-out error.
    synthetic : bool
        Whether any of those legs was made by the generator.
    """

    name: ClassVar[str] = "ridge"
    deterministic: ClassVar[bool] = True

    options: RidgeOptions
    kernels: np.ndarray
    intercept: float
    spacing: Triple
    training: Mapping[str, Json] = field(default_factory=dict)
    synthetic: bool = False

    @classmethod
    def fit(
        cls, legs: Sequence[ScanSeries], *, options: RidgeOptions | None = None, progress: Progress = NO_PROGRESS
    ) -> Self:
        """Fit to every run of `weeks_seen` + 1 evenly spaced scans of the legs.

        The penalty is chosen by leaving out animals (up to ten groups of them; with one leg its target
        weeks, with one run of weeks slabs of slices), from 1e-8 to 10 or infinite, which is copying. Legs
        without such a run are passed over, and counted.

        Parameters
        ----------
        legs : sequence of ScanSeries
            Registered greys, each leg on one grid, all of one voxel size.

        Raises
        ------
        InputError
            When no leg has enough weeks, the weeks of a leg are not on one grid, or voxel sizes differ.
        """
        options = options or RidgeOptions()
        fitted = fit_ridge(legs, options, progress)
        kernels = fitted.coefficients[:-1].reshape(options.weeks_seen, -1) @ options.basis.T
        return cls(
            options=options,
            kernels=kernels.reshape(options.weeks_seen, *options.extents),
            intercept=float(fitted.coefficients[-1]) * GREY_SCALE,
            spacing=fitted.spacing,
            training=fitted.record,
            synthetic=fitted.synthetic,
        )

    @classmethod
    def fit_within(
        cls, leg: ScanSeries, week: float, *, options: RidgeOptions | None = None, progress: Progress = NO_PROGRESS
    ) -> Self:
        """Fit to the leg's own scans before `week`.

        It looks at as many weeks as leave two to learn from, so that the penalty is chosen by leaving one
        out: four scans give a model that looks at two weeks, three or two scans one that looks at one.
        One leg teaches little; where nothing beats copying on the held-out week, the result is a copy.

        Raises
        ------
        InputError
            When there are fewer than two evenly spaced scans before `week`.
        """
        options, seen = options or RidgeOptions(), before(leg, week)
        for fewest_runs in (2, 1):
            for weeks_seen in range(min(options.weeks_seen, len(seen) - 1), 0, -1):
                if len(windows(seen, weeks_seen, options.gap_weeks)) >= fewest_runs:
                    return cls.fit([seen], options=replace(options, weeks_seen=weeks_seen), progress=progress)
        raise InputError(
            f"{leg.leg} has too few scans before week {week:g} to learn from",
            expected=f"two or more, {options.gap_weeks:g} week(s) apart",
            found="weeks " + ", ".join(f"{w:g}" for w in seen.weeks),
            remedy="Fit to other legs, or copy the last week",
        )

    def predict(
        self, seen: ScanSeries, week: float, *, samples: int = 1, seed: int = 0, progress: Progress = NO_PROGRESS
    ) -> Forecast:
        """Forecast `week`; one sample, however many are asked for.

        Raises
        ------
        InputError
            When a week that it looks at is missing (a gap is never stretched over), the weeks are not on one
            grid, or are of another kind or voxel size than those it was fitted to.
        """
        weeks = before(seen, week)
        require_fit(weeks, model="This ridge regression", input_kind="grey", spacing=self.spacing)
        inputs = inputs_for(weeks, week, self.options.weeks_seen, self.options.gap_weeks, self.name)
        voxels = self._next_week(inputs, progress)
        parameters: dict[str, Json] = {
            "model": self.name,
            "week": week,
            "options": self.options.as_record(),
            "trained_on_synthetic_legs": self.synthetic,
        }
        note = f"{DETERMINISTIC}; trained on {'synthetic data' if self.synthetic else 'scans'}"
        sample = as_future(inputs[-1], voxels, week, Step("forecast", parameters))
        report(progress, sample)
        return summarise(
            [sample],
            week=week,
            model=self.name,
            seed=seed,
            bone_threshold=self.options.bone_threshold,
            note=f"{note} ({samples} samples were asked for)" if samples > 1 else note,
        )

    def _next_week(self, inputs: Sequence[Scan], progress: Progress) -> np.ndarray:
        """Greys of the next week, float32, a slab of slices at a time."""
        slices, halo = inputs[0].shape[0], max(self.options.margin, self.options.depth // 2)
        made = np.empty(inputs[0].shape, dtype=np.float32)
        for start in range(0, slices, SLAB_SLICES):
            progress.check()
            stop, low = min(slices, start + SLAB_SLICES), max(0, start - halo)
            slabs = [np.asarray(scan.voxels[low : min(slices, stop + halo)]) for scan in inputs]
            gate = near_bone(slabs, self.options.bone_threshold, self.options.margin)
            change = np.where(gate, correlate_weeks(slabs, self.kernels) + np.float32(self.intercept), 0)
            inside = slice(start - low, stop - low)
            made[start:stop] = slabs[-1][inside] + change[inside]
            progress.advance(stop / slices)
        return made

    def checkpoint(self) -> Checkpoint:
        """The model as it is saved."""
        return Checkpoint(
            name=self.name,
            configuration=self.options.as_record(),
            tensors={"kernels": self.kernels, "intercept": np.array([self.intercept])},
            input_kind="grey",
            spacing=self.spacing,
            weeks=input_weeks(0.0, self.options.weeks_seen, self.options.gap_weeks),
            training=self.training,
            synthetic=self.synthetic,
        )

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, *, device: str = "cpu") -> Self:
        """The model in a checkpoint; raises InputError when it is another model's, or its parts do not fit."""
        del device  # numpy computes where it is
        checkpoint.require(cls.name)
        options = RidgeOptions.from_record(checkpoint.configuration)
        kernels, intercept = checkpoint.tensors.get("kernels"), checkpoint.tensors.get("intercept")
        if kernels is None or intercept is None or kernels.shape != (options.weeks_seen, *options.extents):
            raise InputError("The checkpoint's weights do not fit its configuration", remedy="Train the model again")
        return cls(options, kernels, float(intercept[0]), checkpoint.spacing, checkpoint.training, checkpoint.synthetic)


@checkpoint_loader("ridge")
def _load(checkpoint: Checkpoint, device: str) -> RidgeForecaster:
    return RidgeForecaster.from_checkpoint(checkpoint, device=device)


@forecaster("ridge")
@dataclass(frozen=True)
class RidgeWithinLeg:
    """Ridge regression fitted, at the moment of the forecast, to the leg's own earlier weeks."""

    name: ClassVar[str] = "ridge"
    deterministic: ClassVar[bool] = True

    options: RidgeOptions = field(default_factory=RidgeOptions)

    def predict(
        self, seen: ScanSeries, week: float, *, samples: int = 1, seed: int = 0, progress: Progress = NO_PROGRESS
    ) -> Forecast:
        """Fit to the scans before `week`, then forecast it; raises InputError as both do."""
        model = RidgeForecaster.fit_within(seen, week, options=self.options, progress=PartOf(progress, 0.0, 0.7))
        made = model.predict(seen, week, samples=samples, seed=seed, progress=PartOf(progress, 0.7, 1.0))
        return replace(
            made, note=f"{made.note}; fitted to this leg's own earlier weeks, looking at {model.options.weeks_seen}"
        )
