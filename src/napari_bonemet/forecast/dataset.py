"""What networks learn from: the weeks of each leg around its bone, and batches of slices or of blocks of slices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import require_fit
from napari_bonemet.forecast.forecaster import before
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.forecast.patches import Window, windows
from napari_bonemet.forecast.planes import planes_for
from napari_bonemet.geometry import Triple
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.series import ScanSeries

# How much further than the crop a leg is kept, so that crops can be drawn at random.
_SLACK = 4
# A slice with more newly lost bone than this shows a lesion, voxels.
_LESION_VOXELS = 8


class Batch(NamedTuple):
    """Weeks of some slices or blocks, the last week the one to be forecast.

    Parameters
    ----------
    weeks : ndarray, (n, seen + 1, z, y, x), float32
        Greys, 0 to 1.
    gaps : ndarray, (n, seen), float32
        Weeks from each scan to the next; 0 where the oldest scan stands in for one that is not there.
    """

    weeks: np.ndarray
    gaps: np.ndarray


@dataclass(frozen=True, eq=False)
class Run:
    """Some weeks of one leg, the last of them one to be forecast.

    Parameters
    ----------
    animal : str
        Whose leg it is.
    weeks : tuple of float
        When it was scanned, oldest first.
    voxels : ndarray, (z, weeks, y, x)
        Greys around the bone, 0 to 255, in the type of the scans.
    bone_threshold : float
        Bone is above this grey value.
    """

    animal: str
    weeks: tuple[float, ...]
    voxels: np.ndarray
    bone_threshold: float = 75.0

    @property
    def target(self) -> float:
        """The week to be forecast."""
        return self.weeks[-1]

    @cached_property
    def with_lesion(self) -> np.ndarray:
        """Which slices lose bone between the last week seen and the one to be forecast; bool, (z,)."""
        last, truth = (self.voxels[:, at] > self.bone_threshold for at in (-2, -1))
        return np.asarray(newly_lost_bone(truth, last, opening=1).sum(axis=(1, 2)) > _LESION_VOXELS)


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

    def steps(self, size: int, depth: int) -> int:
        """Batches in an epoch that is not balanced."""
        return max(1, sum(_blocks(run, depth) for run in self.runs) // size)

    def batches(
        self,
        size: int,
        crop: int,
        rng: np.random.Generator,
        *,
        depth: int = 1,
        loose: float = 0.0,
        balanced: bool = False,
    ) -> Iterator[Batch]:
        """Slices, or blocks of `depth` slices, in random order, each about once.

        Those left over that fill no batch wait for another epoch. Crops are drawn at random, and half of them are
        mirrored left to right, as the first paper does (section 4.1); a mirrored left tibia is a right one.

        Parameters
        ----------
        loose : float
            Share of the batches in which two or more of the weeks are seen, whichever, and any later one is
            forecast, so that the network learns gaps and longer views ahead.
        balanced : bool
            Draw slices with and without new lesions equally often, as the first paper does (section 4.1).
        """
        places = self._places(depth, rng)
        if balanced:
            places = self._balanced(places, depth, rng)
        order = rng.permutation(len(places))
        for start in range(0, len(order) - size + 1 if len(order) > size else 1, size):
            chosen = [places[n] for n in order[start : start + size]]
            pick = rng.random() < loose
            cuts, gaps = zip(*(self._cut(place, (depth, crop), pick, rng) for place in chosen), strict=True)
            yield Batch(np.stack(cuts).astype(np.float32) / 255, np.stack(gaps).astype(np.float32))

    def _places(self, depth: int, rng: np.random.Generator) -> list[tuple[int, int]]:
        """Run and first slice of every block."""
        found = []
        for number, run in enumerate(self.runs):
            count, spare = _blocks(run, depth), max(0, len(run.voxels) - depth)
            if depth == 1:
                found += [(number, z) for z in range(count)]
            else:
                found += [(number, int(z)) for z in rng.integers(spare + 1, size=count)]
        return found

    def _balanced(
        self, places: Sequence[tuple[int, int]], depth: int, rng: np.random.Generator
    ) -> list[tuple[int, int]]:
        sick = np.array([self.runs[number].with_lesion[z : z + depth].any() for number, z in places])
        if sick.all() or not sick.any():
            return list(places)
        few, many = sorted((np.flatnonzero(sick), np.flatnonzero(~sick)), key=len)
        more = rng.choice(few, len(many) - len(few))
        return [places[n] for n in (*few, *many, *more)]

    def _cut(
        self, place: tuple[int, int], extent: tuple[int, int], loose: bool, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """(weeks, z, y, x) and the gaps between them."""
        (number, z), (depth, crop) = place, extent
        run = self.runs[number]
        which = _loose_weeks(len(run.weeks), rng) if loose else np.arange(len(run.weeks))
        block = run.voxels[_reach(z, depth, len(run.voxels))]
        y, x = (int(rng.integers(side - crop + 1)) for side in block.shape[2:])
        cut = block[:, which, y : y + crop, x : x + crop].swapaxes(0, 1)
        mirrored = cut[..., ::-1] if rng.random() < 0.5 else cut
        return mirrored, np.diff(np.array(run.weeks)[which])


def _blocks(run: Run, depth: int) -> int:
    return max(1, len(run.voxels) // depth)


def _reach(start: int, depth: int, slices: int) -> np.ndarray:
    """Which slices a block takes; the last one is repeated where there are too few."""
    return np.minimum(np.arange(start, start + depth), slices - 1)


def _loose_weeks(count: int, rng: np.random.Generator) -> np.ndarray:
    """Which weeks are seen and, last, forecast; as many as ever, the oldest seen repeated for those left out."""
    if count < 3:
        return np.arange(count)
    target = int(rng.integers(2, count))
    kept = np.sort(rng.choice(target, size=int(rng.integers(2, target + 1)), replace=False))
    return np.concatenate([np.repeat(kept[0], count - 1 - len(kept)), kept, [target]])


def training_set(
    legs: Sequence[ScanSeries], options: NetworkOptions, spacing: Triple | None = None, progress: Progress = NO_PROGRESS
) -> TrainingSet:
    """The runs of `weeks_seen` + 1 weeks in even steps of all legs, cut around their bone.

    Legs without such a run are passed over, and counted.

    Raises
    ------
    InputError
        When no leg has such a run, the weeks of a leg are not on one grid, or voxel sizes differ.
    """
    runs: list[Run] = []
    used = 0
    for number, leg in enumerate(legs):
        progress.message(f"reading {leg.leg}")
        found = windows(before(leg, float("inf")), options.weeks_seen, options.gap_weeks)
        used += bool(found)
        for window in found:
            spacing = spacing or window.target.spacing
            require_fit(leg, model="One network", input_kind="grey", spacing=spacing)
            runs += _runs(leg, window, spacing, options)
        progress.advance((number + 1) / len(legs))
    if not runs or spacing is None:
        raise InputError(
            "There is nothing to train the network on",
            expected=f"a leg with {options.weeks_seen + 1} scans {options.gap_weeks:g} week(s) apart",
            found="; ".join(f"{leg.leg}: weeks " + ", ".join(f"{w:g}" for w in leg.weeks) for leg in legs[:3]),
        )
    return TrainingSet(tuple(runs), spacing, any(leg.synthetic for leg in legs), len(legs) - used)


def _runs(leg: ScanSeries, window: Window, spacing: Triple, options: NetworkOptions) -> Iterator[Run]:
    """The squares around the bone seen, with some slack; the target has no say in where."""
    scans = (*window.inputs, window.target)
    volumes = [scan.to_numpy() for scan in scans]
    planes = planes_for(volumes[:-1], spacing, spacing, options.crop + _SLACK, options.bone_threshold)
    for corner in planes.corners:  # a bone wider than the square is learned from square by square
        yield Run(
            animal=leg.baseline.subject or leg.leg,
            weeks=tuple(scan.week or 0.0 for scan in scans),
            voxels=np.stack([planes.cut(volume, corner) for volume in volumes], axis=1),
            bone_threshold=options.bone_threshold,
        )
