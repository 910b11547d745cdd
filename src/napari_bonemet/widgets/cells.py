"""Linked cells: layers side by side in napari's grid, and the user's own view back as it was afterwards.

napari's grid has one camera and one set of sliders for all cells, so cells are linked as soon as their
layers lie on one grid. What it does not do is remember: the visibility of the user's layers, the grid's
settings, the camera and the scale bar are all overwritten. So they are noted first and put back last.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from napari.layers import Layer
from napari.settings import get_settings
from napari.viewer import Viewer

from napari_bonemet.widgets.layers import remove_layers
from napari_bonemet.widgets.week_view import give_room_back, make_room

GAP_PIXELS = 4
TITLE_POINTS = 7
# A box seen from a corner is drawn small enough for its diagonal; a bone in its middle may be larger.
CLOSER = 1.25
_GRID = ("enabled", "stride", "shape", "spacing")
_CAMERA = ("center", "zoom", "angles", "perspective")
_BAR = ("visible", "gridded", "box", "position")
_PREFERENCES = ("grid_stride", "grid_width", "grid_height", "grid_spacing")


def _note(model: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(model, name) for name in names}


def _put_back(model: Any, noted: dict[str, Any]) -> None:
    for name, value in noted.items():
        setattr(model, name, value)


@dataclass(frozen=True)
class View:
    """How a viewer looked: everything that linked cells change, and nothing else."""

    visible: tuple[tuple[Layer, bool], ...]
    selected: tuple[Layer, ...]
    grid: dict[str, Any]
    camera: dict[str, Any]
    scale_bar: dict[str, Any]
    ndisplay: int
    order: tuple[int, ...]
    point: tuple[float, ...]

    @classmethod
    def of(cls, viewer: Viewer) -> "View":
        """Note how `viewer` looks now."""
        return cls(
            visible=tuple((layer, layer.visible) for layer in viewer.layers),
            selected=tuple(viewer.layers.selection),
            grid=_note(viewer.canvas.grid, _GRID),
            camera=_note(viewer.scene.camera, _CAMERA),
            scale_bar=_note(viewer.canvas.overlays.scale_bar, _BAR),
            ndisplay=viewer.dims.ndisplay,
            order=tuple(viewer.dims.order),
            point=tuple(viewer.dims.point),
        )

    def restore(self, viewer: Viewer) -> None:
        """Make `viewer` look so again; layers that were removed meanwhile stay removed."""
        for layer, visible in self.visible:
            if layer in viewer.layers:
                layer.visible = visible
        viewer.layers.selection = {layer for layer in self.selected if layer in viewer.layers}
        _put_back(viewer.canvas.grid, {name: self.grid[name] for name in reversed(_GRID)})
        _put_back(viewer.canvas.overlays.scale_bar, self.scale_bar)
        viewer.dims.ndisplay = self.ndisplay
        if len(self.order) == viewer.dims.ndim:
            viewer.dims.order = self.order
            viewer.dims.point = self.point
        # The camera last: a change of ndisplay moves it.
        _put_back(viewer.scene.camera, self.camera)


class LinkedCells:
    """Shows layers one per cell, and gives the user's own view back.

    Parameters
    ----------
    viewer : napari.Viewer
        Its own layers are hidden while the cells are shown, and never changed.
    on_left : callable, optional
        Called when the cells are gone, also when the user deleted them from the layer list.
    """

    def __init__(self, viewer: Viewer, on_left: Callable[[], None] = lambda: None) -> None:
        self._viewer = viewer
        self._on_left = on_left
        self._layers: list[Layer] = []
        self._before: View | None = None
        self._columns, self._together = -1, False

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in the cells, in reading order."""
        return tuple(self._layers)

    @property
    def before(self) -> View | None:
        """The user's own view, which comes back when the cells go; None where none are shown."""
        return self._before

    @property
    def in_cells(self) -> bool:
        """Whether each layer has a cell of its own."""
        return self.shown and not self._together

    @property
    def shown(self) -> bool:
        """Whether the cells are on the screen."""
        return self._before is not None

    def show(self, layers: Sequence[Layer], *, columns: int = -1, together: bool = False) -> None:
        """Show `layers`, one per cell, in place of what is on the screen.

        Parameters
        ----------
        layers : sequence of napari layers
            Not yet in the viewer, on one grid; each one's name is its cell's title.
        columns : int
            Cells in a row; -1 leaves the choice to napari.
        together : bool
            All in one view, on top of each other, in place of cells.
        """
        point = self._viewer.dims.point if self.shown else None
        self._leave_grid()
        self._remove_own()
        if self._before is None:
            make_room(self._viewer, self)
            self._before = View.of(self._viewer)
            self._watch(True)
        for layer, _ in self._before.visible:
            layer.visible = False
        self._columns, self._together = columns, together
        for layer in layers:
            layer.visible = True
            layer.name_overlay.visible = True
            layer.name_overlay.box = True
            layer.name_overlay.font_size = TITLE_POINTS
            self._viewer.add_layer(layer)
        self._layers = list(layers)
        self._apply_grid()
        bar = self._viewer.canvas.overlays.scale_bar
        bar.visible, bar.gridded, bar.box = True, not together, True
        if point is not None and len(point) == self._viewer.dims.ndim:
            self._viewer.dims.point = point
        self._turn_to_layers()
        self.fit()

    def fit(self) -> None:
        """Zoom so that every cell shows its whole layer."""
        if self._layers:
            self._viewer.reset_view(layers=self._layers, margin=0.12, reset_camera_angle=False)
            if self._viewer.dims.ndisplay == 3:
                self._viewer.scene.camera.zoom *= CLOSER

    def set_volume(self, volume: bool) -> None:
        """Show the cells as volumes (3D), or as slices (2D)."""
        self._viewer.dims.ndisplay = 3 if volume else 2
        if volume:
            # The long axis of the bone upright, proximal end up, seen a little from above and from the side.
            self._viewer.scene.camera.set_view_direction((0.3, 1.0, 0.6), (-1.0, 0.0, 0.0))
        self.fit()

    def leave(self) -> None:
        """Take the cells away and put the user's own view back; does nothing when none are shown."""
        if self._before is None:
            return
        before, self._before = self._before, None
        self._watch(False)
        self._leave_grid()
        self._remove_own()
        give_room_back(self._viewer, self)
        before.restore(self._viewer)
        self._on_left()

    def _leave_grid(self) -> None:
        """Layers that come, go or show themselves in a grid leave napari short of overlays for its cells: it raises."""
        self._viewer.canvas.grid.enabled = False
        self._viewer.canvas.overlays.scale_bar.gridded = False

    def _apply_grid(self) -> None:
        grid = self._viewer.canvas.grid
        grid.stride = 1
        grid.shape = (-1, self._columns)
        grid.spacing = GAP_PIXELS
        grid.enabled = not self._together

    def _turn_to_layers(self) -> None:
        """Go to the middle slice where the current one lies outside the layers."""
        if not self._layers:
            return
        extent = self._layers[0].extent.world
        first = self._viewer.dims.ndim - extent.shape[1]
        for axis, (low, high) in enumerate(extent.T, start=first):
            if not low <= self._viewer.dims.point[axis] <= high:
                self._viewer.dims.set_point(axis, (low + high) / 2)

    def _remove_own(self) -> None:
        own, self._layers = self._layers, []
        remove_layers(self._viewer, own)

    def _watch(self, on: bool) -> None:
        emitters = [getattr(get_settings().application.events, name) for name in _PREFERENCES]
        for emitter in emitters:
            if on:
                emitter.connect(self._preferences_changed, position="last")
            else:
                emitter.disconnect(self._preferences_changed)
        removed = self._viewer.layers.events.removed
        if on:
            removed.connect(self._layer_removed)
        else:
            removed.disconnect(self._layer_removed)

    def _preferences_changed(self, event: Any = None) -> None:  # noqa: ARG002
        """A changed grid preference resets napari's grid: that is what to go back to, and ours is set again."""
        if self._before is None:
            return
        application = get_settings().application
        self._before.grid.update(
            stride=application.grid_stride,
            shape=(application.grid_height, application.grid_width),
            spacing=application.grid_spacing,
        )
        self._apply_grid()

    def _layer_removed(self, event: Any) -> None:
        if event.value not in self._layers:
            return
        self._layers = [layer for layer in self._layers if layer != event.value]
        if not self._layers:
            self.leave()
