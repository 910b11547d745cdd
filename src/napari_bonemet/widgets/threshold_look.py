"""What lies above a threshold, marked while the threshold is turned: the graphics card does it, nothing is computed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Image
from napari.utils import Colormap
from qtpy.QtCore import QObject

from napari_bonemet.geometry import AXES
from napari_bonemet.widgets.layers import KEY, UNIT, record_of_layer

__all__ = ["ThresholdLook"]

WHAT = "above the threshold"
COLOUR = (1.0, 0.62, 0.1)
_OPACITY = 0.55


class ThresholdLook(QObject):
    """Copies of image layers that show nothing but what is above a threshold.

    The copies share the voxels of their layers, lazy or not; turning the threshold only changes how they are drawn.
    """

    def __init__(self, viewer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layers: list[Image] = []

    @property
    def layers(self) -> tuple[Image, ...]:
        """The marks that are on the canvas."""
        return tuple(layer for layer in self._layers if layer in self._viewer.layers)

    def mark(self, images: Sequence[Image], threshold: float) -> None:
        """Mark `images` in place of what is marked."""
        self.clear()
        active = self._viewer.layers.selection.active
        for image in images:
            self._layers.append(_copy(image))
            self._viewer.layers.insert(self._viewer.layers.index(image) + 1, self._layers[-1])
        if active is not None:
            self._viewer.layers.selection.active = active
        self.turn(threshold)

    def turn(self, threshold: float) -> None:
        """Turn the threshold."""
        for layer in self.layers:
            layer.contrast_limits = (threshold, threshold + _step(layer))

    def clear(self) -> None:
        """Take the marks away."""
        layers, self._layers = self.layers, []
        for layer in layers:
            self._viewer.layers.remove(layer)


def _step(layer: Image) -> float:
    """The least that a grey can be above a threshold."""
    low, high = layer.contrast_limits_range
    return 1.0 if np.dtype(layer.data.dtype).kind in "ui" else max((high - low) * 1e-3, 1e-6)


def _copy(image: Image) -> Image:
    clear = np.array([[*COLOUR, 0.0], [*COLOUR, 1.0]])
    return Image(
        image.data,
        name=WHAT,
        scale=image.scale,
        translate=image.translate,
        units=image.units if record_of_layer(image) is None else (UNIT,) * 3,
        axis_labels=image.axis_labels if record_of_layer(image) is None else AXES,
        contrast_limits=image.contrast_limits,
        colormap=Colormap(clear, name=WHAT, interpolation="linear"),
        opacity=_OPACITY,
        blending="translucent",
        multiscale=image.multiscale,
        metadata={KEY: {**(record_of_layer(image) or {}), "what": WHAT}},
    )
