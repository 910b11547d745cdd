"""How a level of the decoder takes up what comes from below: compiled on a CPU, elsewhere in torch; import it late."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from napari_bonemet.forecast.models.stvae import LEAK
from napari_bonemet.slabs import over_slabs
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn

_SLAB = 8


class Fields(NamedTuple):
    """Scales and shifts (1, 2 channels, z, y, x), float32, and how many times finer the maps are."""

    values: Any
    times: int


class Rungs(Protocol):
    """What works out a level."""

    def rung(self, still: Any, below: Any, fields: Fields | None) -> Any:
        """(still + below, twice as fine) * scale + shift, rectified; maps (1, channels, z, y, x), channels last."""


def rungs_for(device: str) -> Rungs:
    """The way that suits a device."""
    return _Compiled() if device == "cpu" else InTorch()


class InTorch:
    """Channels last throughout; what is between two voxels is worked out axis by axis."""

    def rung(self, still: Any, below: Any, fields: Fields | None) -> Any:
        """See :class:`Rungs`."""
        x = still + finer(below, 2)
        if fields is not None:
            scale, shift = finer(fields.values.to(x.dtype), fields.times).chunk(2, 1)
            x = torch.addcmul(shift, x, scale)
        return nn.functional.leaky_relu(x, LEAK, inplace=True)


class _Compiled:
    """On a CPU, without a map in between; what one level makes is overwritten by the next."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}

    def rung(self, still: Any, below: Any, fields: Fields | None) -> Any:
        """See :class:`Rungs`."""
        from napari_bonemet.forecast.models.stvae_rung_kernels import rung_slab

        channels, z, y, x = still.shape[1:]
        made = self._empty("made", (z, y, x, channels), still.dtype)
        scale, shift = (_nothing(channels, x) if fields is None else fields.values[0]).chunk(2)
        rows = [self._rows(name, maps, x) for name, maps in (("below", below[0]), ("scale", scale), ("shift", shift))]
        bits, out = _bits(still[0].permute(1, 2, 3, 0)), _bits(made)
        over_slabs(
            lambda start, stop: rung_slab(bits, *rows, start, stop, out), z, slab=_SLAB, threads=torch.get_num_threads()
        )
        return made.permute(3, 0, 1, 2)[None]

    def _rows(self, name: str, maps: Any, width: int) -> Any:
        """Maps (channels, z, y, x), made finer along x to `width`, as an array (z, y, x * channels), float32."""
        from napari_bonemet.forecast.models.stvae_rung_kernels import finer_along_x

        lying = maps.permute(1, 2, 3, 0).float().contiguous().numpy()
        z, y, x, channels = lying.shape
        if x == width:
            return lying.reshape(z, y, -1)
        made = self._empty(name, (z, y, width, channels), torch.float32).numpy()
        over_slabs(
            lambda start, stop: finer_along_x(lying, width // x, start, stop, made),
            z,
            slab=_SLAB,
            threads=torch.get_num_threads(),
        )
        return made.reshape(z, y, -1)

    def _empty(self, name: str, shape: Sequence[int], dtype: Any) -> Any:
        """Memory that was used before: to ask the system for it anew each time takes as long as to fill it."""
        size = math.prod(shape)
        if name not in self._held or self._held[name].numel() < size or self._held[name].dtype != dtype:
            self._held[name] = torch.empty(size, dtype=dtype)
        return self._held[name][:size].view(*shape)


def _nothing(channels: int, width: int) -> Any:
    """Scales of 1 and shifts of 0 for a whole row."""
    values = torch.zeros((2 * channels, 1, 1, width))
    values[:channels] = 1
    return values


def _bits(maps: Any) -> Any:
    """Maps (z, y, x, channels) as an array of bits (z, y, x * channels), of the same memory where it lies so."""
    lying = maps.contiguous().flatten(2)
    if lying.dtype == torch.bfloat16:
        return lying.view(torch.int16).numpy().view("uint16")
    return lying.view(torch.int32).numpy().view("uint32")


def finer(x: Any, times: int) -> Any:
    """Maps (1, channels, z, y, x) on a grid `times` finer, linear in between, borders repeated; channels last."""
    if times == 1:
        return x
    lying = x[0].permute(1, 2, 3, 0)
    for axis in range(3):
        lying = _finer_along(lying, axis, times)
    return lying.permute(3, 0, 1, 2)[None]


def _finer_along(x: Any, axis: int, times: int) -> Any:
    size = x.shape[axis]
    made = x.new_empty([*x.shape[:axis], size * times, *x.shape[axis + 1 :]])
    first, last = x.narrow(axis, 0, 1), x.narrow(axis, size - 1, 1)
    wide = torch.cat([first, x, last], axis)
    split = made.unflatten(axis, (size, times))
    for phase in range(times):
        at = (phase + 0.5) / times - 0.5
        start = 0 if at < 0 else 1
        low, high = wide.narrow(axis, start, size), wide.narrow(axis, start + 1, size)
        split.select(axis + 1, phase).copy_(torch.lerp(low, high, at % 1))
    return made
