"""The two layers that annotations lie on, shapes and points: made, found again, and kept in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Points, Shapes
from qtpy.QtCore import QObject, QTimer, Signal

from napari_bonemet.errors import InputError
from napari_bonemet.figures.marks import COLOURS, SliceArrow, arrow_path, words_of
from napari_bonemet.geometry import Grid
from napari_bonemet.widgets.layers import UNIT

__all__ = ["Annotation", "Sheets"]

# In the layers' metadata, by which they are found again, also in a session that was opened.
MARK = "bonemet-annotation"
_MODES = {"distance": "add_line", "angle": "add_polyline", "area": "add_polygon"}
_ARROWS = ("lesion", "wrong", "arrow")
_WIDE, _POINTS = 0.9, 10


@dataclass(frozen=True)
class Annotation:
    """One mark, as the list shows it.

    Parameters
    ----------
    kind : str
        "lesion", "wrong", "arrow", "distance", "angle", "area" or "label".
    words : str
        What it says.
    z_um : float
        The slice it lies on.
    points_um : ndarray, (n, 3)
        Its corners, z y x, micrometres.
    """

    kind: str
    words: str
    z_um: float
    points_um: np.ndarray


class Sheets(QObject):
    """Draws marks on layers that are napari's own, so that they are moved, edited and saved as any shapes and points.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose canvas.

    Attributes
    ----------
    changed : Signal
        A mark came, went, or was moved.
    failed : Signal(str)
        A mark could not be made of what was drawn.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, viewer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._kind = ""
        self._text = ""
        self._busy = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._settle)
        self._on_top = QTimer(self)
        self._on_top.setSingleShot(True)
        self._on_top.setInterval(0)
        self._on_top.timeout.connect(self._raise)
        viewer.layers.events.inserted.connect(self._inserted)
        viewer.layers.events.removed.connect(self._removed)
        for layer in viewer.layers:
            self._listen(layer)

    @property
    def shapes(self) -> Shapes | None:
        """The layer of arrows and measures, where there is one."""
        return next((layer for layer in self._viewer.layers if layer.metadata.get(MARK) == "shapes"), None)

    @property
    def points(self) -> Points | None:
        """The layer of labels, where there is one."""
        return next((layer for layer in self._viewer.layers if layer.metadata.get(MARK) == "labels"), None)

    def begin(self, kind: str, grid: Grid, text: str = "") -> None:
        """Let the user draw one mark of `kind` on the canvas; the hand comes back when it is drawn.

        Parameters
        ----------
        kind : str
            See :class:`Annotation`.
        grid : Grid
            Of the scan that is drawn on, whose slices the mark lies on.
        text : str
            What a label says.
        """
        self._kind, self._text = kind, text
        layer = self._points_on(grid) if kind == "label" else self._shapes_on(grid)
        # What is chosen takes on the colour that is set for the next one.
        layer.selected_data = set()
        if isinstance(layer, Shapes):
            layer.current_edge_color = COLOURS[kind]
            layer.current_face_color = "transparent"
            layer.current_edge_width = _WIDE
            layer.feature_defaults = {"kind": [kind], "words": [""]}
        else:
            layer.feature_defaults = {"words": [text]}
        self._viewer.layers.selection.active = layer
        layer.mode = "add" if kind == "label" else _MODES.get(kind, "add_line")

    def end(self) -> None:
        """Draw nothing more."""
        for layer in (self.shapes, self.points):
            if layer is not None:
                layer.mode = "pan_zoom"
                layer.selected_data = set()
        self._kind = ""

    def add_arrows(self, arrows: Sequence[SliceArrow], grid: Grid) -> None:
        """Add arrows that were placed by themselves."""
        if not arrows:
            return
        layer = self._shapes_on(grid)
        paths = [self._to_data(layer, arrow_path(arrow.tail, arrow.tip)) for arrow in arrows]
        self._busy = True
        try:
            layer.add_paths(paths, edge_color=[COLOURS[arrow.meaning] for arrow in arrows], edge_width=_WIDE)
            table = layer.features.copy()
            table.loc[table.index[-len(paths) :], "kind"] = [arrow.meaning for arrow in arrows]
            table.loc[table.index[-len(paths) :], "words"] = ""
            layer.features = table
        finally:
            self._busy = False
        self.changed.emit()

    def all(self) -> tuple[Annotation, ...]:
        """Every mark, shapes first."""
        found = []
        shapes, points = self.shapes, self.points
        if shapes is not None:
            rows = zip(shapes.data, shapes.features["kind"], shapes.features["words"], strict=True)
            found += [self._annotation(shapes, str(kind), str(words), data) for data, kind, words in rows]
        if points is not None:
            labels = zip(points.data, points.features["words"], strict=True)
            found += [self._annotation(points, "label", str(words), data[None]) for data, words in labels]
        return tuple(found)

    @staticmethod
    def _annotation(layer: Any, kind: str, words: str, data: np.ndarray) -> Annotation:
        places = np.asarray(data, float)[:, -3:] * layer.scale[-3:] + layer.translate[-3:]
        return Annotation(kind, words, float(places[0, 0]), places)

    def remove(self, number: int) -> None:
        """Take away the mark at a place in :meth:`all`."""
        shapes, points = self.shapes, self.points
        in_shapes = shapes.nshapes if shapes is not None else 0
        if shapes is not None and number < in_shapes:
            shapes.selected_data = {number}
            shapes.remove_selected()
        elif points is not None:
            points.selected_data = {number - in_shapes}
            points.remove_selected()

    def clear(self, kinds: Sequence[str]) -> None:
        """Take away every shape of some kinds."""
        shapes = self.shapes
        if shapes is None:
            return
        chosen = {n for n, kind in enumerate(shapes.features["kind"]) if kind in kinds}
        if chosen:
            shapes.selected_data = chosen
            shapes.remove_selected()

    def _shapes_on(self, grid: Grid) -> Shapes:
        layer = self.shapes
        if layer is None:
            layer = Shapes(
                ndim=3,
                name="annotations",
                features={"kind": np.empty(0, object), "words": np.empty(0, object)},
                text={"string": "{words}", "size": _POINTS, "color": COLOURS["distance"], "anchor": "upper_left"},
                **self._place(grid, "shapes"),
            )
            self._viewer.add_layer(layer)
        # Marks are made to be seen; and napari fails where shapes come to a layer that was hidden when 3D began.
        layer.visible = True
        return layer

    def _points_on(self, grid: Grid) -> Points:
        layer = self.points
        if layer is None:
            layer = Points(
                ndim=3,
                name="annotations, labels",
                size=2,
                face_color=COLOURS["label"],
                border_width=0,
                features={"words": np.empty(0, object)},
                text={
                    "string": "{words}",
                    "size": _POINTS,
                    "color": COLOURS["label"],
                    "anchor": "lower_left",
                    "translation": np.array([0, 0, 2.0]),
                },
                **self._place(grid, "labels"),
            )
            self._viewer.add_layer(layer)
        layer.visible = True
        return layer

    @staticmethod
    def _place(grid: Grid, role: str) -> dict[str, Any]:
        # On the scan's own grid, so that a mark is seen on the slice that it was drawn on.
        place = {"scale": grid.spacing, "translate": grid.origin, "units": (UNIT,) * 3, "axis_labels": ("z", "y", "x")}
        return place | {"opacity": 1.0, "metadata": {MARK: role}}

    @staticmethod
    def _to_data(layer: Any, places: np.ndarray) -> np.ndarray:
        return np.asarray((places - layer.translate[-3:]) / layer.scale[-3:])

    def _inserted(self, event: Any) -> None:
        if self._listen(event.value):
            self._soon.start()
        elif self.shapes is not None or self.points is not None:
            # What comes later must not lie on the marks.
            self._on_top.start()

    def _raise(self) -> None:
        layers = self._viewer.layers
        for layer in (self.shapes, self.points):
            if layer is not None and layers.index(layer) < len(layers) - 1:
                layers.move(layers.index(layer), len(layers))

    def _listen(self, layer: Any) -> bool:
        ours = MARK in layer.metadata
        if ours:
            layer.events.data.connect(self._data_changed)
        return ours

    def _removed(self, event: Any) -> None:
        if MARK in event.value.metadata:
            self._kind = ""
            self.changed.emit()

    def _data_changed(self, event: Any = None) -> None:
        # napari tells before and after; while a shape grows under the mouse there is nothing to say of it yet.
        if not self._busy and str(getattr(event, "action", "changed")) in ("added", "changed", "removed"):
            self._soon.start()

    def _settle(self) -> None:
        """Take in what was drawn: arrows get their heads, measures their words."""
        if self._busy:
            return
        self._busy = True
        try:
            if self.shapes is not None:
                self._settle_shapes(self.shapes)
            if self._kind == "label" and self.points is not None and len(self.points.data):
                self.end()
        finally:
            self._busy = False
        self.changed.emit()

    def _settle_shapes(self, layer: Shapes) -> None:
        kinds = [str(kind) for kind in layer.features["kind"]]
        drawn = bool(self._kind) and bool(kinds) and layer.mode.startswith("add")
        if drawn:
            kind = self._kind
            self.end()
            if kind in _ARROWS:
                self._give_head(layer, kind)
        words = []
        wrong: list[int] = []
        for number, (data, kind) in enumerate(zip(layer.data, layer.features["kind"], strict=True)):
            try:
                places = np.asarray(data, float)[:, -3:] * layer.scale[-3:]
                words.append(words_of(str(kind), places))
            except InputError as error:
                words.append("")
                wrong.append(number)
                self.failed.emit(str(error))
        if list(layer.features["words"]) != words:
            layer.features = {"kind": list(layer.features["kind"]), "words": words}
        if wrong:
            layer.selected_data = set(wrong)
            layer.remove_selected()

    @staticmethod
    def _give_head(layer: Shapes, kind: str) -> None:
        line, last = layer.data[-1], layer.nshapes - 1
        if len(line) != 2 or np.allclose(line[0], line[1]):
            return
        layer.selected_data = {last}
        layer.remove_selected()
        layer.add_paths([arrow_path(line[0], line[1])], edge_color=COLOURS[kind], edge_width=_WIDE)

    def leave(self) -> None:
        """Stop listening to the viewer; the marks stay."""
        self.end()
        self._viewer.layers.events.inserted.disconnect(self._inserted)
        self._viewer.layers.events.removed.disconnect(self._removed)
