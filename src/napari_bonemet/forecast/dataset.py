"""Slices to learn from: the weeks of each leg around its bone, and batches of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import require_fit
from napari_bonemet.forecast.forecaster import before
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.forecast.patches import windows
from napari_bonemet.forecast.planes import planes_for
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.series import ScanSeries

# How much further than the crop a leg is kept, so that crops can be drawn at random.
_SLACK = 4


@dataclass(frozen=True, eq=False)
class Run:
    """Some weeks of one leg in even steps, the last of them the one to be forecast.

    Parameters
    ----------
    animal : str
        Whose leg it is.
    target : float
        The week to be forecast.
    voxels : ndarray, (z, weeks, y, x)
        Greys around the bone, 0 to 255, float16 or the type of the scans.
    """

    animal: str
    target: float
    voxels: np.ndarray


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Runs of weeks of one voxel size."""

    runs: tuple[Run, ...]
    spacing: Triple
    synthetic: bool
    passed_over: int

    @property
    def slices(self) -> int:
        """Slices in all runs."""
        return sum(len(run.voxels) for run in self.runs)

    @property
    def targets(self) -> list[float]:
        """Weeks that are forecast."""
        return sorted({run.target for run in self.runs})

    def batches(self, size: int, crop: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Slices in random order, each once: (batch, weeks, crop, crop), 0 to 1, float32.

        Those left over that fill no batch wait for another epoch. Crops are drawn at random, and half of them are
        mirrored left to right, as the first paper does (section 4.1); a mirrored left tibia is a right one.
        """
        which = np.concatenate([np.full(len(run.voxels), number) for number, run in enumerate(self.runs)])
        where = np.concatenate([np.arange(len(run.voxels)) for run in self.runs])
        order = rng.permutation(len(which))
        for start in range(0, len(order) - size + 1 if len(order) > size else 1, size):
            chosen = order[start : start + size]
            slices = [self.runs[which[n]].voxels[where[n]] for n in chosen]
            yield np.stack([_crop(s, crop, rng) for s in slices]).astype(np.float32) / 255


def _crop(weeks: np.ndarray, crop: int, rng: np.random.Generator) -> np.ndarray:
    y, x = (int(rng.integers(side - crop + 1)) for side in weeks.shape[1:])
    cut = weeks[:, y : y + crop, x : x + crop]
    return cut[:, :, ::-1] if rng.random() < 0.5 else cut


def training_set(
    legs: Sequence[ScanSeries], options: TvaeOptions, spacing: Triple | None = None, progress: Progress = NO_PROGRESS
) -> TrainingSet:
    """The runs of `weeks_seen` + 1 weeks in even steps of all legs, cut around their bone.

    Legs without such a run are passed over, and counted.

    Raises
    ------
    InputError
        When no leg has such a run, the weeks of a leg are not on one grid, or voxel sizes differ.
    """
    runs, used = [], 0
    for number, leg in enumerate(legs):
        progress.message(f"reading {leg.leg}")
        found = windows(before(leg, float("inf")), options.weeks_seen, options.gap_weeks)
        used += bool(found)
        for window in found:
            spacing = spacing or window.target.spacing
            require_fit(leg, model="One network", input_kind="grey", spacing=spacing)
            volumes = [scan.to_numpy() for scan in (*window.inputs, window.target)]
            voxels = _around_bone(volumes, spacing, options)
            runs.append(Run(leg.baseline.subject or leg.leg, window.target.week or 0.0, voxels))
        progress.advance((number + 1) / len(legs))
    if not runs or spacing is None:
        raise InputError(
            "There is nothing to train the network on",
            expected=f"a leg with {options.weeks_seen + 1} scans {options.gap_weeks:g} week(s) apart",
            found="; ".join(f"{leg.leg}: weeks " + ", ".join(f"{w:g}" for w in leg.weeks) for leg in legs[:3]),
        )
    return TrainingSet(tuple(runs), spacing, any(leg.synthetic for leg in legs), len(legs) - used)


def _around_bone(volumes: Sequence[np.ndarray], spacing: Triple, options: TvaeOptions) -> np.ndarray:
    """(z, weeks, side, side): the square around the bone seen, with some slack; the target has no say in where."""
    planes = planes_for(volumes[:-1], spacing, spacing, options.crop + _SLACK, options.bone_threshold)
    # A bone wider than the square is learned from square by square.
    cuts = [np.stack([planes.cut(volume, corner) for volume in volumes], axis=1) for corner in planes.corners]
    return np.concatenate(cuts)
