"""A trained ST-VAE made ready for drawing; imports torch, so import it late.

What the network computes is the same, less what needs no computing: normalisation goes into the convolutions before
it, noise that is alike in a neighbourhood scales and shifts maps by fields that are made at the coarsest level, and
each level of a block is drawn only as far as its core needs.
"""

from typing import Any, NamedTuple

from napari_bonemet.forecast.models.losses import Gaussian
from napari_bonemet.forecast.models.stvae import LEAK, STRIDE
from napari_bonemet.forecast.models.stvae_noise import STEPS, NoiseOfLeg
from napari_bonemet.forecast.models.stvae_rung_network import Fields, Rungs, rungs_for
from napari_bonemet.geometry import Region, Shape, grown
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn

# Voxels around the core of a block that each level of the decoder needs, fine to coarse.
_MARGINS = (4, 8, 12)
# Channels that matrix units of NVIDIA's cards take at once in half precision.
_UNITS = 8


class SeenBlock(NamedTuple):
    """What a block leaves behind: per level the half of the decoder's sum that no noise moves; the prior of z."""

    core: Region
    levels: tuple[Any, Any, Any]
    prior: Gaussian | None

    def within(self, core: Region, shape: Shape) -> "SeenBlock":
        """What a part of the core needs."""
        have, want = _parts(self.core, shape), _parts(core, shape)
        fine, middle, coarse = (
            _trimmed(level, *of, step)
            for level, of, step in zip(self.levels, zip(have, want, strict=True), STEPS, strict=True)
        )
        prior = self.prior
        if prior is not None:
            prior = Gaussian(*(_trimmed(of, have[2], want[2], STRIDE) for of in (prior.mean, prior.log_variance)))
        return SeenBlock(core, (fine, middle, coarse), prior)


class Drawing:
    """Layers with the normalisation inside, on the network's device.

    Parameters
    ----------
    network : Stvae
        Trained, in eval mode.
    dtype : torch.dtype
        What convolutions compute in.
    """

    def __init__(self, network: Any, device: str, dtype: Any) -> None:
        self._options, self._device, self._dtype = network.options, device, dtype
        encoder, decoder = network.encoder, network.decoder
        self._blocks = [self._block(block) for block in (encoder.fine, encoder.middle, encoder.coarse)]
        rungs = (decoder.fine, decoder.middle, decoder.coarse)
        self._skips = [self._folded(rung.skip, rung.norm) for rung in rungs]
        self._belows = [self._ready(_scaled(rung.below.weight, rung.norm)) for rung in rungs[:2]]
        self._mids = [self._folded(pair[0], pair[1]) for pair in (decoder.mid, decoder.deep)]
        weight, bias = filled_up(decoder.out, _UNITS if device.startswith("cuda") else 1)
        self._out = (self._ready(weight), self._ready(bias))
        self._modulations = [None if rung.noise is None else _fields(rung.noise.fields) for rung in rungs]
        prior = getattr(network, "prior", None)
        self._prior = None if prior is None else (self._ready(prior.weight), self._ready(prior.bias))
        self._rungs: Rungs = rungs_for(device)

    @property
    def itemsize(self) -> int:
        """Bytes of a number."""
        return int(self._dtype.itemsize)

    def _ready(self, weight: Any) -> Any:
        made = weight.detach().to(self._device, self._dtype)
        return made.contiguous(memory_format=torch.channels_last_3d) if made.ndim == 5 else made

    def _folded(self, layer: Any, norm: Any) -> tuple[Any, Any]:
        return self._ready(_scaled(layer.weight, norm)), self._ready(_bias(layer, norm))

    def _block(self, block: Any) -> tuple[Any, Any, Any, Any]:
        first, norm = block.first, block.norms[0]
        weight, stride = self._ready(_scaled(first.weight, norm)), first.stride[0]
        second = self._folded(block.second, block.norms[1])
        return weight, (_bias(first, norm), block.time), stride, second

    def see(self, weeks: Any, gaps: Any, wide: Region, core: Region, shape: Shape) -> SeenBlock:
        """Take in a block `wide` (weeks, z, y, x), greys 0 to 1, and keep what its `core` needs."""
        x = (2 * weeks[None] - 0.5).to(self._dtype).contiguous(memory_format=torch.channels_last_3d)
        parts, levels, prior = _parts(core, shape), [], None
        for level, (weight, (bias, time), stride, second) in enumerate(self._blocks):
            told = (bias + time(gaps - 1)[0]).to(self._dtype)
            x = _leaky(nn.functional.conv3d(x, weight, told, stride, 1))
            x = _leaky(nn.functional.conv3d(x, *second, padding=1))
            kept = nn.functional.conv3d(x, *self._skips[level], padding=1)
            kept = _trimmed(kept, wide, parts[level], STEPS[level])
            levels.append(kept.clone(memory_format=torch.channels_last_3d))
        if self._prior is not None:
            drawn_from = _trimmed(nn.functional.conv3d(x, *self._prior), wide, parts[2], STRIDE)
            mean, log_variance = drawn_from.float().chunk(2, 1)
            prior = Gaussian(mean, log_variance.clamp(-10, 6))
        return SeenBlock(core, (levels[0], levels[1], levels[2]), prior)

    def future(self, seen: SeenBlock, noise: NoiseOfLeg, core: Region, shape: Shape) -> Any:
        """Maps (channels, z, y, x) of a core, or of a part of it, float32, 0 to 1."""
        seen = seen.within(core, shape)
        parts = _parts(core, shape)
        x = _leaky(self._coarsest(seen, noise, parts[2]))
        x = _leaky(nn.functional.conv3d(x, *self._mids[1], padding=1))
        x = nn.functional.conv3d(_trimmed(x, parts[2], parts[1], STRIDE), self._belows[1])
        x = self._rungs.rung(seen.levels[1], x, self._modulation(1, noise, parts[1]))
        x = _leaky(nn.functional.conv3d(x, *self._mids[0], padding=1))
        x = nn.functional.conv3d(_trimmed(x, parts[1], parts[0], 2), self._belows[0])
        x = self._rungs.rung(seen.levels[0], x, self._modulation(0, noise, parts[0]))
        x = nn.functional.conv3d(x, *self._out, padding=1)[:, : self._options.channels]
        return torch.sigmoid(_trimmed(x, parts[0], core, 1)[0].float())

    def _coarsest(self, seen: SeenBlock, noise: NoiseOfLeg, part: Region) -> Any:
        still, layer = seen.levels[2], self._modulations[2]
        if layer is None:
            return still.clone()
        drawn = noise.own(2, part) if seen.prior is None else seen.prior.draw(noise.latent(part))
        scale, shift = (_made(drawn, weight, bias) for weight, bias in zip(*(of.chunk(2) for of in layer), strict=True))
        return torch.addcmul(shift, still, scale).to(self._dtype)

    def _modulation(self, level: int, noise: NoiseOfLeg, part: Region) -> Fields | None:
        """Scales and shifts of a level: at the coarsest grid where its noise is smooth, else at its own."""
        layer = self._modulations[level]
        if layer is None:
            return None
        if self._options.local_fields[level]:
            return Fields(_made(noise.own(level, part), *layer), 1)
        return Fields(_made(noise.smooth(part), *layer), STRIDE // STEPS[level])


def filled_up(layer: Any, units: int) -> tuple[Any, Any]:
    """Weight and bias of a layer with so many channels more that `units` divides them; those make nothing."""
    more = -len(layer.bias) % units
    return nn.functional.pad(layer.weight.detach(), (0,) * 9 + (more,)), nn.functional.pad(
        layer.bias.detach(), (0, more)
    )


def _parts(core: Region, shape: Shape) -> list[Region]:
    """How far each level is drawn."""
    return [grown(core, margin, shape) for margin in _MARGINS]


def _trimmed(x: Any, have: Region, want: Region, step: int) -> Any:
    """Maps (..., z, y, x) of a region, `step` voxels apart, cut to another that it holds."""
    cut = (
        slice((to.start - of.start) // step, (to.stop - of.start) // step) for of, to in zip(have, want, strict=True)
    )
    return x[(..., *cut)]


def _leaky(x: Any) -> Any:
    return nn.functional.leaky_relu(x, LEAK, inplace=True)


def _gain(norm: Any) -> Any:
    return (norm.weight / (norm.running_var + norm.eps).sqrt()).detach()


def _scaled(weight: Any, norm: Any) -> Any:
    return weight.detach() * _gain(norm)[:, None, None, None, None]


def _bias(layer: Any, norm: Any) -> Any:
    before = norm.running_mean if layer.bias is None else norm.running_mean - layer.bias
    return (norm.bias - _gain(norm) * before).detach()


def _fields(layer: Any) -> tuple[Any, Any]:
    """From noise to scales (around 1) and shifts."""
    bias = layer.bias.detach().clone()
    bias[: len(bias) // 2] += 1
    return layer.weight.detach().flatten(1), bias


def _made(noise: Any, weight: Any, bias: Any) -> Any:
    """Fields (1, made, z, y, x), channels last, from noise (1, channels, z, y, x), voxel by voxel."""
    lying = noise[0].permute(1, 2, 3, 0).contiguous()
    return nn.functional.linear(lying, weight, bias).permute(3, 0, 1, 2)[None]
