"""The noise of a future: without a memory, alike in a neighbourhood, and one for the whole leg, at three levels.

While it learns, the network draws the noise of its blocks as a whole. When it forecasts a leg, every block is cut out
of one field that covers the leg, so that neighbouring blocks show the same future.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from napari_bonemet.forecast.models.stvae import STRIDE, StvaeOptions
from napari_bonemet.geometry import Region
from napari_bonemet.torch_import import import_torch

STEPS = (1, 2, STRIDE)
# A stream of random numbers that no slab of noise has.
_PLACE = 2**31


class Noise(NamedTuple):
    """Standard normal fields for each level of the decoder, (n, channels, z, y, x), and (n, 3) for the place.

    None is no noise.
    """

    fine: Any = None
    middle: Any = None
    coarse: Any = None
    place: Any = None


def draw_noise(options: StvaeOptions, shape: Sequence[int], generator: Any, device: Any = "cpu") -> Noise:
    """The noise of one future of each of n blocks of `shape` (n, z, y, x)."""
    torch = import_torch()
    n, sizes = shape[0], [[-(-side // step) for side in shape[1:]] for step in STEPS]

    def normal(channels: int, size: Sequence[int]) -> Any:
        return torch.randn((n, channels, *size), generator=generator, device=device)

    place = torch.randn((n, 3), generator=generator, device=device) if options.place else None
    if options.objective == "elbo":
        return Noise(coarse=normal(options.z_dim, sizes[2]), place=place)
    everywhere = normal(options.global_noise, (1, 1, 1))
    regional = smooth(normal(options.regional_noise, widened(options, sizes[2])), options)
    alike = joined(torch, regional, everywhere)
    fine, middle, coarse = (
        at_level(torch, normal(*local), alike) for local in zip(options.local_fields, sizes, strict=True)
    )
    return Noise(fine, middle, coarse, place)


def joined(torch: Any, regional: Any, everywhere: Any) -> Any:
    """The noise that has a neighbourhood: the regional one of the coarsest level, and the whole leg's."""
    return torch.cat([regional, everywhere.expand(-1, -1, *regional.shape[-3:])], 1)


def at_level(torch: Any, local: Any, alike: Any) -> Any:
    """Local noise of a level and the noise that has a neighbourhood, as the decoder takes them."""
    size = tuple(local.shape[-3:])
    if alike.shape[-3:] != size:
        alike = torch.nn.functional.interpolate(alike, size=size, mode="trilinear", align_corners=False)
    return torch.cat([local, alike], 1)


def _reach(options: StvaeOptions) -> int:
    return int(np.ceil(2.5 * options.region_voxels / STRIDE))


def widened(options: StvaeOptions, size: Sequence[int]) -> list[int]:
    """How much white noise :func:`smooth` needs to make a field of `size` at the coarsest level."""
    return [side + 2 * _reach(options) for side in size]


def smooth(white: Any, options: StvaeOptions) -> Any:
    """White noise (n, channels, z, y, x) under a Gaussian kernel that keeps its variance, what it lacks cut off."""
    torch = import_torch()
    reach, sigma = _reach(options), options.region_voxels / STRIDE
    at = torch.arange(-reach, reach + 1, device=white.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)
    kernel = kernel / kernel.square().sum().sqrt()
    x = white
    for axis in range(2, 5):
        made = x.shape[axis] - 2 * reach
        # A product with a band of the kernel: one convolution of a single channel takes ten times as long.
        band = torch.zeros((made, x.shape[axis]), device=white.device)
        for tap in range(len(at)):
            band.diagonal(tap)[:made] = kernel[tap]
        x = torch.movedim(torch.movedim(x, axis, -1) @ band.T, -1, axis)
    return x.contiguous()


class NoiseOfLeg:
    """The noise of one future of a whole leg, out of which blocks are cut; the same block is always the same.

    Parameters
    ----------
    options : StvaeOptions
        Which fields there are.
    shape : sequence of int
        (z, y, x) of the leg, multiples of STRIDE.
    seed : int
        Which future.
    """

    def __init__(self, options: StvaeOptions, shape: Sequence[int], seed: int, device: str = "cpu") -> None:
        self._torch = import_torch()  # once: it looks at the process each time
        self._options, self._shape, self._seed, self._device = options, tuple(shape), seed, device
        coarse = [side // STRIDE for side in shape]
        fields = options.regional_noise if options.objective == "score" else options.z_dim
        self._everywhere = self._normal(0, options.global_noise, (1, 1, 1))
        self._regional = smooth(self._normal(1, fields, widened(options, coarse)), options)

    def _normal(self, stream: int, channels: int, size: Sequence[int]) -> Any:
        seed = np.random.SeedSequence([self._seed, stream]).generate_state(2, np.uint64)
        generator = self._torch.Generator().manual_seed(int(seed[0] >> np.uint64(1)))
        return self._torch.randn((1, channels, *size), generator=generator).to(self._device)

    def _local(self, level: int, channels: int, block: Region) -> Any:
        """A block of a level's own noise, whose slabs of coarse slices have a stream each."""
        step = STRIDE // STEPS[level]
        y, x = (slice(part.start // STEPS[level], part.stop // STEPS[level]) for part in block[1:])
        plane = [side // STEPS[level] for side in self._shape[1:]]
        if not channels:
            size = [(part.stop - part.start) // STEPS[level] for part in block]
            return self._torch.empty((1, 0, *size), device=self._device)
        slabs = range(block[0].start // STRIDE, block[0].stop // STRIDE)
        noise = [self._normal(2 + level + 3 * slab, channels, (step, *plane))[..., y, x] for slab in slabs]
        return self._torch.cat(noise, 2)

    @property
    def place(self) -> Any:
        """What the place of the whole leg is drawn from, (1, 3)."""
        return self._options.placed * self._normal(_PLACE, 3, (1, 1, 1))[..., 0, 0, 0]

    def block(self, block: Region) -> Noise:
        """The noise of a block that starts and ends at multiples of STRIDE."""
        if self._options.objective == "elbo":
            return Noise(coarse=self.latent(block))
        return Noise(*(self.own(level, block) for level in range(3)))

    def latent(self, block: Region) -> Any:
        """What the latent field of the elbo is drawn from, as alike in a neighbourhood as the options say."""
        alike = self._options.z_alike
        local = self._local(2, self._options.z_dim, block)
        return (1 - alike) ** 0.5 * local + alike**0.5 * self._regional[(..., *_cells(block))]

    def smooth(self, block: Region) -> Any:
        """The noise at the coarsest level that has a neighbourhood, (1, channels, z, y, x)."""
        return joined(self._torch, self._regional[(..., *_cells(block))], self._everywhere)

    def own(self, level: int, block: Region) -> Any:
        """All noise of a level of the decoder, (1, channels, z, y, x)."""
        local = self._local(level, self._options.local_fields[level], block)
        return at_level(self._torch, local, self.smooth(block))


def _cells(block: Region) -> tuple[slice, ...]:
    return tuple(slice(part.start // STRIDE, part.stop // STRIDE) for part in block)
