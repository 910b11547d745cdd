"""Colours and their meaning, in one place for figures and screens."""

from typing import Literal

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap, to_rgb

from napari_bonemet.io.composite_codes import FORMED, KEPT, LOST, NEITHER

CompositeStyle = Literal["colour", "published"]

COMPOSITE_CODES: dict[str, int] = {"neither": NEITHER, "lost": LOST, "kept": KEPT, "formed": FORMED}

# From Okabe and Ito's palette: told apart by people with any of the common kinds of colour blindness.
COMPOSITE_COLOURS: dict[str, str] = {
    "neither": "#000000",
    "lost": "#e8601c",
    "kept": "#b8b8b8",
    "formed": "#009e73",
}

# Orange where the prediction has more bone than the truth, as on the screen.
DIFFERENCE_MAP = "PuOr_r"
PROBABILITY_MAP = "viridis"
SPREAD_MAP = "magma"


# Of groups of animals, in this order; Okabe and Ito's, each with a mark of its own for prints without colour.
GROUP_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#777777")
GROUP_MARKS = ("o", "s", "^", "D", "v", "P", "X")


def composite_map(style: CompositeStyle) -> tuple[ListedColormap, BoundaryNorm]:
    """A colour map for the codes of a composite, and the norm that sends each code to its colour."""
    colours = [composite_colour(name, style) for name in COMPOSITE_CODES]
    codes = np.array(list(COMPOSITE_CODES.values()), dtype=float)
    between = (codes[1:] + codes[:-1]) / 2
    return ListedColormap(colours), BoundaryNorm([-0.5, *between.tolist(), 255.5], len(colours))


def composite_colour(name: str, style: CompositeStyle) -> tuple[float, float, float]:
    """Red, green and blue (0 to 1) of "neither", "lost", "kept" or "formed"."""
    if style == "colour":
        return to_rgb(COMPOSITE_COLOURS[name])
    grey = COMPOSITE_CODES[name] / 255
    return (grey, grey, grey)
