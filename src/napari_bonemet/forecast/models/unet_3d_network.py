"""The two ways of a 3D U-Net, parted so that something may come between them; imports torch.

Source: Çiçek et al. 2016, 3D U-Net: two 3 x 3 x 3 convolutions at every level, each with batch normalisation,
pooling by 2 on the way down, up-convolution and the map of the same level on the way up.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module

_LEVELS = 4


def widths(width: int) -> list[int]:
    """Channels of the levels, the finest first, and of the bottom."""
    return [width * 2 ** min(level, _LEVELS - 1) for level in range(_LEVELS + 1)]


def _twice(channels: int, made: int) -> Any:
    layers: list[Any] = []
    for taken in (channels, made):
        layers += [nn.Conv3d(taken, made, 3, padding=1, bias=False), nn.BatchNorm3d(made), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class WayDown(Module):
    """Volumes (n, channels, z, y, x) to the map at the bottom, a sixteenth of each side, and those on the way."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(_twice(a, b) for a, b in pairwise([channels, *widths(width)]))
        self.halve = nn.MaxPool3d(2)

    def forward(self, x: Any) -> tuple[Any, tuple[Any, ...]]:
        """The bottom, and the maps of all other levels, the finest first."""
        maps = []
        for level in self.levels[:-1]:
            maps.append(level(x))
            x = self.halve(maps[-1])
        return self.levels[-1](x), tuple(maps)


class WayUp(Module):
    """The map at the bottom, and those of every level, to maps (n, made, z, y, x)."""

    def __init__(self, bottom: int, width: int, made: int) -> None:
        super().__init__()
        levels = widths(width)[:-1][::-1]
        self.up = nn.ModuleList(nn.ConvTranspose3d(a, b, 2, 2) for a, b in pairwise([bottom, *levels]))
        self.levels = nn.ModuleList(_twice(2 * each, each) for each in levels)
        self.out = nn.Conv3d(width, made, 1)

    def forward(self, x: Any, skips: Sequence[Any]) -> Any:
        """The maps at the finest level."""
        for up, level, skip in zip(self.up, self.levels, reversed(skips), strict=True):
            x = level(torch.cat([up(x), skip], 1))
        return self.out(x)
