"""Where a network of native resolution looks: blocks that cover a leg, each with as much around it as it depends on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from napari_bonemet.geometry import Region, Shape, grown


@dataclass(frozen=True)
class Block:
    """A part of a volume.

    Parameters
    ----------
    core : tuple of slice
        What is taken from it.
    wide : tuple of slice
        What has to be looked at for that.
    """

    core: Region
    wide: Region

    @property
    def inner(self) -> Region:
        """The core within what is looked at."""
        z, y, x = (
            slice(core.start - wide.start, core.stop - wide.start)
            for core, wide in zip(self.core, self.wide, strict=True)
        )
        return (z, y, x)


def side_of_blocks(
    shape: Shape, halo: int, bytes_per_voxel: float, limit_bytes: float, stride: int, *, volume: Shape | None = None
) -> Shape:
    """The largest blocks, in multiples of `stride`, that with `halo` around them stay within a limit of memory.

    Slices are halved along the longest side until it is kept, but never below `stride`. `shape` is that of the part
    of a volume that is covered with blocks; it is the whole volume when `volume` is None.
    """
    sides = [-(-side // stride) * stride for side in shape]
    while True:
        wide = [min(side + 2 * halo, full) for side, full in zip(sides, volume or shape, strict=True)]
        longest = int(np.argmax(sides))
        if float(np.prod(wide)) * bytes_per_voxel <= limit_bytes or sides[longest] <= stride:
            return (sides[0], sides[1], sides[2])
        sides[longest] = max(stride, -(-(sides[longest] // 2) // stride) * stride)


def blocks_of(shape: Shape, sides: Sequence[int], halo: int, *, box: Region | None = None) -> Iterator[Block]:
    """The blocks of a volume, or of a box in it; none looks beyond the volume's border."""
    parts = box or tuple(slice(0, full) for full in shape)
    starts = [range(part.start, part.stop, side) for part, side in zip(parts, sides, strict=True)]
    for corner in product(*starts):
        z, y, x = (
            slice(start, min(start + side, part.stop)) for start, side, part in zip(corner, sides, parts, strict=True)
        )
        yield Block((z, y, x), grown((z, y, x), halo, shape))
