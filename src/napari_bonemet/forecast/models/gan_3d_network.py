"""The layers of 3D-GAN; imports torch, so import it late."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from napari_bonemet.forecast.compose import resized
from napari_bonemet.forecast.models.dcgan_network import GATE_BIAS
from napari_bonemet.forecast.models.gan_3d import Gan3dOptions
from napari_bonemet.forecast.models.unet_3d_network import WayDown, WayUp, widths
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module


class SeenVolumes(NamedTuple):
    """What the weeks seen leave behind, all that a sample needs; blocks of slices first."""

    bottom: Any  # (blocks, channels, z, y, x), a sixteenth of each side
    skips: tuple[Any, ...]  # of every level, the finest first


class Gan3d(Module):
    """The generator: all weeks seen are the channels of a 3D U-Net, and noise comes in at its bottom.

    The discriminator is no part of it: it teaches (:class:`~napari_bonemet.forecast.gan_learner.GanLearner`), and
    draws nothing.
    """

    def __init__(self, options: Gan3dOptions) -> None:
        super().__init__()
        self.options = options
        bottom = widths(options.width)[-1]
        self.down = WayDown(options.weeks_seen, options.width)
        self.up = WayUp(bottom + options.z_dim, options.width, options.channels)
        if options.output == "gate":
            nn.init.constant_(self.up.out.bias[:1], GATE_BIAS)
        self.to(memory_format=torch.channels_last_3d)

    def see(self, weeks: Any, gaps: Any) -> SeenVolumes:
        """Take in squares (n, seen, z, y, x), 0 to 1."""
        del gaps
        return SeenVolumes(*self.down(resized(weeks, self.options.size)))

    def future(self, seen: SeenVolumes, noise: Any) -> Any:
        """The maps of the next week, (n, channels, z, size, size), before the sigmoid, for `noise` (n, z_dim)."""
        bottom = seen.bottom
        everywhere = noise.to(bottom.dtype)[..., None, None, None].expand(-1, -1, *bottom.shape[2:])
        return self.up(torch.cat([bottom, everywhere], 1), seen.skips)

    def noise(self, shape: Sequence[int], generator: Any, device: Any = "cpu") -> Any:
        """What one future of `shape` (n, z, y, x) is drawn from: a standard normal (n, z_dim)."""
        return torch.randn((shape[0], self.options.z_dim), generator=generator, device=device)


class Discriminator(Module):
    """Whether the week after the last one seen is a true one: DCGAN's discriminator, a say for each of many places.

    Source: Wu et al. 2016 (3D-GAN) for volumes; Isola et al. 2017 (pix2pix) for what it is given and for its places.
    """

    def __init__(self, options: Gan3dOptions) -> None:
        super().__init__()
        channels = [2, *(options.critic_width * 2**n for n in range(4))]
        layers: list[Any] = []
        for number, (taken, made) in enumerate(pairwise(channels)):
            layers.append(nn.Conv3d(taken, made, 4, 2, 1))
            layers += [nn.BatchNorm3d(made)] if number else []
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        self.layers = nn.Sequential(*layers, nn.Conv3d(channels[-1], 1, 1))
        self.to(memory_format=torch.channels_last_3d)

    def forward(self, last: Any, week: Any) -> Any:
        """Logits of places, from the last week seen and the next one, (n, z, size, size) each."""
        return self.layers(torch.stack([last, week], 1).contiguous(memory_format=torch.channels_last_3d)).float()
