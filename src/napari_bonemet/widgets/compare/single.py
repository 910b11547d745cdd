"""Two volumes in one view: a wipe with an edge to drag, by turns, as a chequered board, or their difference on one."""

from typing import Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QWidget

from napari_bonemet.widgets.cells import LinkedCells
from napari_bonemet.widgets.compare.blend import Blend, Pattern, board, wipe
from napari_bonemet.widgets.compare.edge import WipeEdge
from napari_bonemet.widgets.compare.items import Difference, Item
from napari_bonemet.widgets.compare.panes import LINKED, Panes, look_alike, panes_of
from napari_bonemet.widgets.large import finest_of

__all__ = ["BOARD", "DIFFERENCE", "FLICKER", "MODES", "WIPE", "SingleView"]

WIPE, FLICKER, BOARD, DIFFERENCE = "Wipe", "Flicker", "Board", "Difference"
MODES = (WIPE, FLICKER, BOARD, DIFFERENCE)
# The mouse moves more often than a slice can be put together and drawn.
_DRAW_MS = 15


class SingleView(QObject):
    """Shows a pair in the whole canvas; what is seen of each follows the mode.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose canvas.
    cells : LinkedCells
        Puts the layers on the canvas, and the user's own view back.

    Attributes
    ----------
    mode : str or None
        One of MODES while a pair is shown.
    edge : WipeEdge
        Of the wipe.
    """

    def __init__(self, viewer: Any, cells: LinkedCells, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._cells = viewer, cells
        self._pair: tuple[Image, Image] | None = None
        self._blend: Image | None = None
        self.mode: str | None = None
        self._squares = 8
        self.edge = WipeEdge(viewer, self)
        self.edge.moved.connect(self.later)
        self._turns = QTimer(self)
        self._turns.timeout.connect(self._turn)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_DRAW_MS)
        self._soon.timeout.connect(self._apply)

    def show(self, mode: str, pair: tuple[Item, Item], difference: Difference | None, window: QWidget) -> Panes:
        """Show a pair; gives the layers that are on the canvas.

        Raises
        ------
        InputError
            When the two do not lie on one grid.
        """
        self.stop()
        first, second = pair
        if mode == DIFFERENCE:
            panes = panes_of([second], difference)
        else:
            panes = panes_of([first, second])
            one, two = panes.greys
            if mode in (WIPE, BOARD):
                self._blend = _blended(one, two, pair)
                panes.layers.append(self._blend)
                panes.greys.append(self._blend)
            self._pair = (one, two)
        self._cells.show(panes.layers, together=True)
        self.mode = mode
        if len(panes.greys) > 1:
            self._viewer.layers.link_layers(panes.greys, LINKED)
        if panes.difference is not None:
            # Over the week that it is taken from: the two names would lie on each other.
            panes.greys[0].name_overlay.visible = False
        self._begin(window)
        return panes

    def set_share(self, share: float) -> None:
        """Move the wipe's edge."""
        self.edge.share = min(max(share, 0.0), 1.0)
        self.later()

    def set_upright(self, upright: bool) -> None:
        """Let the edge stand upright and move across, or lie and move down."""
        self.edge.upright = upright
        self.later()

    def set_squares(self, squares: int) -> None:
        """So many squares along the longest side of the board."""
        self._squares = max(squares, 1)
        self.later()

    def set_rate(self, hertz: float) -> None:
        """So many changes a second of volumes that are seen by turns."""
        self._turns.setInterval(round(1000 / max(hertz, 0.1)))

    def later(self, *_: Any) -> None:
        """Draw anew, once for many changes."""
        if self._blend is not None and not self._soon.isActive():
            self._soon.start()

    def stop(self) -> None:
        """End what moves by itself, and let go of the mouse; the layers go with the cells."""
        self._turns.stop()
        self._soon.stop()
        self.edge.stop()
        if self.mode is not None:
            self._viewer.dims.events.ndisplay.disconnect(self._apply)
            self._viewer.dims.events.order.disconnect(self._apply)
        self.mode, self._pair, self._blend = None, None, None

    def _begin(self, window: QWidget) -> None:
        self._viewer.dims.events.ndisplay.connect(self._apply)
        self._viewer.dims.events.order.connect(self._apply)
        if self.mode == WIPE and self._blend is not None:
            self.edge.start(self._blend, window)
        if self.mode == FLICKER:
            self._turns.start()
        self._apply()

    def _turn(self) -> None:
        """Show the other of the two; a layer that the user deleted ends it."""
        if self._pair is None or any(layer not in self._viewer.layers for layer in self._pair):
            self._turns.stop()
            return
        one, two = self._pair
        one.visible, two.visible = two.visible, one.visible

    def _apply(self, _event: Any = None) -> None:
        """Show of each what the mode says, in slices or in the volume."""
        if self._pair is None:
            return
        one, two = self._pair
        # Cut off at a plane by the card, volumes follow the edge at once; put together they would be sent there anew.
        cut = self._viewer.dims.ndisplay == 3 and self.mode == WIPE
        one.visible, two.visible = cut or self.mode == FLICKER, cut
        for layer, way in zip(self._pair, (-1.0, 1.0), strict=True):
            layer.experimental_clipping_planes = [self._plane(layer, way)] if cut else []
        if self._blend is not None:
            self._blend.visible = not cut
            if not cut:
                self._blend.data.pattern = self._pattern(self._blend)
                self._blend.refresh(thumbnail=False, extent=False)
        self.edge.update()

    def _pattern(self, blend: Image) -> Pattern:
        if self.mode == BOARD:
            return board(max(1, -(-max(blend.data.shape) // self._squares)))
        return wipe(self.edge.axis, self.edge.voxel(blend))

    def _plane(self, layer: Image, way: float) -> dict[str, Any]:
        at, normal = np.zeros(3), np.zeros(3)
        at[self.edge.axis], normal[self.edge.axis] = self.edge.voxel(layer), way
        return {"position": tuple(at), "normal": tuple(normal), "enabled": True}


def _blended(one: Image, two: Image, pair: tuple[Item, Item]) -> Image:
    layer = Image(
        Blend(finest_of(one), finest_of(two), wipe(2, 0.0)),
        name=f"{pair[0].title} | {pair[1].title}",
        scale=one.scale,
        translate=one.translate,
        units=one.units,
        axis_labels=one.axis_labels,
        contrast_limits=one.contrast_limits,
        metadata=dict(one.metadata),
    )
    look_alike([layer], [pair[0].scan, pair[1].scan])
    return layer
