"""The sheet: coronal and sagittal projections side by side on the canvas, to drag boxes and planes on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from napari.layers import Image, Layer, Points
from qtpy.QtCore import QObject, Signal

from napari_bonemet.geometry import AXES, Grid
from napari_bonemet.scan import Scan
from napari_bonemet.widgets.cells import View
from napari_bonemet.widgets.layers import KEY, TOOL, UNIT, record_of_scan
from napari_bonemet.widgets.sheet_plan import Picture, SheetPlan
from napari_bonemet.widgets.week_view import WeekView

__all__ = ["Label", "Pictures", "Sheet", "flat"]

PICTURES: tuple[Picture, Picture] = ("coronal", "sagittal")
WORDS = {"coronal": "coronal, from the front", "sagittal": "sagittal, from the side"}
WHAT = "projection"
# y is looked along, z downwards, x to the right.
_ORDER = (1, 0, 2)
_TITLE_POINTS = 10
# Pixels of the canvas: room for a line of words.
_LINE = 22
# Bone is a little less than white, so that words and lines are read on it.
_BRIGHT, _DIM = 0.999, 1.4


@dataclass(frozen=True, eq=False)
class Pictures:
    """What is shown on a sheet.

    Parameters
    ----------
    scan : Scan
        Whose projections they are; its voxels are not touched.
    grid : Grid
        The voxels, coarser ones perhaps, that the projections were made of.
    coronal, sagittal : ndarray
        (z, x) and (z, y) of `grid`.
    """

    scan: Scan
    grid: Grid
    coronal: np.ndarray
    sagittal: np.ndarray
    plan: SheetPlan = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plan", SheetPlan(self.grid))


@dataclass(frozen=True)
class Label:
    """Words on the sheet, above and to the right of a place; micrometres."""

    z: float
    x: float
    words: str
    colour: str


class Sheet(QObject):
    """Shows two projections in place of what is on the canvas, and gives the user's own view back.

    Everything else is hidden while the sheet is there: a scan that lies on disk, seen from the front, would be
    read as a whole for every look.

    Attributes
    ----------
    left : Signal
        The sheet is gone: closed, or its layers were deleted.
    """

    left = Signal()

    def __init__(self, viewer: Any, view: WeekView, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._view = viewer, view
        self._layers: list[Layer] = []
        self._before: View | None = None
        self._titles: Points | None = None
        self.pictures: Pictures | None = None

    @property
    def shown(self) -> bool:
        """Whether the sheet is on the canvas."""
        return self._before is not None

    @property
    def images(self) -> tuple[Layer, ...]:
        """The two projections, coronal first."""
        return tuple(layer for layer in self._layers if isinstance(layer, Image))[:2]

    def show(self, pictures: Pictures) -> None:
        """Put `pictures` on the canvas, in place of those that may be there."""
        first = self._before is None
        if first:
            self._view.turn_over_to(self)
            self._before = View.of(self._viewer)
            self._viewer.layers.events.removed.connect(self._removed)
        self._take_away()
        for layer in self._viewer.layers:
            layer.visible = False
        self._viewer.canvas.grid.enabled = False
        self.pictures = pictures
        for picture in PICTURES:
            self.add(_image(pictures, picture))
        self._viewer.dims.ndisplay = 2
        first_axis = self._viewer.dims.ndim - 3
        self._viewer.dims.order = (*range(first_axis), *(first_axis + axis for axis in _ORDER))
        # A leg elsewhere in space may have been looked at last.
        self._viewer.dims.set_point(first_axis + 1, pictures.plan.depth[1])
        if first:
            self.fit()
        names = self._names()
        self._titles = Points(
            _places(names),
            ndim=3,
            name="titles",
            size=1e-3,
            face_color="transparent",
            border_color="transparent",
            border_width=0,
            opacity=1.0,
            **_written(names),
            **flat(pictures.plan),
        )
        self.add(self._titles)

    def add(self, layer: Layer) -> None:
        """Lay one more layer on the sheet; it goes when the sheet goes."""
        layer.metadata[TOOL] = True
        self._layers.append(layer)
        self._viewer.add_layer(layer)

    def label(self, labels: Sequence[Label]) -> None:
        """Write `labels` in place of those that are there; what the pictures are is always written below them."""
        if self.pictures is None or self._titles is None:
            return
        every = [*self._names(), *labels]
        layer = self._titles
        layer.data = _places(every)
        written = _written(every)
        layer.features, layer.text = written["features"], written["text"]

    def _names(self) -> list[Label]:
        """What each picture is, below it."""
        if self.pictures is None:
            return []
        plan = self.pictures.plan
        below = plan.low[0] + plan.grid.size[0] + _LINE * self.pixel
        return [Label(below, plan.spread(picture)[0], WORDS[picture], "white") for picture in PICTURES]

    @property
    def pixel(self) -> float:
        """Size of a pixel of the canvas on the sheet, micrometres, for what has to be seen at any size."""
        return float(1 / max(self._viewer.scene.camera.zoom, 1e-9))

    def fit(self) -> None:
        """Zoom so that both pictures are seen."""
        self._viewer.reset_view(layers=list(self.images), margin=0.08)

    def leave(self) -> None:
        """Take the sheet away and put the user's own view back; does nothing when it is not there."""
        if self._before is None:
            return
        before, self._before = self._before, None
        self._viewer.layers.events.removed.disconnect(self._removed)
        self._take_away()
        self.pictures = None
        # Before anything is seen again: a scan on disk must not be sliced from the front.
        if len(before.order) == self._viewer.dims.ndim:
            self._viewer.dims.order = before.order
        before.restore(self._viewer)
        self._view.turn_back_from(self)
        self.left.emit()

    def _take_away(self) -> None:
        own, self._layers, self._titles = self._layers, [], None
        for layer in own:
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)

    def _removed(self, event: Any) -> None:
        if event.value in self._layers:
            self.leave()


def flat(plan: SheetPlan) -> dict[str, Any]:
    """Attributes of layers that lie in the plane of the sheet, seen wherever the slider of y stands.

    Their data are (z, 0, x) in micrometres.
    """
    thick, middle = plan.depth
    return {"scale": (1, thick, 1), "translate": (0, middle, 0), "units": (UNIT,) * 3, "axis_labels": AXES}


def _image(pictures: Pictures, picture: Picture) -> Image:
    plan, grid = pictures.plan, pictures.grid
    data = pictures.coronal if picture == "coronal" else pictures.sagittal
    left, right = plan.spread(picture)
    pixel = (right - left) / data.shape[1]
    thick, middle = plan.depth
    return Image(
        data[:, None, :],
        name=f"{pictures.scan.title}, {picture}",
        scale=(grid.spacing[0], thick, pixel),
        translate=(grid.origin[0], middle, left + pixel / 2),
        units=(UNIT,) * 3,
        axis_labels=AXES,
        contrast_limits=(0.0, max(_DIM * float(np.quantile(data, _BRIGHT)), 1.0)),
        metadata={KEY: record_of_scan(pictures.scan, f"{picture} {WHAT}")},
    )


def _written(labels: Sequence[Label]) -> dict[str, Any]:
    text = {"string": "{words}", "anchor": "upper_left", "size": _TITLE_POINTS, "color": [at.colour for at in labels]}
    return {"features": {"words": [label.words for label in labels]}, "text": text}


def _places(labels: Sequence[Label]) -> np.ndarray:
    return np.array([(label.z, 0, label.x) for label in labels], dtype=float).reshape(-1, 3)
