"""The discriminator and the generator of DCGAN as an encoder and a decoder, of slices or of volumes; imports torch.

Source: Radford et al. 2016; Xiong et al., section 4.2.8.
"""

from itertools import pairwise
from typing import Any

from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module

# The gate starts out nearly shut: the first forecast is a copy of the last week.
GATE_BIAS = -2.0


def conv(dims: int, transposed: bool = False) -> Any:
    """The convolution of slices (2) or of volumes (3)."""
    return getattr(nn, f"Conv{'Transpose' * transposed}{dims}d")


def norm(dims: int) -> Any:
    """The batch normalisation of slices (2) or of volumes (3)."""
    return getattr(nn, f"BatchNorm{dims}d")


def coarsest(options: TvaeOptions, dims: int) -> tuple[int, ...]:
    """The sides of a map after four halvings."""
    return (options.depth // 16, options.size // 16, options.size // 16)[-dims:]


def _down(dims: int, channels: int, made: int) -> Any:
    return nn.Sequential(
        conv(dims)(channels, made, 4, 2, 1, bias=False), norm(dims)(made), nn.LeakyReLU(0.2, inplace=True)
    )


def _up(dims: int, channels: int, made: int) -> Any:
    return nn.Sequential(
        conv(dims, transposed=True)(channels, made, 4, 2, 1, bias=False),
        norm(dims)(made),
        nn.LeakyReLU(0.2, inplace=True),
    )


class Encoder(Module):
    """Slices or volumes (n, channels, ..., size, size) to vectors (n, g_dim), and the maps on the way."""

    def __init__(self, options: TvaeOptions, dims: int = 2) -> None:
        super().__init__()
        widths = [2 if options.change else 1, *(options.width * 2**n for n in range(4))]
        self.layers = nn.ModuleList(_down(dims, a, b) for a, b in pairwise(widths))
        self.head = nn.Sequential(conv(dims)(widths[-1], options.g_dim, coarsest(options, dims)), nn.Tanh())

    def forward(self, x: Any) -> tuple[Any, tuple[Any, ...]]:
        """The vectors, and the maps of the three finer layers."""
        maps = []
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        return self.head(x).flatten(1), tuple(maps[:3])


class Decoder(Module):
    """Vectors (n, g_dim) and z (n, z_dim) to maps (n, channels, ..., size, size), before the last sigmoid.

    The maps of the encoder's three finer layers come in beside its own ("a few layers", section 4.2.8); they
    are those of the last week seen. z comes in a second time here: by way of the predictor's memory alone
    it took far longer to be put to use.
    """

    def __init__(self, options: TvaeOptions, dims: int = 2) -> None:
        super().__init__()
        width = options.width
        self.root = root(options, dims, width * 8)
        self.coarse = _up(dims, width * 8, width * 4)
        self.middle = _up(dims, width * 8, width * 2)
        self.fine = _up(dims, width * 4, width)
        self.out = conv(dims, transposed=True)(width * 2, options.channels, 4, 2, 1)
        if options.output == "gate":
            nn.init.constant_(self.out.bias[:1], GATE_BIAS)

    def forward(self, g: Any, z: Any, skips: tuple[Any, ...]) -> Any:
        """The maps of the next week."""
        fine, middle, coarse = skips
        x = self.coarse(self.root(as_point(torch.cat([g, z], 1), fine)))
        x = self.middle(torch.cat([x, coarse], 1))
        x = self.fine(torch.cat([x, middle], 1))
        return self.out(torch.cat([x, fine], 1))


def root(options: TvaeOptions, dims: int, made: int) -> Any:
    """From g and z at a point to the coarsest map."""
    return nn.Sequential(
        conv(dims, transposed=True)(options.g_dim + options.z_dim, made, coarsest(options, dims), bias=False),
        norm(dims)(made),
        nn.LeakyReLU(0.2, inplace=True),
    )


def as_point(vectors: Any, like: Any) -> Any:
    """Vectors (n, channels) as maps of one voxel, of as many axes as `like`."""
    return vectors.reshape(*vectors.shape, *[1] * (like.ndim - 2))
