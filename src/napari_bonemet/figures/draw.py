"""Draw one panel into its axes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import withStroke

from napari_bonemet.figures.arrows import ARROW_COLOURS, PlacedArrow
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.palette import DIFFERENCE_MAP, PROBABILITY_MAP, SPREAD_MAP
from napari_bonemet.figures.palette import composite_map as map_of_composite
from napari_bonemet.figures.panel import Panel, PanelKind
from napari_bonemet.figures.slices import Slice, Window

SMALL = 6.5
NORMAL = 7.5
_ROUND = (1.0, 2.0, 5.0)
_GREY_STEP = 25.0
_SPREAD_STEP = 20.0
_FRAMED: tuple[PanelKind, ...] = ("difference",)
_NOTHING = "#808080"  # in the place of a picture that is not there


def draw_picture(axes: Axes, panel: Panel, picture: Slice, window: Window, options: MontageOptions) -> ScalarMappable:
    """Draw the slice; what comes back makes the colour bar."""
    if panel.kind == "blank":
        # Nothing is drawn, and nothing is said in black: it could be taken for a scan without bone.
        picture = Slice(np.full(picture.pixels.shape, np.nan, dtype=np.float32), picture.window)
    where = picture.window
    colours, norm = _colours(panel, picture, options)
    image = axes.imshow(
        picture.pixels,
        cmap=colours,
        norm=norm,
        extent=(where.left, where.right, where.bottom, where.top),
        interpolation="nearest",
    )
    axes.set_xlim(window.left, window.right)
    axes.set_ylim(window.bottom, window.top)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("none" if panel.kind == "blank" else "black")
    if panel.kind == "blank":
        axes.text(0.5, 0.5, "–", transform=axes.transAxes, ha="center", va="center", color=_NOTHING)
    for spine in axes.spines.values():
        spine.set_visible(panel.kind in _FRAMED)
        spine.set_linewidth(0.4)
    axes.set_aspect("equal", adjustable="box")
    return image


def _colours(panel: Panel, picture: Slice, options: MontageOptions) -> tuple[str | Colormap, Normalize]:
    low, high = options.contrast
    match panel.kind:
        case "composite":
            return map_of_composite(options.composite_style)
        case "difference":
            # The same both ways, in steps of 25, so that a small difference is not drawn as a large one.
            limit = _GREY_STEP * max(2.0, float(np.ceil(np.abs(picture.pixels).max() / _GREY_STEP)))
            return DIFFERENCE_MAP, Normalize(-limit, limit)
        case "spread":
            most = picture.pixels.max() if panel.most is None else panel.most
            limit = _SPREAD_STEP * max(1.0, float(np.ceil(most / _SPREAD_STEP)))
            return SPREAD_MAP, Normalize(0, limit)
        case "probability":
            return PROBABILITY_MAP, Normalize(0, 1)
        case "volume":
            return "gray", Normalize(0, 255)
        case _:
            return "gray", Normalize(low, high)


def draw_arrow(axes: Axes, arrow: PlacedArrow, inches: float = 1.75) -> None:
    """Draw one arrow with a thin white rim, to be seen on bone as on marrow; slim on a picture of few `inches`.

    Its name (gid) says what it means: in a drawing program, and to tests.
    """
    size = min(1.0, max(0.5, inches / 1.4))
    patch = FancyArrowPatch(
        (arrow.tail[1], arrow.tail[0]),
        (arrow.tip[1], arrow.tip[0]),
        arrowstyle="-|>,head_length=3.2,head_width=1.9",
        mutation_scale=size,
        linewidth=1.3 * size,
        color=ARROW_COLOURS[arrow.meaning],
        shrinkA=0,
        shrinkB=0,
        path_effects=[withStroke(linewidth=1.3 * size + 1.0 * size**0.5, foreground="white")],
        gid=f"arrow-{arrow.meaning}",
    )
    axes.add_patch(patch)


def scale_bar_length(window: Window) -> float:
    """A round length (1, 2 or 5 times a power of ten) of a fifth to a half of the window's width, mm."""
    power = 10.0 ** np.floor(np.log10(window.width / 2.2))
    return float(max(step * power for step in _ROUND if step * power <= window.width / 2.2))


def draw_scale_bar(axes: Axes, window: Window, length_mm: float | None, scale: float = 1.0) -> float:
    """Draw the scale bar at the lower left, its words `scale` times as large; its length in millimetres comes back."""
    from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar  # type: ignore[import-untyped]

    length = length_mm or scale_bar_length(window)
    bar = AnchoredSizeBar(
        axes.transData,
        length,
        f"{length:g} mm",
        "lower left",
        pad=0.3,
        borderpad=0.2,
        sep=2.5 * scale,
        color="white",
        frameon=False,
        size_vertical=0.012 * window.width,
        fill_bar=True,
        label_top=True,
        fontproperties=FontProperties(size=SMALL * scale),
    )
    for text in bar.findobj(lambda artist: hasattr(artist, "get_text")):
        text.set_path_effects([withStroke(linewidth=1.5, foreground="black")])
    axes.add_artist(bar)
    return length
