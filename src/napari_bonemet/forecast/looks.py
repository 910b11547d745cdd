"""What a network saw of a leg, and futures drawn from it: a slab of slices and a square around the bone at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from napari_bonemet.forecast.compose import resized
from napari_bonemet.forecast.latent import latent_noise
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.forecast.planes import Planes, planes_for
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import Progress
from napari_bonemet.torch_import import import_torch

_SLAB_SLICES = 48


class TrainedNetwork(Protocol):
    """The parts of a forecaster that drawing needs."""

    @property
    def options(self) -> NetworkOptions:
        """What the network looks at."""

    @property
    def network(self) -> Any:
        """The weights."""

    @property
    def spacing(self) -> Triple:
        """Voxel size that it was trained on, micrometres."""

    @property
    def device(self) -> str:
        """Where it computes."""


@dataclass(frozen=True, eq=False)
class Looks:
    """What the network saw in each square of each slab of slices: all that a sample needs.

    A network of slices takes the slices of a slab one by one; a network of blocks takes slabs of its own depth,
    which overlap by a fourth.
    """

    model: TrainedNetwork
    last: np.ndarray
    planes: Planes
    seen: tuple[tuple[np.ndarray, tuple[Any, ...]], ...]
    spacing_z: float

    @classmethod
    def at(
        cls,
        model: TrainedNetwork,
        volumes: Sequence[np.ndarray],
        gaps: Sequence[float],
        spacing: Triple,
        progress: Progress,
    ) -> Self:
        """Look at the weeks seen.

        Parameters
        ----------
        volumes : sequence of ndarray, (z, y, x)
            The weeks, oldest first, greys.
        gaps : sequence of float
            Weeks from each of them to the next, the last one to the week that is forecast.
        spacing : tuple of float
            Voxel size (z, y, x), micrometres.

        Raises
        ------
        InputError
            When they show no bone.
        """
        torch = import_torch()
        options = model.options
        planes = planes_for(volumes, spacing, model.spacing, options.crop, options.bone_threshold)
        looked = []
        slabs = list(_slabs(len(volumes[0]), options.depth))
        for number, slab in enumerate(slabs):
            weeks = [planes.inwards(volume[slab]) for volume in volumes]
            squares_seen = []
            for corner in planes.corners:
                progress.check()
                squares = np.stack([planes.cut(week, corner) for week in weeks]) / np.float32(255)
                tensor = torch.from_numpy(_as_batch(squares, options.depth)).to(model.device)
                between = torch.tensor([list(gaps)] * len(tensor), dtype=torch.float32, device=model.device)
                with torch.inference_mode():
                    squares_seen.append(model.network.see(tensor, between))
            looked.append((slab, tuple(squares_seen)))
            progress.advance((number + 1) / len(slabs))
        return cls(model, volumes[-1], planes, tuple(looked), spacing[0])

    @property
    def resampled(self) -> bool:
        """Whether the network sees another voxel size."""
        return self.planes.resampled

    def draw(self, rng: np.random.Generator, progress: Progress, *, out: np.ndarray | None = None) -> np.ndarray:
        """One future, greys, float32, (z, y, x); written to `out` where that is given."""
        options = self.model.options
        z_dim = int(getattr(options, "z_dim", 1))
        noise = latent_noise(len(self.last), z_dim, options.coherence_um / self.spacing_z, rng)
        maps = np.zeros((options.channels, *self.last.shape[:1], *self.planes.shape), dtype=np.float32)
        weight = np.zeros(len(self.last), dtype=np.float32)
        inside = np.zeros(self.planes.shape, dtype=np.float32)
        for number, (slab, seen) in enumerate(self.seen):
            progress.check()
            share = _share(len(slab)) if options.depth > 1 else np.ones(len(slab), dtype=np.float32)
            drawn, inside = self._slab(slab, seen, noise)
            # A slice beyond the end of a short leg stands twice in its slab.
            np.add.at(maps.swapaxes(0, 1), slab, (drawn * share[:, None, None]).swapaxes(0, 1))
            np.add.at(weight, slab, share)
            progress.advance((number + 1) / len(self.seen))
        made = np.empty(self.last.shape, dtype=np.float32) if out is None else out
        made[...] = self._composed(maps / weight[:, None, None], inside)
        return made

    def _composed(self, maps: np.ndarray, inside: np.ndarray) -> np.ndarray:
        last = self.last.astype(np.float32)
        covered = self.planes.outwards((inside > 0).astype(np.float32)[None])[0] > 0.5
        outwards = [self.planes.outwards(one) for one in maps]
        if len(outwards) == 1:
            mixed = outwards[0] * 255
        else:
            k, drawn = outwards
            mixed = last * (1 - k) + k * drawn * 255
        made: np.ndarray = np.where(covered, mixed, last)
        return made

    def _slab(self, slab: np.ndarray, seen: Sequence[Any], noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Maps (channels, slices, y, x), 0 to 1, and the weight with which each place was drawn."""
        options = self.model.options
        sums = np.zeros((options.channels, len(slab), *self.planes.shape), dtype=np.float32)
        weight = np.zeros(self.planes.shape, dtype=np.float32)
        middle = slab[len(slab) // 2 : len(slab) // 2 + 1]
        here = noise[slab if options.depth == 1 else middle]
        for corner, square in zip(self.planes.corners, seen, strict=True):
            self.planes.paste(self._maps(square, here), corner, sums, weight)
        return sums / np.maximum(weight, 1e-6), weight

    def _maps(self, seen: Any, noise: np.ndarray) -> np.ndarray:
        """What the network draws in one square, (maps, z, crop, crop), 0 to 1: k and c, or the week."""
        torch = import_torch()
        with torch.inference_mode():
            maps = self.model.network.future(seen, torch.from_numpy(noise).to(self.model.device)).float()
            maps = torch.sigmoid(resized(maps, self.planes.crop))
            whole = maps[:, :, 0].movedim(1, 0) if self.model.options.depth == 1 else maps[0]
            return np.asarray(whole.cpu().numpy())


def _as_batch(squares: np.ndarray, depth: int) -> np.ndarray:
    """Squares (weeks, z, y, x) as the network takes them: slice by slice, or as one block."""
    return np.ascontiguousarray(squares.swapaxes(0, 1)[:, :, None]) if depth == 1 else squares[None]


def _slabs(slices: int, depth: int) -> Iterator[np.ndarray]:
    """Which slices are taken together; the last one is repeated where there are fewer than the network takes."""
    if depth == 1:
        yield from (np.arange(start, min(slices, start + _SLAB_SLICES)) for start in range(0, slices, _SLAB_SLICES))
        return
    count = max(1, -(-(slices - depth // 4) // (depth - depth // 4)))
    for start in np.linspace(0, max(0, slices - depth), count).round().astype(int):
        yield np.minimum(np.arange(start, start + depth), slices - 1)


def _share(depth: int) -> np.ndarray:
    """The weight of each slice of a block, which falls outwards, steeply: a network draws worst where a block ends."""
    return (np.minimum(np.arange(depth) + 1, np.arange(depth)[::-1] + 1) ** 3).astype(np.float32)
