"""The encoders and decoders of T-VAE (3D); imports torch, so import it late.

Source: Xiong et al., section 4.2.8: the 2D convolutions are replaced by 3D ones, "the other parts of the model
remain unchanged"; section 2.4.2: the U-Net connects every layer of the encoder to its own of the decoder.
"""

from typing import Any, ClassVar

from napari_bonemet.forecast.compose import resized
from napari_bonemet.forecast.models.dcgan_network import GATE_BIAS, Decoder, Encoder, as_point, coarsest, root
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.forecast.models.tvae_network import Tvae
from napari_bonemet.forecast.models.unet_3d_network import WayDown, WayUp, widths
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module


class TvaeDcgan3d(Tvae):
    """T-VAE of volumes, after DCGAN; one z for a whole block of slices."""

    memory_format: ClassVar[Any] = torch.channels_last_3d

    def ends(self, options: TvaeOptions) -> tuple[Any, Any]:
        """The encoder and the decoder."""
        return Encoder(options, dims=3), Decoder(options, dims=3)

    def taken(self, weeks: Any) -> Any:
        """Squares (n, T, z, y, x) as the encoder takes them: their planes of the network's size."""
        return resized(weeks, self.options.size)

    def given(self, maps: Any) -> Any:
        """What the decoder drew, which are maps (n, channels, z, y, x)."""
        return maps


class TvaeUnet3d(TvaeDcgan3d):
    """T-VAE of volumes, after the 3D U-Net; one z for a whole block of slices."""

    def ends(self, options: TvaeOptions) -> tuple[Any, Any]:
        """The encoder and the decoder."""
        return UnetEncoder(options), UnetDecoder(options)


class UnetEncoder(Module):
    """Volumes (n, channels, z, y, x) to vectors (n, g_dim), and the maps of every level."""

    def __init__(self, options: TvaeOptions) -> None:
        super().__init__()
        self.down = WayDown(2 if options.change else 1, options.width)
        self.head = nn.Sequential(nn.Conv3d(widths(options.width)[-1], options.g_dim, coarsest(options, 3)), nn.Tanh())

    def forward(self, x: Any) -> tuple[Any, tuple[Any, ...]]:
        """The vectors, and the maps, the finest first."""
        bottom, maps = self.down(x)
        return self.head(bottom).flatten(1), maps


class UnetDecoder(Module):
    """Vectors (n, g_dim) and z (n, z_dim) to maps (n, channels, z, y, x), before the last sigmoid."""

    def __init__(self, options: TvaeOptions) -> None:
        super().__init__()
        bottom = widths(options.width)[-1]
        self.root = root(options, 3, bottom)
        self.up = WayUp(bottom, options.width, options.channels)
        if options.output == "gate":
            nn.init.constant_(self.up.out.bias[:1], GATE_BIAS)

    def forward(self, g: Any, z: Any, skips: tuple[Any, ...]) -> Any:
        """The maps of the next week."""
        return self.up(self.root(as_point(torch.cat([g, z], 1), skips[0])), skips)
