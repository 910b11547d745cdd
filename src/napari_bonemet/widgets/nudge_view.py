"""The week that is corrected by hand, magenta, over what it is brought onto, green; moved with the mouse, too."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from napari_bonemet.geometry import AXES, Triple
from napari_bonemet.processing.posed import PosedVoxels
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform
from napari_bonemet.widgets.cells import View
from napari_bonemet.widgets.layers import KEY, UNIT, contrast_of, record_of_scan
from napari_bonemet.widgets.looks import show_slice_of
from napari_bonemet.widgets.nudge_pose import turn_between
from napari_bonemet.widgets.week_view import WeekView

__all__ = ["NudgeView"]

FIXED, MOVING = "stays, green", "moved, magenta"
_SHIFT, _CONTROL = "Shift", "Control"


class NudgeView(QObject):
    """Shows two scans over each other in place of what is on the canvas.

    Slices sample the moving scan in the pose as they are looked at; volumes are turned by their affine. Nothing is
    resampled as a whole.

    Attributes
    ----------
    shifted : Signal(object)
        (z, y, x) in micrometres by which the mouse dragged the moving scan since the last time (with Shift).
    turned : Signal(int, float)
        Axis and degrees by which it was turned (with Control).
    left : Signal
        The two are gone from the canvas.
    """

    shifted = Signal(object)
    turned = Signal(int, float)
    left = Signal()

    def __init__(self, viewer: Any, view: WeekView, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._view = viewer, view
        self._before: View | None = None
        self._posed: PosedVoxels | None = None
        self._moving: Scan | None = None
        self._layers: dict[str, Image] = {}
        self.centre: Triple = (0.0, 0.0, 0.0)

    @property
    def shown(self) -> bool:
        """Whether the two are on the canvas."""
        return self._before is not None

    def show(self, fixed: Scan, moving: Scan, pose: RigidTransform, centre: Triple) -> None:
        """Lay `moving`, its voxels in memory, over `fixed`; it turns about `centre`."""
        self.leave()
        self._view.turn_over_to(self)
        viewer = self._viewer
        self._before = View.of(viewer)
        self.centre = centre
        for layer in viewer.layers:
            layer.visible = False
        viewer.canvas.grid.enabled = False
        self._posed = PosedVoxels(moving, fixed.grid, pose)
        self._moving = moving
        place = {"scale": fixed.spacing, "translate": fixed.origin}
        self._layers = {
            "fixed": Image(fixed.voxels, **_look(fixed, FIXED, "green", "translucent"), **place),
            "plane": Image(self._posed, **_look(moving, MOVING, "magenta", "additive"), **place),
        }
        for layer in self._layers.values():
            viewer.add_layer(layer)
        viewer.dims.events.ndisplay.connect(self._turn_to_volumes)
        self._turn_to_volumes()
        show_slice_of(viewer, fixed)
        viewer.layers.selection.active = self._layers["plane"]
        viewer.layers.events.removed.connect(self._removed)
        viewer.mouse_drag_callbacks.append(self._drag)
        self.set_pose(pose)

    def set_pose(self, pose: RigidTransform) -> None:
        """See the moving scan in `pose`."""
        if self._posed is None:
            return
        self._posed.pose = pose
        if "volume" in self._layers:
            self._layers["volume"].affine = _affine(pose.inverse())
        if self._layers["plane"].visible:
            self._layers["plane"].refresh(extent=False, thumbnail=False)

    def leave(self) -> None:
        """Take the two away and put the user's own view back; does nothing when they are not there."""
        if self._before is None:
            return
        viewer, before, self._before = self._viewer, self._before, None
        viewer.dims.events.ndisplay.disconnect(self._turn_to_volumes)
        viewer.layers.events.removed.disconnect(self._removed)
        viewer.mouse_drag_callbacks.remove(self._drag)
        layers, self._layers, self._posed, self._moving = self._layers, {}, None, None
        for layer in layers.values():
            if layer in viewer.layers:
                viewer.layers.remove(layer)
        point = viewer.dims.point
        before.restore(viewer)
        if len(point) == viewer.dims.ndim:
            # The slice that was looked at last is where the result is looked at next.
            viewer.dims.point = point
        self._view.turn_back_from(self)
        self.left.emit()

    def _turn_to_volumes(self, *_: Any) -> None:
        """In 3D the whole scan is there, turned by its affine; in 2D it would only be in the way of the sliders."""
        volume, posed = self._viewer.dims.ndisplay == 3, self._posed
        self._layers["plane"].visible = not volume
        if volume and posed is not None and self._moving is not None:
            moving = self._moving
            self._layers["volume"] = Image(
                moving.voxels,
                scale=moving.spacing,
                translate=moving.origin,
                affine=_affine(posed.pose.inverse()),
                **_look(moving, f"{MOVING} in 3D", "magenta", "additive"),
            )
            self._viewer.add_layer(self._layers["volume"])
        elif not volume and "volume" in self._layers:
            self._viewer.layers.remove(self._layers.pop("volume"))

    def _removed(self, event: Any) -> None:
        if event.value in self._layers.values():
            self.leave()

    def _drag(self, viewer: Any, event: Any) -> Iterator[None]:
        keys = {str(getattr(key, "name", key)) for key in event.modifiers}
        if viewer.dims.ndisplay != 2 or not keys & {_SHIFT, _CONTROL} or len(event.position) < 3:
            return
        viewer.scene.camera.mouse_pan = False
        last = event.position[-3:]
        try:
            yield
            while event.type == "mouse_move":
                if _SHIFT in keys:
                    self.shifted.emit(tuple(np.subtract(event.position[-3:], last).tolist()))
                else:
                    axis = int(viewer.dims.order[-3]) - (viewer.dims.ndim - 3)
                    self.turned.emit(axis, turn_between(self.centre, last, event.position[-3:], axis))
                last = event.position[-3:]
                yield
        finally:
            viewer.scene.camera.mouse_pan = True


def _look(scan: Scan, words: str, colormap: str, blending: str) -> dict[str, Any]:
    week = scan.title if scan.week is None else f"week {scan.week:g}"
    return {
        "name": f"{words}: {week}",
        "colormap": colormap,
        "blending": blending,
        "contrast_limits": contrast_of(scan),
        "metadata": {KEY: record_of_scan(scan, words)},
        "units": (UNIT,) * 3,
        "axis_labels": AXES,
        "multiscale": False,
    }


def _affine(motion: RigidTransform) -> np.ndarray:
    whole = np.eye(4)
    whole[:3, :3], whole[:3, 3] = motion.matrix, motion.shift
    return whole
