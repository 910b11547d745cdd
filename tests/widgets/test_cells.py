"""Linked cells show one layer each, and give the user's own view back to the last setting."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.settings import get_settings

from napari_bonemet.widgets.cells import LinkedCells, View

PLACED = {"scale": (10.0, 10.0, 10.0), "units": ("um",) * 3, "axis_labels": ("z", "y", "x")}


def image(name: str) -> Image:
    voxels = np.zeros((6, 20, 20), np.uint8)
    voxels[:, 5:15, 5:15] = 200
    return Image(voxels, name=name, **PLACED)


@pytest.fixture
def viewer() -> Any:
    viewer = ViewerModel()
    viewer.add_layer(image("mine"))
    viewer.add_layer(image("mine, hidden"))
    viewer.layers[1].visible = False
    viewer.layers.selection = {viewer.layers[0]}
    viewer.canvas.grid.stride = -2
    viewer.canvas.grid.shape = (3, 1)
    viewer.canvas.overlays.scale_bar.position = "top_left"
    viewer.dims.set_point(0, 20)
    viewer.scene.camera.zoom = 0.37
    viewer.scene.camera.center = (0, 12.5, 99.0)
    return viewer


@pytest.fixture
def preferences() -> Any:
    application = get_settings().application
    before = application.grid_spacing
    yield application
    application.grid_spacing = before


def show_three(viewer: Any, **kwargs: Callable[[], None]) -> LinkedCells:
    cells = LinkedCells(viewer, **kwargs)
    cells.show([image("true"), image("predicted"), image("difference")])
    return cells


def positions(viewer: Any) -> list[tuple[int, int]]:
    return [viewer.canvas.grid.position(index, viewer.layers) for index in range(len(viewer.layers))]


def test_each_layer_has_a_titled_cell_of_its_own(viewer: Any) -> None:
    cells = show_three(viewer)
    assert positions(viewer) == [(-1, -1), (-1, -1), (0, 0), (0, 1), (1, 0)]
    assert all(layer.name_overlay.visible for layer in cells.layers)
    assert viewer.canvas.overlays.scale_bar.gridded


def test_leaving_gives_the_view_back_exactly(viewer: Any) -> None:
    before = View.of(viewer)
    cells = show_three(viewer)
    cells.set_volume(True)
    viewer.dims.set_point(0, 50)
    cells.leave()
    assert View.of(viewer) == before
    assert not cells.shown


def test_showing_others_keeps_the_slice_and_the_way_back(viewer: Any) -> None:
    before = View.of(viewer)
    cells = show_three(viewer)
    viewer.dims.set_point(0, 40)
    cells.show([image("true"), image("predicted")], columns=1)
    assert viewer.dims.point[0] == 40
    assert positions(viewer)[2:] == [(0, 0), (1, 0)]
    cells.leave()
    assert View.of(viewer) == before


def test_a_changed_preference_does_not_break_the_cells(viewer: Any, preferences: Any) -> None:
    cells = show_three(viewer)
    preferences.grid_spacing = 0.25
    assert positions(viewer)[2:] == [(0, 0), (0, 1), (1, 0)]
    assert viewer.canvas.grid.spacing == 4
    cells.leave()
    assert viewer.canvas.grid.spacing == 0.25


def test_deleting_the_cells_by_hand_leaves(viewer: Any) -> None:
    left: list[bool] = []
    before = View.of(viewer)
    cells = show_three(viewer, on_left=lambda: left.append(True))
    for layer in cells.layers:
        viewer.layers.remove(layer)
    assert left == [True]
    assert View.of(viewer) == before


def test_leaving_without_cells_does_nothing(viewer: Any) -> None:
    before = View.of(viewer)
    LinkedCells(viewer).leave()
    assert View.of(viewer) == before
