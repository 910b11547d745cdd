"""What the tests of the dock Session press, draw and compare."""

from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import Qt

from napari_bonemet.scan import Kind
from napari_bonemet.widgets.layers import find_layers
from napari_bonemet.widgets.session import SessionDock

PATIENCE_MS = 60_000


def press(qtbot: Any, bar: Any, button: Any = None) -> None:
    with qtbot.waitSignal(bar.runner.finished, timeout=PATIENCE_MS):
        qtbot.mouseClick(button or bar.run_button, Qt.MouseButton.LeftButton)


def opened(qtbot: Any, dock: SessionDock) -> None:
    qtbot.waitUntil(lambda: dock.save_bar.line.text().startswith("Opened"), timeout=PATIENCE_MS)


def work_on(viewer: Any, docks: dict[str, Any], folder: Path, qtbot: Any) -> None:
    """Open, register, crop and compose by pressing what a user would; draw, paint, and look from aside."""
    weekly, register, composite = (docks[name] for name in ("Weekly scans", "Register weeks", "Composite and RoI"))
    weekly.open_folder(folder)
    qtbot.waitUntil(lambda: weekly.desk.series is not None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not weekly.open_bar.running, timeout=PATIENCE_MS)
    register.form.fields["azimuths"].value = 8
    register.form.fields["starts"].value = 1
    press(qtbot, register.run_bar)
    composite.form.fields["least_voxels"].value = 3
    composite.roi.form.fields["first_slice"].value = 1
    composite.roi.form.fields["slices"].value = 10
    press(qtbot, composite.roi.run_bar)
    press(qtbot, composite.run_bar)
    draw_on(viewer)
    weekly.desk.set_week(1.0)
    layer = find_layers(viewer, week=1.0, kind=Kind.ROI)[0]
    layer.contrast_limits, layer.colormap, layer.gamma = (20, 200), "magma", 0.8
    viewer.scene.camera.zoom = 3.25
    viewer.scene.camera.center = (0.0, 50.0, 60.0)
    viewer.dims.set_point(0, 40.0)


def draw_on(viewer: Any) -> None:
    place = {"scale": (10.0,) * 3, "translate": (10.0, 0.0, 0.0), "units": ("micrometer",) * 3}
    place["axis_labels"] = ("z", "y", "x")  # type: ignore[assignment]
    viewer.add_points(
        [[3, 4, 5], [3, 8, 9]],
        name="landmarks",
        size=[30, 50],
        face_color=[[1, 0, 0, 1], [0, 1, 0, 1]],
        symbol=["disc", "cross"],
        features={"number": [1, 2]},
        text={"string": "{number}", "size": 9},
        **place,
    )
    arrow, blob = np.array([[3, 2, 2], [3, 9, 9]]), np.array([[3, 4, 4], [3, 4, 12], [3, 12, 12]])
    shapes = viewer.add_shapes([arrow, blob], shape_type=["line", "polygon"], name="arrows", edge_width=[5, 2], **place)
    shapes.edge_color = ["blue", "red"]
    shapes.metadata["meaning"] = {"blue": "true lesion"}
    painted = np.zeros((10, 20, 20), np.int32)
    painted[2:5, 6:12, 6:12] = 3
    viewer.add_labels(painted, name="by hand", opacity=0.4, blending="additive", **place)


def same_layers(one: Any, other: Any) -> None:
    assert [layer.name for layer in one.layers] == [layer.name for layer in other.layers]
    for a, b in zip(one.layers, other.layers, strict=True):
        assert type(a) is type(b)
        assert (a.visible, a.opacity, a.blending) == (b.visible, b.opacity, b.blending), a.name
        np.testing.assert_allclose(a.scale, b.scale)
        np.testing.assert_allclose(a.translate, b.translate)
        assert a.units == b.units
        assert a.axis_labels == b.axis_labels
    points, again = one.layers["landmarks"], other.layers["landmarks"]
    np.testing.assert_array_equal(points.data, again.data)
    np.testing.assert_array_equal(points.size, again.size)
    np.testing.assert_array_equal(points.face_color, again.face_color)
    assert list(points.symbol) == list(again.symbol)
    assert list(again.features["number"]) == [1, 2]
    assert list(again.text.values) == ["1", "2"]
    shapes, again = one.layers["arrows"], other.layers["arrows"]
    for a, b in zip(shapes.data, again.data, strict=True):
        np.testing.assert_array_equal(a, b)
    assert shapes.shape_type == again.shape_type
    assert shapes.edge_width == again.edge_width
    np.testing.assert_array_equal(shapes.edge_color, again.edge_color)
    assert again.metadata["meaning"] == {"blue": "true lesion"}
    np.testing.assert_array_equal(one.layers["by hand"].data, other.layers["by hand"].data)
    roi, again = (find_layers(viewer, week=1.0, kind=Kind.ROI)[0] for viewer in (one, other))
    assert tuple(again.contrast_limits) == tuple(roi.contrast_limits) == (20, 200)
    assert (again.colormap.name, again.gamma) == ("magma", 0.8)
