"""Greys half way up the edges of the cortex, read from the scan itself."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.masks.polar import Frame

__all__ = ["Levels", "half_way"]

# How deep in the cortex, how far outside it, and where in the marrow (of the way to the surface) greys are read.
_DEPTHS_UM = (15.0, 30.0, 45.0, 60.0, 75.0)
_OUTSIDE_UM, _OUTSIDE_PIXELS = 80.0, 3.0
_MARROW = (0.2, 0.35, 0.5)


@dataclass(frozen=True)
class Levels:
    """Greys at which bone begins.

    Parameters
    ----------
    outer, inner : float
        At the periosteum, and at the endosteum.
    """

    outer: float
    inner: float


def half_way(frame: Frame, threshold: float) -> Levels:
    """Half way between cortex and what lies outside, and between cortex and marrow.

    A blurred edge lies where the grey is half way, whatever threshold tells bone from the rest; a fixed threshold
    moves both surfaces by a part of the blur, which is much of a thin cortex.

    Parameters
    ----------
    frame : Frame
        Greys and axis.
    threshold : float
        Bone is above this grey; with it the edges are found for a start.

    Raises
    ------
    InputError
        When no bone is seen around the axis.
    """
    edges = frame.outer_edges(threshold, np.full(frame.shape, frame.reach), np.zeros(frame.shape))
    if not np.isfinite(edges).any():
        raise InputError(
            "No bone is seen around the shaft's axis",
            expected=f"greys above {threshold:g}",
            remedy="Lower the bone threshold",
        )
    cortex = max(float(np.nanmedian(frame.greys(edges - depth))) for depth in _DEPTHS_UM)
    beyond = frame.greys(edges + max(_OUTSIDE_UM, _OUTSIDE_PIXELS * max(frame.pixel)))
    outside = _middle(beyond[beyond >= 0], threshold)
    within = np.concatenate([frame.greys(edges * share).ravel() for share in _MARROW])
    marrow = _middle(within[(within >= 0) & (within < threshold)], outside)
    return Levels((cortex + outside) / 2, (cortex + marrow) / 2)


def _middle(greys: np.ndarray, otherwise: float) -> float:
    return float(np.median(greys)) if greys.size else otherwise
