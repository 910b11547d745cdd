"""What a T-VAE saw of a leg, and futures drawn from it, a slab of slices and a square around the bone at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from napari_bonemet.forecast.latent import latent_noise
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.forecast.planes import Planes, planes_for
from napari_bonemet.forecast.training import shrink
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import Progress
from napari_bonemet.scan import Scan
from napari_bonemet.torch_import import import_torch

_SLAB_SLICES = 48


class TrainedTvae(Protocol):
    """The parts of a forecaster that drawing needs."""

    @property
    def options(self) -> TvaeOptions:
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
    """What the network saw in each square of each slab of slices: all that a sample needs."""

    model: TrainedTvae
    last: np.ndarray
    planes: Planes
    seen: tuple[tuple[slice, tuple[Any, ...]], ...]
    spacing_z: float

    @classmethod
    def at(cls, model: TrainedTvae, inputs: Sequence[Scan], progress: Progress) -> Self:
        """Look at the weeks seen, oldest first.

        Raises
        ------
        InputError
            When they show no bone.
        """
        torch = import_torch()
        options = model.options
        volumes = [scan.to_numpy() for scan in inputs]
        spacing = inputs[-1].spacing
        planes = planes_for(volumes, spacing, model.spacing, options.crop, options.bone_threshold)
        looked = []
        slabs = list(_slabs(len(volumes[0])))
        for number, slab in enumerate(slabs):
            weeks = [planes.inwards(volume[slab]) for volume in volumes]
            squares_seen = []
            for corner in planes.corners:
                progress.check()
                squares = np.stack([planes.cut(week, corner) for week in weeks], axis=1) / np.float32(255)
                tensor = torch.from_numpy(squares).to(model.device)
                with torch.inference_mode():
                    squares_seen.append(model.network.look(shrink(tensor, options.size)))
            looked.append((slab, tuple(squares_seen)))
            progress.advance((number + 1) / len(slabs))
        return cls(model, volumes[-1], planes, tuple(looked), spacing[0])

    def draw(self, rng: np.random.Generator, progress: Progress) -> np.ndarray:
        """One future, greys, float32, (z, y, x)."""
        options = self.model.options
        noise = latent_noise(len(self.last), options.z_dim, options.coherence_um / self.spacing_z, rng)
        made = np.empty(self.last.shape, dtype=np.float32)
        for number, (slab, seen) in enumerate(self.seen):
            progress.check()
            made[slab] = self._slab(self.last[slab].astype(np.float32), seen, noise[slab])
            progress.advance((number + 1) / len(self.seen))
        return made

    def _slab(self, last: np.ndarray, seen: Sequence[Any], noise: np.ndarray) -> np.ndarray:
        sums = np.zeros((self.model.options.channels, len(last), *self.planes.shape), dtype=np.float32)
        weight = np.zeros(self.planes.shape, dtype=np.float32)
        for corner, square in zip(self.planes.corners, seen, strict=True):
            self.planes.paste(self._maps(square, noise), corner, sums, weight)
        inside = self.planes.outwards((weight > 0).astype(np.float32)[None])[0] > 0.5
        maps = [self.planes.outwards(sum_ / np.maximum(weight, 1e-6)) for sum_ in sums]
        if self.model.options.output == "gate":
            k, drawn = maps
            mixed = last * (1 - k) + k * drawn * 255
        else:
            mixed = maps[0] * 255
        return np.where(inside, mixed, last)

    def _maps(self, seen: Any, noise: np.ndarray) -> np.ndarray:
        """What the decoder draws in one square, (maps, z, crop, crop), 0 to 1: k and c, or the week."""
        torch = import_torch()
        crop = self.planes.crop
        with torch.inference_mode():
            maps = self.model.network.draw(seen, torch.from_numpy(noise).to(self.model.device))
            maps = torch.nn.functional.interpolate(maps, size=(crop, crop), mode="bilinear", align_corners=False)
            return np.asarray(torch.sigmoid(maps).movedim(1, 0).cpu().numpy())


def _slabs(slices: int) -> Iterator[slice]:
    return (slice(start, min(slices, start + _SLAB_SLICES)) for start in range(0, slices, _SLAB_SLICES))
