"""Draw one panel into its axes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.patheffects import withStroke

from napari_bonemet.figures.arrows import ARROW_COLOURS, PlacedArrow
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.page import Box, Page
from napari_bonemet.figures.palette import COMPOSITE_CODES, DIFFERENCE_MAP, PROBABILITY_MAP, composite_colour
from napari_bonemet.figures.palette import composite_map as map_of_composite
from napari_bonemet.figures.panel import Panel, PanelKind
from napari_bonemet.figures.slices import Slice, Window

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALL = 6.5
NORMAL = 7.5
_ROUND = (1.0, 2.0, 5.0)
_LABELS: dict[PanelKind, str] = {"difference": "predicted − true (grey value)", "probability": "share of samples"}


@dataclass(frozen=True, eq=False)
class Sheet:
    """A figure in the making.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What is drawn on.
    page : Page
        Where things lie on it.
    window : Window
        The part of the plane that every panel shows.
    options : MontageOptions
        How it is drawn.
    """

    figure: "Figure"
    page: Page
    window: Window
    options: MontageOptions


def draw_picture(sheet: Sheet, axes: Axes, panel: Panel, picture: Slice) -> ScalarMappable:
    """Draw the slice; what comes back makes the colour bar."""
    where, window = picture.window, sheet.window
    colours, norm = _colours(panel.kind, picture, sheet.options)
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
    axes.set_facecolor("black")
    for spine in axes.spines.values():
        spine.set_visible(panel.kind == "difference")
        spine.set_linewidth(0.4)
    return image


def _colours(kind: PanelKind, picture: Slice, options: MontageOptions) -> tuple[str | Colormap, Normalize]:
    low, high = options.contrast
    match kind:
        case "composite":
            return map_of_composite(options.composite_style)
        case "difference":
            # The same both ways, in steps of 25, so that a small difference is not drawn as a large one.
            limit = 25.0 * max(2.0, float(np.ceil(np.abs(picture.pixels).max() / 25)))
            return DIFFERENCE_MAP, Normalize(-limit, limit)
        case "probability":
            return PROBABILITY_MAP, Normalize(0, 1)
        case _:
            return "gray", Normalize(low, high)


def draw_arrow(axes: Axes, arrow: PlacedArrow) -> None:
    """Draw one arrow with a thin white rim, to be seen on bone as on marrow."""
    patch = FancyArrowPatch(
        (arrow.tail[1], arrow.tail[0]),
        (arrow.tip[1], arrow.tip[0]),
        arrowstyle="-|>,head_length=3.2,head_width=1.9",
        mutation_scale=1.0,
        linewidth=1.3,
        color=ARROW_COLOURS[arrow.meaning],
        shrinkA=0,
        shrinkB=0,
        path_effects=[withStroke(linewidth=2.3, foreground="white")],
        gid=f"arrow-{arrow.meaning}",
    )
    axes.add_patch(patch)


def scale_bar_length(window: Window) -> float:
    """A round length (1, 2 or 5 times a power of ten) of a fifth to a half of the window's width, mm."""
    power = 10.0 ** np.floor(np.log10(window.width / 2.2))
    return float(max(step * power for step in _ROUND if step * power <= window.width / 2.2))


def draw_scale_bar(axes: Axes, window: Window, length_mm: float | None) -> float:
    """Draw the scale bar at the lower left; its length in millimetres comes back."""
    from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar  # type: ignore[import-untyped]

    length = length_mm or scale_bar_length(window)
    bar = AnchoredSizeBar(
        axes.transData,
        length,
        f"{length:g} mm",
        "lower left",
        pad=0.3,
        borderpad=0.2,
        sep=2.5,
        color="white",
        frameon=False,
        size_vertical=0.012 * window.width,
        fill_bar=True,
        label_top=True,
        fontproperties=FontProperties(size=SMALL),
    )
    for text in bar.findobj(lambda artist: hasattr(artist, "get_text")):
        text.set_path_effects([withStroke(linewidth=1.5, foreground="black")])
    axes.add_artist(bar)
    return length


def draw_below(sheet: Sheet, box: Box, panel: Panel, image: ScalarMappable) -> None:
    """The strip under a picture: legend or colour bar, then the note."""
    bottom = box.top + box.height
    if panel.kind == "composite":
        _legend(sheet, box, bottom + 0.11)
    elif panel.kind in _LABELS:
        _colour_bar(sheet, box, image, panel.label or _LABELS[panel.kind])
    if panel.note:
        x, y = sheet.page.at(box.left + box.width / 2, bottom + (0.28 if panel.kind == "composite" else 0.11))
        sheet.figure.text(x, y, panel.note, ha="center", va="center", fontsize=SMALL, color="#333333")


def _legend(sheet: Sheet, box: Box, top: float) -> None:
    figure, page = sheet.figure, sheet.page
    wide, high = page.size
    names = [name for name in COMPOSITE_CODES if name != "neither"]
    share = box.width / len(names)
    for number, name in enumerate(names):
        left = box.left + number * share + 0.04
        colour = composite_colour(name, sheet.options.composite_style)
        corner = page.at(left, top + 0.045)
        swatch = Rectangle(corner, 0.09 / wide, 0.09 / high, facecolor=colour, edgecolor="#555555", linewidth=0.4)
        swatch.set_transform(figure.transFigure)
        figure.add_artist(swatch)
        figure.text(*page.at(left + 0.13, top), name, ha="left", va="center", fontsize=SMALL)


def _colour_bar(sheet: Sheet, box: Box, image: ScalarMappable, label: str) -> None:
    place = Box(box.left + 0.08 * box.width, box.top + box.height + 0.05, 0.84 * box.width, 0.07)
    axes = sheet.figure.add_axes(sheet.page.fraction(place))
    bar = sheet.figure.colorbar(image, cax=axes, orientation="horizontal")
    low, high = image.get_clim()
    bar.set_ticks([low, (low + high) / 2, high])
    bar.ax.tick_params(labelsize=SMALL - 0.5, length=1.5, pad=1.2, width=0.5)
    bar.outline.set_linewidth(0.4)
    bar.set_label(label, fontsize=SMALL, labelpad=1.0)
