"""How results look on the canvas: the colours of composites and differences, the same as in the figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex, to_rgba
from napari.layers import Image
from napari.utils import Colormap, DirectLabelColormap

from napari_bonemet.figures.palette import COMPOSITE_CODES, CompositeStyle, composite_colour
from napari_bonemet.scan import Scan

CLASS_NAMES = {"lost": "resorbed", "kept": "conserved", "formed": "formed"}
TOO_LITTLE = (0.25, 0.55, 1.0)
TOO_MUCH = (1.0, 0.52, 0.1)
_HAZE = 0.02


def composite_colormap(style: CompositeStyle) -> DirectLabelColormap:
    """A labels colour map for the codes 0, 60, 180 and 240; what is neither is clear."""
    clear = np.zeros(4)
    colours: dict[int | None, np.ndarray] = {None: clear, 0: clear}
    for name, code in COMPOSITE_CODES.items():
        if code:
            colours[code] = np.array([*composite_colour(name, style), 1.0])
    return DirectLabelColormap(color_dict=colours)


def legend(style: CompositeStyle) -> str:
    """A legend of the composite's classes, as rich text."""
    swatches = []
    for name, words in CLASS_NAMES.items():
        colour = to_hex(composite_colour(name, style))
        grey = f" ({COMPOSITE_CODES[name]})" if style == "published" else ""
        swatches.append(f'<span style="color:{colour}; font-size:large">&#9632;</span>&nbsp;{words}{grey}')
    return " &nbsp; ".join(swatches)


def difference_colormap(*, volume: bool = False) -> Colormap:
    """Blue where grey is missing, orange where there is too much, clear where both agree.

    Dark and clear in the middle, so that it reads on the dark canvas and, as a volume, lets one look through
    to the disagreement inside; the noise of thousands of voxels in line would hide that, so a volume leaves
    out the smallest third of the range.

    Parameters
    ----------
    volume : bool
        For 3D; slices show every difference.
    """
    edge, clear = 1 / 6 if volume else 0.0, [0.0, 0.0, 0.0, 0.0]
    return Colormap(
        np.array([[*TOO_LITTLE, 1.0], clear, clear, [*TOO_MUCH, 1.0]]),
        name="missing to surplus",
        controls=[0.0, 0.5 - max(edge, 1e-6), 0.5 + max(edge, 1e-6), 1.0],
    )


def signed_range(difference: np.ndarray) -> tuple[float, float]:
    """Contrast limits symmetric about zero that show all but the most extreme 0.1 % of what differs."""
    sizes = np.abs(difference[difference != 0])
    top = float(np.quantile(sizes, 0.999)) if sizes.size else 1.0
    return (-max(top, 1.0), max(top, 1.0))


def look_like_bone(layers: Sequence[Image], threshold: float) -> None:
    """Draw grey layers as bone surfaces when they are seen as volumes; slices stay as they are."""
    for layer in layers:
        layer.rendering = "iso"
        layer.iso_threshold = threshold


def look_like_difference(layer: Image, difference: np.ndarray) -> None:
    """Draw a signed difference, with its colour bar."""
    layer.colormap = difference_colormap()
    layer.contrast_limits = signed_range(difference)
    layer.rendering = "translucent"
    with_colorbar(layer)


def grey_limits(scans: Sequence[Scan]) -> tuple[float, float]:
    """One range for all: 0 to 255 where any holds bytes, otherwise from the darkest to the brightest voxel."""
    if any(np.dtype(scan.voxels.dtype) == np.uint8 for scan in scans):
        return (0.0, 255.0)
    arrays = [scan.to_numpy() for scan in scans]
    return (float(min(a.min() for a in arrays)), float(max(a.max() for a in arrays)))


def show_slice_of(viewer: Any, scan: Scan) -> None:
    """Go to the middle slice of a scan where the slice on the canvas lies outside it."""
    axis = int(viewer.dims.ndim) - 3
    low, high = scan.origin[0], scan.grid.to_um((scan.shape[0] - 1, 0, 0))[0]
    if axis >= 0 and not low <= viewer.dims.point[axis] <= high:
        viewer.dims.set_point(axis, scan.grid.centre[0])


def share_colormap(*, volume: bool = False) -> Colormap:
    """For a share of samples: what none says is dark, what all say is pale, and colour is where they differ.

    Parameters
    ----------
    volume : bool
        For 3D: clear where all samples agree, but for a haze of what all say, so that one looks through to where
        they differ; slices show every share.
    """
    share = np.linspace(0, 1, 256)
    colours = np.array(mpl.colormaps["magma"](share))
    if volume:
        colours[:, 3] = np.clip(4 * share * (1 - share), _HAZE * share, 1)
    return Colormap(colours, name="share of samples")


def clear_colormap(name: str, of: str) -> Colormap:
    """A colormap of matplotlib that is clear at zero, so that the bone below is seen where there is nothing to say.

    Parameters
    ----------
    name : str
        What napari's list calls it.
    of : str
        Matplotlib's name.
    """
    colours = np.array(mpl.colormaps[of](np.linspace(0.15, 1, 256)))
    colours[:, 3] = np.minimum(1.0, np.linspace(0, 1, 256) * 2.5)
    return Colormap(colours, name=name)


def look_of_share() -> dict[str, Any]:
    """Attributes of an image layer that shows a share of samples, 0 to 1."""
    look: dict[str, Any] = {"colormap": share_colormap(), "contrast_limits": (0.0, 1.0), "rendering": "translucent"}
    # Between what no sample and what every sample calls bone there are no samples in doubt.
    return look | {"interpolation3d": "nearest"}


def look_of_spread(most: float) -> dict[str, Any]:
    """Attributes of an image layer that shows a spread over samples, in greys, clear where samples agree."""
    limits = (0.0, max(most, 1.0))
    return {"colormap": clear_colormap("spread", "viridis"), "contrast_limits": limits, "rendering": "translucent"}


def look_of_risk() -> dict[str, Any]:
    """Attributes of an image layer that shows the share of samples that lost bone, 0 to 1, clear where none did."""
    colormap = clear_colormap("newly lost bone", "autumn_r")
    return {"colormap": colormap, "contrast_limits": (0.0, 1.0), "rendering": "translucent"}


def part_colormap(colours: Mapping[int, str]) -> DirectLabelColormap:
    """A labels colour map for numbered parts; what belongs to none is clear."""
    clear = np.zeros(4)
    parts: dict[int | None, np.ndarray] = {None: clear, 0: clear}
    return DirectLabelColormap(color_dict=parts | {number: np.array(to_rgba(c)) for number, c in colours.items()})


def prepare_labels() -> None:
    """Have napari compile how it looks up label colours: it takes seconds, once, and may be done beside the screen."""
    part_colormap({1: "#ffffff"}).map(np.array([[0, 1]], np.uint8))


def look_of_map(of: str, most: float, least: float = 0.0) -> dict[str, Any]:
    """Attributes of an image layer that maps a measure over the bone, clear where nothing was measured (zero).

    Parameters
    ----------
    of : str
        Matplotlib's name of the colours.
    most, least : float
        The ends of the range, in the unit of the voxels.
    """
    colours = np.array(mpl.colormaps[of](np.linspace(0, 1, 256)))
    colours[0, 3] = 0.0
    limits = (least, max(most, least + 1.0))
    look: dict[str, Any] = {"colormap": Colormap(colours, name=f"{of}, clear at zero"), "contrast_limits": limits}
    return look | {"rendering": "translucent", "interpolation3d": "nearest"}


def with_colorbar(layer: Image) -> None:
    """A small colour bar on the canvas, out of the way of titles."""
    layer.colorbar.position = "bottom_left"
    layer.colorbar.size = (12, 80)
    layer.colorbar.font_size = 8
    # Last, so that it is drawn once.
    layer.colorbar.visible = True
