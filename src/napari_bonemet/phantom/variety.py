"""Animals that are not scanned alike: the scanner and the tumour of each are drawn from ranges.

A network that learned from one blur and one noise knows no other. ``wide`` is what it is taught on; the ranges of
``shifted`` lie wholly outside of those, so that a test on them asks what becomes of a scanner nobody taught it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from napari_bonemet.phantom.options import LegOptions, stream

Variety = Literal["none", "wide", "shifted"]
Range = tuple[float, float]

RANGES: Mapping[str, Mapping[str, Range]] = {
    "wide": {
        "noise_sd": (3.0, 10.0),
        "blur_um": (5.0, 16.0),
        "blur_voxels": (0.25, 0.6),
        "jitter_voxels": (0.1, 0.6),
        "aggressiveness": (0.5, 1.3),
    },
    "shifted": {
        "noise_sd": (11.0, 15.0),
        "blur_um": (18.0, 24.0),
        "blur_voxels": (0.25, 0.6),
        "jitter_voxels": (0.6, 0.9),
        "aggressiveness": (0.3, 0.48),
    },
}


def varied(leg: LegOptions, variety: Variety, only: tuple[str, ...] = ()) -> LegOptions:
    """The same animal with settings drawn for it.

    Parameters
    ----------
    leg : LegOptions
        Its seed says what is drawn: the same animal always gets the same.
    variety : {"none", "wide", "shifted"}
        The ranges; with "none" it stays as it is.
    only : tuple of str
        The settings to draw; all of the ranges when empty.
    """
    ranges = RANGES.get(variety, {})
    rng = stream(leg.seed, f"variety {variety}")
    drawn: dict[str, Any] = {name: _drawn(rng, between) for name, between in ranges.items()}
    return replace(leg, **{name: value for name, value in drawn.items() if not only or name in only})


def _drawn(rng: np.random.Generator, between: Range) -> float:
    return round(float(rng.uniform(*between)), 3)
