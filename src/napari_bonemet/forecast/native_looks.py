"""What ST-VAE saw of a leg, and futures drawn from it block by block, without seams, within a limit of memory.

Only blocks near bone are looked at: where the network can see no bone, a future is a copy of the last week.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import numpy as np
from skimage.transform import resize

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.blocks import Block, blocks_of, side_of_blocks
from napari_bonemet.forecast.devices import drawing_dtype, is_out_of_memory, release
from napari_bonemet.forecast.looks import TrainedNetwork
from napari_bonemet.forecast.models.stvae import STRIDE
from napari_bonemet.forecast.models.stvae_noise import NoiseOfLeg
from napari_bonemet.forecast.near_bone import boxes_around, near_bone
from napari_bonemet.forecast.planes import SAME_VOXEL
from napari_bonemet.geometry import Region, Shape, Triple
from napari_bonemet.progress import Progress
from napari_bonemet.torch_import import import_torch

MadeT = TypeVar("MadeT")

# How far a voxel of the forecast looks, voxels: what the layers of stvae_network reach, a multiple of STRIDE.
HALO = 28
# Numbers that a voxel of a block takes for each channel of the finest level, while it is drawn and while it is kept.
_WORKING, _WORKING_COMPILED, _KEPT = 8.0, 5.0, 1.4
# Voxels that a CPU draws at once.
_DRAWN_AT_ONCE = 3_000_000
# Share of the memory that what was seen may take.
_MOST_KEPT = 0.7
_GIB = 2**30
# How often the limit of memory may be halved when a device runs out of it.
_HALVINGS = 8


@dataclass(eq=False)
class NativeLooks:
    """What the network saw in each block: all that a sample needs."""

    model: TrainedNetwork
    volumes: list[np.ndarray]
    gaps: tuple[float, ...]
    last: np.ndarray
    trained: Shape
    boxes: list[Region]
    drawing: Any
    limit_bytes: float
    blocks: list[Block] = field(default_factory=list)
    keeps: bool = True
    seen: dict[int, Any] = field(default_factory=dict)
    _held: dict[str, Any] = field(default_factory=dict)
    _halved: int = 0
    _torch: Any = field(default_factory=import_torch)

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
            What drawing may take beside the weeks themselves and the samples; less where a device runs out of memory.

        Raises
        ------
        InputError
            When they show no bone.
        """
        from napari_bonemet.forecast.models.stvae_drawing_network import Drawing

        threshold = model.options.bone_threshold
        if not any((volume > threshold).any() for volume in volumes):
            raise InputError("There is no bone to look at", expected=f"greys above {threshold:g}")
        trained = _trained_shape(volumes[0].shape, spacing, model.spacing)
        padded = [_padded(_resized(volume, trained)) for volume in volumes]
        boxes = boxes_around(near_bone(padded, threshold, HALO, STRIDE), STRIDE, HALO)
        drawing = Drawing(model.network, model.device, drawing_dtype(model.device))
        looks = cls(model, padded, tuple(gaps), volumes[-1], trained, boxes, drawing, memory_gib * _GIB)
        looks._plan()
        looks._within_memory(lambda: looks._look_everywhere(progress))
        return looks

    @property
    def resampled(self) -> bool:
        """Whether the network sees another voxel size."""
        return self.last.shape != self.trained

    @property
    def _shape(self) -> Shape:
        z, y, x = self.volumes[0].shape
        return (z, y, x)

    def _plan(self) -> None:
        """Blocks that keep to the limit of memory, and whether what was seen in them can be kept, too."""
        size = self.drawing.itemsize * float(getattr(self.model.options, "width", 16))
        kept = size * _KEPT * sum(float(np.prod(_sides(box))) for box in self.boxes)
        self.keeps = kept <= self.limit_bytes * _MOST_KEPT
        limit = self.limit_bytes - kept if self.keeps else self.limit_bytes
        size *= _WORKING_COMPILED if self.model.device == "cpu" else _WORKING
        self.seen, self.blocks = {}, []
        for box in self.boxes:
            sides = side_of_blocks(_sides(box), HALO, size, limit, STRIDE, volume=self._shape)
            self.blocks += blocks_of(self._shape, sides, HALO, box=box)

    def _within_memory(self, work: Callable[[], MadeT]) -> MadeT:
        """What `work` makes, done again in smaller blocks where memory runs out."""
        while True:
            try:
                return work()
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or self._halved >= _HALVINGS:
                    raise
            self._halved += 1
            self.limit_bytes /= 2
            self._plan()
            release(self.model.device)

    def _look_everywhere(self, progress: Progress) -> None:
        for number in range(len(self.blocks)):
            progress.check()
            if self.keeps:
                self.seen[number] = self._look(number)
            progress.advance((number + 1) / len(self.blocks))

    def _look(self, number: int) -> Any:
        if number in self.seen:
            return self.seen[number]
        block, device = self.blocks[number], self.model.device
        weeks = self._torch.from_numpy(np.stack([volume[block.wide] for volume in self.volumes]))
        gaps = self._torch.tensor([self.gaps], device=device).float()
        with self._torch.inference_mode():
            return self.drawing.see(weeks.to(device).float() / 255, gaps, block.wide, block.core, self._shape)

    def draw(self, rng: np.random.Generator, progress: Progress, *, out: np.ndarray | None = None) -> np.ndarray:
        """One future, greys, float32, (z, y, x); written to `out` where that is given."""
        seed = int(rng.integers(2**62))
        made = np.empty(self.last.shape, dtype=np.float32) if out is None else out
        with self._torch.inference_mode():
            self._within_memory(lambda: self._draw(seed, progress, made))
        return made

    def _draw(self, seed: int, progress: Progress, made: np.ndarray) -> None:
        noise = NoiseOfLeg(self.model.options, self._shape, seed, self.model.device)  # type: ignore[arg-type]
        drawn = self._resampled(noise, progress) if self.resampled else self._direct(noise, progress)
        place = self.model.network.place
        to = self._torch.from_numpy(made)
        on_card = self.model.device.startswith("cuda")
        here = self._beside_the_card() if on_card else to
        if place is None:
            here.copy_(drawn)
        else:
            from napari_bonemet.forecast.models.stvae_place_network import moved

            factors = [have / seen for have, seen in zip(drawn.shape, self.trained, strict=True)]
            moved(drawn, (noise.place * place.deviation)[0].cpu() * self._torch.tensor(factors), here)
        if on_card:
            to.copy_(here)

    def _beside_the_card(self) -> Any:
        """Memory of the machine that a card writes to at full speed."""
        if "beside" not in self._held:
            self._held["beside"] = self._torch.empty(self.last.shape, pin_memory=True)
        return self._held["beside"]

    def _direct(self, noise: NoiseOfLeg, progress: Progress) -> Any:
        """The future before it is laid, at the network's own voxels, on its device."""
        drawn = self._last().clone()
        for core, maps in self._maps(noise, progress):
            # What was added to fill up the last cells is left out.
            sides = [min(part.stop, side) - part.start for part, side in zip(core, self.trained, strict=True)]
            here, (k, *c) = drawn[core], maps[:, : sides[0], : sides[1], : sides[2]]
            if c:
                here.addcmul_(c[0].mul_(255).sub_(here), k)
            else:
                here.copy_(k * 255)
        return drawn

    def _last(self) -> Any:
        """The last week, float32, on the network's device."""
        if "last" not in self._held:
            self._held["last"] = self._torch.from_numpy(self.last).to(self.model.device).float()
        return self._held["last"]

    def _maps(self, noise: NoiseOfLeg, progress: Progress) -> Any:
        for number, block in enumerate(self.blocks):
            seen = self._look(number)
            for core in self._parts(block.core):
                progress.check()
                yield core, self.drawing.future(seen, noise, core, self._shape)
            progress.advance((number + 1) / len(self.blocks))

    def _parts(self, core: Region) -> Iterator[Region]:
        """The slabs of a core that are drawn at once: on a CPU no more than it draws fastest."""
        z, y, x = core
        slices = z.stop - z.start
        if self.model.device == "cpu":
            slices = max(STRIDE, _DRAWN_AT_ONCE // ((y.stop - y.start) * (x.stop - x.start)) // STRIDE * STRIDE)
        for start in range(z.start, z.stop, slices):
            yield slice(start, min(start + slices, z.stop)), y, x

    def _resampled(self, noise: NoiseOfLeg, progress: Progress) -> Any:
        """The future before it is laid, when the network sees other voxels than the leg has."""
        maps = np.zeros((self.model.options.channels, *self._shape), dtype=np.float32)
        if len(maps) == 1:
            maps[0] = self.volumes[-1] / np.float32(255)
        for core, drawn in self._maps(noise, progress):
            maps[(slice(None), *core)] = drawn.cpu().numpy()
        z, y, x = (slice(0, side) for side in self.trained)
        there = [_resized(one, self.last.shape) for one in maps[:, z, y, x]]
        if len(there) == 1:
            made = there[0] * np.float32(255)
        else:
            last, (k, c) = self.last.astype(np.float32), there
            made = last * (1 - k) + k * c * np.float32(255)
        return self._torch.from_numpy(made).to(self.model.device)


def _sides(box: Region) -> Shape:
    z, y, x = (part.stop - part.start for part in box)
    return (z, y, x)


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
