"""Large volumes on the canvas: which of ours come in levels, and what a screen can show of a whole one."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from napari_bonemet.io.pyramid import CoarseLevel, Pyramid, shared_pyramid
from napari_bonemet.io.slabbed import SlabbedVolume
from napari_bonemet.scan import Kind, Scan, Voxels

__all__ = [
    "finest_of",
    "in_levels",
    "is_large",
    "level_that_fits",
    "level_words",
    "pyramid_of",
    "show_voxels",
    "voxels_of",
]

# Below this napari draws a whole volume at once, with or without a graphics card.
LARGE_VOXELS = 2**25
# Cards of laptops have 4 GB or more, and are drawn on by others too.
_CARD_BYTES = 3 * 2**30
# Without a card every voxel is walked through by the processor: so many are drawn in a second or two.
_DRAWN_WITHOUT_CARD = 2**24
_SIDE_WITHOUT_ANSWER = 2048
_SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "software")


def is_large(scan: Scan) -> bool:
    """Whether a scan is too large to be drawn as it is."""
    return int(np.prod(scan.shape)) >= LARGE_VOXELS


def in_levels(scan: Scan) -> list[Any] | None:
    """The voxels of a large scan as levels that are read when looked at; None for what is small."""
    if not is_large(scan):
        return None
    codes = scan.kind in (Kind.COMPOSITE, Kind.LABELS) or np.dtype(scan.voxels.dtype).kind == "b"
    levels = shared_pyramid(scan.voxels, not codes).levels()
    return levels if len(levels) > 1 else None


def pyramid_of(layer: Any) -> Pyramid | None:
    """The pyramid that a layer of ours shows; None for small ones and the user's own."""
    data = layer.data
    last = data[len(data) - 1] if getattr(layer, "multiscale", False) else None
    return last.pyramid if isinstance(last, CoarseLevel) else None


def voxels_of(layer: Any) -> Voxels:
    """The voxels that a layer was made of, whole and as they are, whatever level is on the screen."""
    if not getattr(layer, "multiscale", False):
        return layer.data
    finest = layer.data[0]
    return finest.voxels if isinstance(finest, SlabbedVolume) else finest


def finest_of(layer: Any) -> Any:
    """The finest level of a layer as an array whose slices are read when looked at, and kept for a while."""
    return layer.data[0] if getattr(layer, "multiscale", False) else layer.data


def show_voxels(layer: Any, scan: Scan) -> None:
    """Have a layer of ours show other voxels on the same grid, at the level that it was at."""
    if not layer.multiscale:
        layer.data = scan.voxels
        return
    locked = layer.locked_data_level
    layer.data = in_levels(scan)
    layer.locked_data_level = locked


def level_that_fits(pyramid: Pyramid, itemsize: int, beside: int) -> int:
    """The finest level of which `beside` such volumes can be drawn whole.

    Parameters
    ----------
    pyramid : Pyramid
        The volume.
    itemsize : int
        Bytes of a voxel on the card.
    beside : int
        How many volumes are on the canvas.
    """
    side, most = largest_texture(), most_voxels(itemsize) // max(beside, 1)
    for level, shape in enumerate(pyramid.shapes):
        if max(shape) <= side and int(np.prod(shape)) <= most:
            return level
    return len(pyramid.shapes) - 1


@lru_cache(maxsize=1)
def largest_texture() -> int:
    """Most voxels along a side that the card takes in 3D."""
    try:
        from napari._vispy.utils.gl import get_max_texture_sizes

        return int(get_max_texture_sizes()[1] or _SIDE_WITHOUT_ANSWER)
    except Exception:  # napari's own place for it may move, and drivers refuse to answer in their own ways
        return _SIDE_WITHOUT_ANSWER


@lru_cache(maxsize=1)
def drawn_without_card() -> bool:
    """Whether pictures are drawn by the processor."""
    try:
        from vispy.gloo import gl

        name = str(gl.glGetParameter(gl.GL_RENDERER)).lower()
    except Exception:  # as above
        return False
    return any(word in name for word in _SOFTWARE)


def most_voxels(itemsize: int) -> int:
    """How many voxels are drawn at once, on a card or without one, and held beside everything else."""
    import psutil  # type: ignore[import-untyped]

    spare = int(psutil.virtual_memory().available) // 4 // max(itemsize, 1)
    drawn = _DRAWN_WITHOUT_CARD if drawn_without_card() else _CARD_BYTES // max(itemsize, 1)
    return min(drawn, spare)


def bytes_on_card(dtype: Any) -> int:
    """Bytes of a voxel once napari has handed it to the card."""
    kind = np.dtype(dtype)
    return kind.itemsize if kind in (np.uint8, np.int8, np.uint16, bool) else 4


def level_words(pyramids: Sequence[tuple[Pyramid, int, tuple[float, ...]]]) -> str:
    """What is said of levels on the canvas: "shown at 1/4: 42.4 µm"; nothing where all are shown whole."""
    shown = [(max(p.factor(level)), level, p, spacing) for p, level, spacing in pyramids if level > 0]
    if not shown:
        return ""
    factor, level, pyramid, spacing = max(shown, key=lambda one: one[0])
    size = max(s * f for s, f in zip(spacing[-3:], pyramid.factor(level), strict=True))
    return f"shown at 1/{factor}: {size:.3g} µm"
