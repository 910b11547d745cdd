"""What every forecaster offers, from copying the last week to a network, and what comes out of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import DAYS_PER_WEEK, Kind, Scan
from napari_bonemet.series import ScanSeries

GREY_KINDS = (Kind.RECON, Kind.SEG, Kind.REGIST, Kind.ROI, Kind.PREDICTION)

DETERMINISTIC = "The model is deterministic: one future, whose spread of 0 is no statement of certainty"


@dataclass(frozen=True, eq=False)
class Forecast:
    """Several futures of one week, and what they say together.

    Parameters
    ----------
    week : float
        The week that is forecast.
    model : str
        What made it.
    seed : int
        Same model, seed and weeks give the same samples on the same device.
    samples : tuple of Scan, each (z, y, x)
        The futures, greys in the type of the scans that were seen, on their grid (Kind.PREDICTION).
    mean, spread : Scan, (z, y, x), float32
        Mean over samples (Kind.PREDICTION) and standard deviation over samples, divided by n, not n - 1
        (Kind.UNCERTAINTY); greys.
    bone_probability : Scan, (z, y, x), float32
        Share of samples that are bone, 0 to 1 (Kind.UNCERTAINTY).
    note : str
        What the reader of a figure has to know.
    """

    week: float
    model: str
    seed: int
    samples: tuple[Scan, ...]
    mean: Scan
    spread: Scan
    bone_probability: Scan
    note: str = ""

    @property
    def synthetic(self) -> bool:
        """Whether the leg was made by the generator."""
        return self.mean.synthetic


@runtime_checkable
class Forecaster(Protocol):
    """Forecasts a week from the weeks before it."""

    @property
    def name(self) -> str:
        """The name in the registry."""

    @property
    def deterministic(self) -> bool:
        """Whether all its samples would be the same."""

    def predict(
        self, seen: ScanSeries, week: float, *, samples: int = 1, seed: int = 0, progress: Progress = NO_PROGRESS
    ) -> Forecast:
        """Draw `samples` futures of `week`; a deterministic forecaster draws one and says so in `note`.

        Every sample is handed to `progress` by :func:`~napari_bonemet.progress.report` as soon as it is there.

        Only scans before `week` are looked at. Raises InputError when the weeks are not on one grid, are no
        greys, or are not those that the model needs.
        """


def before(series: ScanSeries, week: float) -> ScanSeries:
    """The scans that a forecast of `week` may see: greys, on one grid, all before it.

    Raises
    ------
    InputError
        When there is none, they do not share a grid, or one is a composite or another map without greys.
    """
    seen = series.until(week)
    seen.require_one_grid("Forecasting")
    require_greys(seen)
    return seen


def require_greys(scans: Iterable[Scan]) -> None:
    """Raise InputError when one of the scans is a composite or another map without greys."""
    for scan in scans:
        if scan.kind not in GREY_KINDS:
            raise InputError(
                f"{scan.title} cannot be forecast from",
                expected="grey values",
                found=f"a scan of kind {scan.kind.value}",
                remedy="Give the registered weeks themselves",
            )


def as_future(last: Scan, voxels: np.ndarray, week: float, step: Step) -> Scan:
    """A sample of `week`, in the type of the last seen scan: rounded and clipped where that is whole numbers."""
    dtype = np.dtype(last.voxels.dtype)
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        voxels = np.clip(np.rint(voxels), limits.min, limits.max)
    made = last.with_voxels(voxels.astype(dtype, copy=False), step=step, kind=Kind.PREDICTION)
    return replace(made, day=week * DAYS_PER_WEEK)


def summarise(
    samples: Sequence[Scan],
    *,
    week: float,
    model: str,
    seed: int = 0,
    bone_threshold: float = 75.0,
    note: str = "",
) -> Forecast:
    """Mean, spread and probability of bone over the samples, one slice at a time.

    The paper's uncertainty map (Xiong et al., section 2.5) is the share of samples in which a voxel is not
    zero: ``summarise(..., bone_threshold=0).bone_probability`` for greys without noise in the background.

    Parameters
    ----------
    samples : sequence of Scan
        At least one, on one grid.
    week, model, seed, note
        Kept in the forecast.
    bone_threshold : float
        Bone is above this grey value.

    Raises
    ------
    InputError
        When there is no sample, or they do not share a grid.
    """
    if not samples:
        raise InputError("A forecast needs at least one sample")
    first = samples[0]
    if not all(sample.grid.matches(first.grid) for sample in samples):
        raise InputError("The samples of a forecast lie on different grids")
    mean, spread, bone = (np.empty(first.shape, dtype=np.float32) for _ in range(3))
    for z in range(first.shape[0]):
        stack = np.stack([np.asarray(sample.voxels[z], dtype=np.float64) for sample in samples])
        mean[z], spread[z] = stack.mean(axis=0), stack.std(axis=0)
        bone[z] = (stack > bone_threshold).mean(axis=0)

    def summary(voxels: np.ndarray, what: str, kind: Kind) -> Scan:
        parameters: dict[str, Json] = {
            "of": what,
            "samples": len(samples),
            "model": model,
            "bone_threshold": bone_threshold,
        }
        return first.with_voxels(voxels, step=Step("summarise", parameters), kind=kind)

    return Forecast(
        week=week,
        model=model,
        seed=seed,
        samples=tuple(samples),
        mean=summary(mean, "mean", Kind.PREDICTION),
        spread=summary(spread, "spread", Kind.UNCERTAINTY),
        bone_probability=summary(bone, "bone probability", Kind.UNCERTAINTY),
        note=note,
    )
