"""What ST-VAE saw of a leg, and futures drawn from it block by block, without seams, within a limit of memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from skimage.transform import resize

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.blocks import Block, blocks_of, side_of_blocks
from napari_bonemet.forecast.looks import TrainedNetwork
from napari_bonemet.forecast.models.stvae import STRIDE
from napari_bonemet.forecast.models.stvae_noise import NoiseOfLeg
from napari_bonemet.forecast.planes import SAME_VOXEL
from napari_bonemet.geometry import Shape, Triple
from napari_bonemet.progress import Progress
from napari_bonemet.torch_import import import_torch

# How far a voxel of the forecast looks, voxels: what the layers of stvae_network reach, a multiple of STRIDE.
HALO = 28
# Bytes that a voxel of a block takes for each channel of the finest level, while it is drawn and while it is kept.
_WORKING, _KEPT = 24.0, 5.0
_GIB = 2**30


@dataclass(eq=False)
class NativeLooks:
    """What the network saw in each block: all that a sample needs."""

    model: TrainedNetwork
    volumes: list[np.ndarray]
    gaps: tuple[float, ...]
    last: np.ndarray
    trained: Shape
    blocks: list[Block]
    keeps: bool
    seen: dict[int, Any] = field(default_factory=dict)

    @classmethod
    def at(
        cls,
        model: TrainedNetwork,
        volumes: Sequence[np.ndarray],
        gaps: Sequence[float],
        spacing: Triple,
        progress: Progress,
        *,
        memory_gib: float = 4.0,
    ) -> Self:
        """Look at the weeks seen; see :meth:`napari_bonemet.forecast.looks.Looks.at`.

        Parameters
        ----------
        memory_gib : float
            What drawing may take beside the weeks themselves and the samples.

        Raises
        ------
        InputError
            When they show no bone.
        """
        threshold = model.options.bone_threshold
        if not any((volume > threshold).any() for volume in volumes):
            raise InputError("There is no bone to look at", expected=f"greys above {threshold:g}")
        trained = _trained_shape(volumes[0].shape, spacing, model.spacing)
        padded = [_padded(_resized(volume, trained)) for volume in volumes]
        shape = padded[0].shape
        width = float(getattr(model.options, "width", 16))
        limit = memory_gib * _GIB
        keeps = float(np.prod(shape)) * _KEPT * width <= limit / 2
        sides = side_of_blocks(shape, HALO, _WORKING * width, limit / 2 if keeps else limit, STRIDE)
        blocks = list(blocks_of(shape, sides, HALO))
        looks = cls(model, padded, tuple(gaps), volumes[-1], trained, blocks, keeps)
        for number in range(len(looks.blocks)):
            progress.check()
            if keeps:
                looks.seen[number] = looks._look(number)
            progress.advance((number + 1) / len(looks.blocks))
        return looks

    @property
    def resampled(self) -> bool:
        """Whether the network sees another voxel size."""
        return self.last.shape != self.trained

    @property
    def _shape(self) -> Shape:
        z, y, x = self.volumes[0].shape
        return (z, y, x)

    def _look(self, number: int) -> Any:
        torch = import_torch()
        wide = self.blocks[number].wide
        weeks = np.stack([volume[wide] for volume in self.volumes]).astype(np.float32)[None] / np.float32(255)
        gaps = torch.tensor([self.gaps], dtype=torch.float32, device=self.model.device)
        with torch.inference_mode(), _half(self.model.device):
            return self.model.network.see(torch.from_numpy(weeks).to(self.model.device), gaps)

    def draw(self, rng: np.random.Generator, progress: Progress) -> np.ndarray:
        """One future, greys, float32, (z, y, x)."""
        torch = import_torch()
        device = self.model.device
        noise = NoiseOfLeg(self.model.options, self._shape, int(rng.integers(2**62)), device)  # type: ignore[arg-type]
        channels = self.model.options.channels
        maps = np.empty((channels, *self._shape), dtype=np.float32)
        for number, block in enumerate(self.blocks):
            progress.check()
            seen = self.seen[number] if self.keeps else self._look(number)
            with torch.inference_mode(), _half(device):
                drawn = torch.sigmoid(self.model.network.future(seen, noise.block(block.wide)).float())
            maps[(slice(None), *block.core)] = drawn[0][(slice(None), *block.inner)].cpu().numpy()
            progress.advance((number + 1) / len(self.blocks))
        return self._placed(self._composed(maps), noise)

    def _placed(self, drawn: np.ndarray, noise: NoiseOfLeg) -> np.ndarray:
        """The future laid where a scan of it would have come to lie, slab by slab."""
        place = self.model.network.place
        if place is None:
            return drawn
        from napari_bonemet.forecast.models.stvae_place_network import shifted_in_slabs

        torch = import_torch()
        factors = torch.tensor([have / seen for have, seen in zip(drawn.shape, self.trained, strict=True)])
        with torch.inference_mode():
            shift = (noise.place * place.deviation).cpu() * factors
            return np.asarray(shifted_in_slabs(drawn, shift))

    def _composed(self, maps: np.ndarray) -> np.ndarray:
        cut = (slice(0, side) for side in self.trained)
        drawn = [_resized(one, self.last.shape) for one in maps[(slice(None), *cut)]]
        if len(drawn) == 1:
            return drawn[0] * np.float32(255)
        last, (k, c) = self.last.astype(np.float32), drawn
        return np.asarray(last * (1 - k) + k * c * np.float32(255))


def _half(device: str) -> Any:
    torch = import_torch()
    return torch.autocast(device.split(":", maxsplit=1)[0], torch.bfloat16)


def _padded(volume: np.ndarray) -> np.ndarray:
    """The volume with its border repeated up to the next multiple of STRIDE."""
    more = [(0, -side % STRIDE) for side in volume.shape]
    return np.pad(volume, more, mode="edge") if any(after for _, after in more) else volume


def _trained_shape(shape: Sequence[int], spacing: Triple, trained: Triple) -> Shape:
    """(z, y, x) of the leg in the voxels that the network was trained on; as it is where they are nearly the same."""
    factors = [have / want for have, want in zip(spacing, trained, strict=True)]
    if all(abs(factor - 1) <= SAME_VOXEL for factor in factors):
        return (shape[0], shape[1], shape[2])
    z, y, x = (max(1, round(side * factor)) for side, factor in zip(shape, factors, strict=True))
    return (z, y, x)


def _resized(volume: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    if volume.shape == tuple(shape):
        return volume
    smaller = any(side < full for side, full in zip(shape, volume.shape, strict=True))
    made = resize(volume.astype(np.float32), tuple(shape), order=1, anti_aliasing=smaller, preserve_range=True)
    return np.asarray(made, dtype=np.float32)
