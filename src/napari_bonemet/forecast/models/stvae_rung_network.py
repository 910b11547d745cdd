"""How a level of the decoder takes up what comes from below: compiled on a CPU, elsewhere in torch; import it late."""

from typing import Any, NamedTuple, Protocol

from napari_bonemet.slabs import over_slabs
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn

_LEAK = 0.1
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
        return nn.functional.leaky_relu(x, _LEAK, inplace=True)


class _Compiled:
    """On a CPU, without a map in between."""

    def rung(self, still: Any, below: Any, fields: Fields | None) -> Any:
        """See :class:`Rungs`."""
        from napari_bonemet.forecast.models.stvae_rung_kernels import rung_slab

        z, y, x = still.shape[-3:]
        made = torch.empty((z, y, x, still.shape[1]), dtype=still.dtype).permute(3, 0, 1, 2)[None]
        if fields is None:
            values, times = _nothing(still), 1
        else:
            values, times = fields
        field = values.float()[0].permute(1, 2, 3, 0).contiguous().numpy()
        arrays = _bits(still), _bits(below)
        out = _bits(made)

        def work(start: int, stop: int) -> None:
            rung_slab(*arrays, field, times, start, stop, out)

        threads = torch.get_num_threads()
        if threads == 1:
            work(0, len(out))
        else:
            over_slabs(work, len(out), slab=_SLAB, threads=threads)
        return made


def _nothing(still: Any) -> Any:
    """Scales of 1 and shifts of 0."""
    values = torch.zeros((1, 2 * still.shape[1], 1, 1, 1))
    values[:, : still.shape[1]] = 1
    return values


def _bits(maps: Any) -> Any:
    """Maps (1, channels, z, y, x) as an array of bits (z, y, x, channels), of the same memory where it lies so."""
    lying = maps[0].permute(1, 2, 3, 0).contiguous()
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
