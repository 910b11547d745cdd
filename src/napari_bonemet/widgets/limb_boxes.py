"""The boxes of the parts on the sheet of projections: picked, dragged, and drawn in the colour of their confidence."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QObject, QTimer, Signal

from napari_bonemet.processing.segment import Part, SeparationResult
from napari_bonemet.widgets.sheet import Label, Sheet, flat
from napari_bonemet.widgets.sheet_plan import Picture, SheetPlan, box_of, region_of
from napari_bonemet.widgets.verdicts import COLOURS

__all__ = ["BY_HAND", "LimbBoxes", "verdict_of"]

BY_HAND = "#6fb7ff"
SURE, LOOK = 0.8, 0.6
# Pixels of the canvas.
_WIDE, _PICKED = 1.6, 3.0


def verdict_of(part: Part) -> str:
    """How sure a part is: good, check or failed."""
    return "good" if part.confidence >= SURE else "check" if part.confidence >= LOOK else "failed"


def colour_of(part: Part) -> str:
    """The colour of a part's box."""
    return BY_HAND if part.by_hand else COLOURS[verdict_of(part)]


class LimbBoxes(QObject):
    """Every part's box on the coronal picture, and the picked one's on the sagittal one, where the legs overlap.

    Attributes
    ----------
    drawn : Signal(int, object)
        The user dragged the box of a part: its number, and the region of the scan.
    picked : Signal(int)
        The user clicked a box.
    """

    drawn = Signal(int, object)
    picked = Signal(int)

    def __init__(self, viewer: Any, sheet: Sheet, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._sheet = viewer, sheet
        self._result: SeparationResult | None = None
        self._layer: Shapes | None = None
        self._quiet = self._pressed = False
        self.number = 0
        # napari is still busy with its own drag when it tells of it.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._settle)
        self._changed: set[int] = set()
        sheet.left.connect(self._forget)

    @property
    def layer(self) -> Shapes | None:
        """The boxes on the canvas."""
        return self._layer

    def show(self, result: SeparationResult, number: int) -> None:
        """Draw the boxes of `result`, part `number` being picked."""
        self._result = result
        self.number = min(max(number, 0), max(len(result.parts) - 1, 0))
        if not self._sheet.shown:
            return
        if self._layer is None:
            self._layer = Shapes(ndim=3, name="boxes of the parts", opacity=1.0, **flat(self._plan(result)))
            self._layer.events.data.connect(self._on_data)
            self._layer.mouse_drag_callbacks.append(self._watch)
            self._layer.selected_data.events.items_changed.connect(self._on_pick)
            self._sheet.add(self._layer)
        self._draw()

    def pick(self, number: int) -> None:
        """Pick the box of a part."""
        if self._result is not None and number != self.number:
            self.show(self._result, number)
        self.number = number

    def start_anew(self) -> None:
        """The sheet shows another scan, and took the boxes of the last one away."""
        self._forget()

    def _forget(self) -> None:
        self._layer, self._result, self._pressed = None, None, False

    @staticmethod
    def _plan(result: SeparationResult) -> SheetPlan:
        return SheetPlan(result.labels_grid)

    def _draw(self) -> None:
        layer, result = self._layer, self._result
        if layer is None or result is None:
            return
        plan, grid = self._plan(result), result.scan.grid
        shown: list[tuple[int, Picture]] = [(i, "coronal") for i in range(len(result.parts))]
        if result.parts:
            shown.append((self.number, "sagittal"))
        self._quiet = True
        try:
            layer.data = []
            for index, picture in shown:
                part = result.parts[index]
                layer.add(
                    plan.rectangle(box_of(part.region, grid), picture),
                    shape_type="rectangle",
                    edge_color=colour_of(part),
                    edge_width=self._sheet.pixel * (_PICKED if index == self.number else _WIDE),
                    face_color="transparent",
                )
            self._sheet.label([self._label(result, index, picture) for index, picture in shown])
            layer.mode = "select"
            layer.selected_data = {self.number} if result.parts else set()
        finally:
            self._quiet = False

    def _label(self, result: SeparationResult, index: int, picture: Picture) -> Label:
        """A part's title at the end of its box that is away from the knee, where boxes overlap."""
        part, plan = result.parts[index], self._plan(result)
        corners = plan.rectangle(box_of(part.region, result.scan.grid), picture)
        middles = [(p.region[0].start + p.region[0].stop) / 2 for p in result.parts]
        upper = middles[index] <= sum(middles) / len(middles)
        words = f"{part.title} {part.confidence:.2f}"
        return Label(float(corners[0 if upper else 2, 0]), float(corners[0, 2]), words, colour_of(part))

    def _on_data(self, event: Any) -> None:
        if self._quiet or str(getattr(event.action, "value", event.action)) not in ("changed", "removed", "added"):
            return
        if str(getattr(event.action, "value", event.action)) == "changed":
            self._changed |= {int(index) for index in event.data_indices}
        self._soon.start()

    def _on_pick(self, *_: Any) -> None:
        if not self._quiet and self._layer is not None and self._layer.selected_data:
            self._soon.start()

    def _watch(self, _layer: Any, event: Any) -> Iterator[None]:
        """Boxes are drawn anew after the mouse was let go: not under the hand."""
        self._pressed = True
        yield
        while event.type == "mouse_move":
            yield
        self._pressed = False
        self._soon.start()

    def _settle(self) -> None:
        """After napari is done with its drag: take over what was dragged, and draw everything upright again."""
        layer, result = self._layer, self._result
        if layer is None or result is None or self._pressed:
            return
        changed, self._changed = sorted(self._changed), set()
        if changed and changed[0] < min(len(layer.data), len(result.parts) + 1):
            self._dragged(changed[0], np.asarray(layer.data[changed[0]]), result)
            return
        chosen = min(layer.selected_data, default=self.number)
        if len(layer.data) != len(result.parts) + bool(result.parts):
            self._draw()  # a box was deleted or added with napari's own tools: the parts stay what they are
        elif chosen < len(result.parts) and chosen != self.number:
            self.show(result, chosen)
            self.picked.emit(chosen)

    def _dragged(self, shape: int, corners: np.ndarray, result: SeparationResult) -> None:
        sagittal = shape >= len(result.parts)
        number = self.number if sagittal else shape
        box = box_of(result.parts[number].region, result.scan.grid)
        moved = self._plan(result).moved(box, corners, "sagittal" if sagittal else "coronal")
        self.number = number
        self._draw()
        self.drawn.emit(number, region_of(moved, result.scan.grid))
