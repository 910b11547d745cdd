"""The region of interest on the sheet of projections: its first slice is a plane that is dragged up and down."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QObject, QTimer, Signal

from napari_bonemet.geometry import Grid
from napari_bonemet.widgets.sheet import PICTURES, Sheet, flat
from napari_bonemet.widgets.sheet_plan import SheetPlan

__all__ = ["RegionPlane"]

FIRST, LAST = "first", "last"
FIRST_COLOUR, LAST_COLOUR, INSIDE = "#ffb000", "#8fd0ff", (0.55, 0.82, 1.0, 0.12)
# How near the pointer must come, and how wide the lines are, in pixels of the canvas.
_NEAR = 7
_WIDE = 2.5
_POINTS = 11
_DRAW_MS = 20


class RegionPlane(QObject):
    """Draws where the region begins and ends; its edges follow the mouse.

    Attributes
    ----------
    moved : Signal(int, int)
        First slice and number of slices, while an edge is dragged.
    """

    moved = Signal(int, int)

    def __init__(self, viewer: Any, sheet: Sheet, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._sheet = viewer, sheet
        self._grid: Grid | None = None
        self._layer: Shapes | None = None
        self.first, self.slices = 0, 1
        self._held: str | None = None
        # The mouse moves more often than shapes can be drawn.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_DRAW_MS)
        self._soon.timeout.connect(self._draw)
        sheet.left.connect(self._forget)

    @property
    def shown(self) -> bool:
        """Whether the region is drawn."""
        return self._layer is not None

    def show(self, grid: Grid, first: int, slices: int) -> None:
        """Draw the region on the sheet, which shows `grid`."""
        self._forget()
        self._grid = grid
        self.first, self.slices = first, slices
        self._layer = self._draw_anew(grid)
        self._sheet.add(self._layer)
        self._viewer.mouse_drag_callbacks.append(self._drag)
        self._viewer.mouse_move_callbacks.append(self._hover)

    def put(self, first: int, slices: int) -> None:
        """Move the region."""
        if self._grid is None or (first, slices) == (self.first, self.slices):
            return
        self.first, self.slices = first, slices
        self._soon.start()

    def _forget(self) -> None:
        if self._layer is not None:
            self._viewer.mouse_drag_callbacks.remove(self._drag)
            self._viewer.mouse_move_callbacks.remove(self._hover)
        self._layer, self._grid, self._held = None, None, None

    def _edges(self) -> dict[str, float]:
        """Upper edge of the first slice and lower edge of the last one, micrometres."""
        if self._grid is None:
            return {}
        top, size = self._grid.origin[0], self._grid.spacing[0]
        last = min(self.first + self.slices, self._grid.shape[0])
        return {FIRST: top + (self.first - 0.5) * size, LAST: top + (last - 0.5) * size}

    def _shapes(self, plan: SheetPlan) -> list[np.ndarray]:
        """The region, its last and its first slice, each on both pictures."""
        spans, edges = [plan.spread(picture) for picture in PICTURES], self._edges()
        boxes = [_corners(edges[FIRST], edges[LAST], *span) for span in spans]
        lines = [
            np.array([[edges[edge], 0, left], [edges[edge], 0, right]])
            for edge in (LAST, FIRST)
            for left, right in spans
        ]
        return [*boxes, *lines]

    def _words(self, grid: Grid) -> list[str]:
        last = min(self.first + self.slices, grid.shape[0]) - 1
        return ["", "", f"last slice {last}", "", f"first slice {self.first}", ""]

    def _draw_anew(self, grid: Grid) -> Shapes:
        plan = SheetPlan(grid)
        wide = _WIDE * self._sheet.pixel
        colours = [LAST_COLOUR] * 2 + [FIRST_COLOUR] * 2
        return Shapes(
            self._shapes(plan),
            shape_type=["rectangle"] * 2 + ["line"] * 4,
            edge_width=[0, 0, *[wide] * 4],
            edge_color=["transparent"] * 2 + colours,
            face_color=[INSIDE] * 2 + ["transparent"] * 4,
            features={"words": self._words(grid)},
            text={
                "string": "{words}",
                "anchor": "upper_left",
                "size": _POINTS,
                "color": [LAST_COLOUR] * 2 + colours,
            },
            ndim=3,
            name="region of interest",
            opacity=1.0,
            **flat(plan),
        )

    def _draw(self) -> None:
        layer, grid = self._layer, self._grid
        if layer is not None and grid is not None:
            # Colours and kinds stay: setting them again takes longer than a mouse waits.
            layer.data = self._shapes(SheetPlan(grid))
            layer.features = {"words": self._words(grid)}

    def _edge_at(self, event: Any) -> str | None:
        if self._viewer.dims.ndisplay != 2 or len(event.position) < 3:
            return None
        near = _NEAR * self._sheet.pixel
        gaps = {name: abs(event.position[-3] - z) for name, z in self._edges().items()}
        name = min(gaps, key=lambda name: gaps[name], default=None)
        return name if name is not None and gaps[name] <= near else None

    def _hover(self, _viewer: Any, event: Any) -> None:
        if self._held is None:
            self._viewer.cursor.style = "pointing" if self._edge_at(event) else "standard"

    def _drag(self, _viewer: Any, event: Any) -> Iterator[None]:
        self._held = self._edge_at(event)
        if self._held is None:
            return
        self._viewer.scene.camera.mouse_pan = False
        try:
            yield
            while event.type == "mouse_move":
                self._follow(event.position[-3])
                yield
        finally:
            self._viewer.scene.camera.mouse_pan = True
            self._held = None

    def _follow(self, z: float) -> None:
        grid = self._grid
        if grid is None:
            return
        index = round((z - grid.origin[0]) / grid.spacing[0] + 0.5)
        first, slices = self.first, self.slices
        if self._held == FIRST:
            first = min(max(index, 0), grid.shape[0] - 1)
        else:
            slices = min(max(index, first + 1), grid.shape[0]) - first
        if (first, slices) != (self.first, self.slices):
            self.put(first, slices)
            self.moved.emit(self.first, self.slices)


def _corners(top: float, bottom: float, left: float, right: float) -> np.ndarray:
    return np.array([[top, 0, left], [top, 0, right], [bottom, 0, right], [bottom, 0, left]], dtype=float)
