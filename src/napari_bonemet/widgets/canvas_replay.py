"""A picture of the canvas taken again, in a viewer that nobody sees."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import fingerprint
from napari_bonemet.strict import inside_or_absolute
from napari_bonemet.study.canvas import Canvas, Layer, Overlay, Place, open_canvas

__all__ = ["replay"]


def replay(
    path: str | Path, *, changed_too: bool = False, progress: Progress = NO_PROGRESS
) -> tuple[Any, dict[str, Any]]:
    """Take the picture of a record again.

    Parameters
    ----------
    path : path
        The .json file beside the picture.
    changed_too : bool
        Show layers whose voxels have changed as they are now, and leave out those that cannot be had.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The picture with its title and footer.
    record : dict
        Of what is shown now.

    Raises
    ------
    InputError
        When the record cannot be used, a layer has no source or has changed, or there is no display.
    """
    path = Path(path)
    canvas, layers = open_canvas(path)
    _require_display()
    shown, missing = [], []
    for number, layer in enumerate(layers):
        progress.message(f"reading {layer.name}")
        try:
            shown.append((layer, _voxels(layer, path.parent)))
        except InputError as error:
            missing.append(f"{layer.name}: {str(error).rstrip('.')}")
            shown.append((Layer(layer.name, "hidden", place=layer.place), None))
        progress.advance(0.7 * (number + 1) / len(layers))
    if missing and not changed_too:
        raise InputError(
            "The picture cannot be made again as it was",
            found="; ".join(missing),
            remedy="Bring these layers back, or leave them out with --changed-too",
        )
    progress.message("taking the picture")
    return _picture(canvas, shown)


def _require_display() -> None:
    there = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform in ("win32", "darwin")
    if not there:
        raise InputError(
            "A picture of the canvas needs a display, as napari draws it",
            remedy="Run the command under a virtual one: xvfb-run -a napari-bonemet figure --from ...",
        )


def _voxels(layer: Layer, folder: Path) -> np.ndarray | None:
    if layer.type in ("points", "shapes", "hidden"):
        return None
    source = layer.source
    if source.kept is not None:
        voxels = _kept(inside_or_absolute(source.kept, folder, "a layer's voxels"))
    elif source.folder is not None:
        voxels = _of_leg(layer, inside_or_absolute(source.folder, folder, "a layer's scans"))
    else:
        raise InputError("it lay in memory alone, and was not kept")
    if source.sha256 and fingerprint(voxels) != source.sha256:
        raise InputError("its voxels are others than they were")
    return voxels


def _kept(place: Path) -> np.ndarray:
    import zarr

    try:
        array = zarr.open_array(str(place), mode="r")
        return np.asarray(array[...])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{place} cannot be read", found=str(error)[:200]) from error


def _of_leg(layer: Layer, folder: Path) -> np.ndarray:
    from napari_bonemet.io import find_legs, read_series

    source = layer.source
    if not folder.exists():
        raise InputError(f"{folder} is not there")
    for files in find_legs(folder):
        weeks = [week for week, _ in files.weeks]
        if files.leg == source.leg and str(files.kind) == source.kind and source.week in weeks:
            return read_series(files, spacing=layer.place.scale or None).at_week(source.week or 0.0).to_numpy()
    raise InputError(f"{folder} has no {source.leg}, {source.kind}, week {source.week}")


def _picture(canvas: Canvas, layers: Sequence[tuple[Layer, Any]]) -> tuple[Any, dict[str, Any]]:
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_bonemet.widgets.canvas_record import record_of
    from napari_bonemet.widgets.figure_parts import annotated

    viewer = _unseen_viewer()
    try:
        viewer.theme = canvas.theme if canvas.theme in napari.utils.theme.available_themes() else "dark"
        for layer, voxels in layers:
            try:
                viewer.add_layer(_made(layer, voxels))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise InputError(f"The layer {layer.name!r} of the record cannot be made", found=str(error)) from error
        _look_as(viewer, canvas)
        QApplication.processEvents()
        if canvas.whole:
            image = np.asarray(viewer.export_figure(scale_factor=canvas.scale_factor, flash=False))
        else:
            size = (canvas.rows, canvas.columns)
            image = np.asarray(viewer.screenshot(size=size, scale=1, canvas_only=True, flash=False))
    finally:
        viewer.close()
    figure = annotated(image, canvas.title, canvas.footer, canvas.admitted)
    return figure, record_of(canvas, [layer for layer, _ in layers])


def _unseen_viewer() -> Any:
    """A viewer that draws, which a hidden one does not, in a window that never comes onto the screen."""
    import napari
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QApplication, QMainWindow

    before = set(QApplication.topLevelWidgets()) if QApplication.instance() is not None else set()
    viewer = napari.Viewer(show=False)
    for window in set(QApplication.topLevelWidgets()) - before:
        if isinstance(window, QMainWindow):
            window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
            window.show()
    QApplication.processEvents()
    return viewer


def _made(layer: Layer, voxels: Any) -> Any:
    from napari.layers import Image, Labels, Points

    look = layer.look
    common: dict[str, Any] = {"name": layer.name, "opacity": look.opacity, "blending": look.blending}
    match layer.type:
        case "image":
            made = Image(voxels, **common, **_image_look(layer))
        case "labels":
            made = Labels(voxels, **common, **_labels_look(layer))
            made.contour = look.contour or 0
        case "points":
            made = _points(layer, common)
        case "shapes":
            made = _shapes(layer, common)
        case _:
            made = Points(np.zeros((0, max(2, len(layer.place.scale)))), name=layer.name, visible=False)
    _put(made, layer.place)
    if layer.type not in ("hidden", "other"):
        _overlay(made.name_overlay, layer.title)
    if layer.type == "image":
        _overlay(made.colorbar, layer.bar)
    return made


def _image_look(layer: Layer) -> dict[str, Any]:
    from napari.utils.colormaps import Colormap

    look = layer.look
    colours: Any = look.colormap or "gray"
    if look.colours:
        colours = Colormap(np.asarray(look.colours), controls=np.asarray(look.controls), name="own")
    names: tuple[str, ...] = ("gamma", "contrast_limits", "rendering", "iso_threshold", "attenuation")
    names = (*names, "interpolation2d", "interpolation3d")
    return {"colormap": colours, **{n: getattr(look, n) for n in names if getattr(look, n) is not None}}


def _labels_look(layer: Layer) -> dict[str, Any]:
    from napari.utils.colormaps import DirectLabelColormap, label_colormap

    look = layer.look
    if look.colours:
        colours: dict[int | None, np.ndarray] = {None: np.zeros(4, np.float32)}
        colours |= {int(row[0]): np.asarray(row[1:], np.float32) for row in look.colours}
        return {"colormap": DirectLabelColormap(color_dict=colours)}
    return {} if look.seed is None else {"colormap": label_colormap(seed=look.seed)}


def _words(layer: Layer) -> dict[str, Any]:
    drawn = layer.drawn
    if not drawn.words:
        return {}
    colours = drawn.words_colours or (drawn.words_colour,) * len(drawn.words)
    text: dict[str, Any] = {
        "string": list(drawn.words),
        "size": drawn.words_size,
        "color": [np.asarray(colour) for colour in colours],
        "anchor": drawn.words_anchor,
    }
    if len(drawn.words_shift) == drawn.ndim:
        text["translation"] = np.asarray(drawn.words_shift)
    return {"text": text}


def _points(layer: Layer, common: dict[str, Any]) -> Any:
    from napari.layers import Points

    drawn = layer.drawn
    data = np.asarray(drawn.points, float).reshape(-1, drawn.ndim)
    if not len(data):
        return Points(data, ndim=drawn.ndim, **common)
    return Points(
        data,
        size=np.asarray(drawn.sizes),
        symbol=list(drawn.symbols),
        face_color=np.asarray(drawn.face),
        border_color=np.asarray(drawn.edge),
        border_width=np.asarray(drawn.borders),
        **_words(layer),
        **common,
    )


def _shapes(layer: Layer, common: dict[str, Any]) -> Any:
    from napari.layers import Shapes

    drawn = layer.drawn
    if not drawn.shapes:
        return Shapes(ndim=drawn.ndim, **common)
    return Shapes(
        [np.asarray(shape) for shape in drawn.shapes],
        shape_type=list(drawn.types),
        edge_width=list(drawn.sizes),
        face_color=np.asarray(drawn.face),
        edge_color=np.asarray(drawn.edge),
        **_words(layer),
        **common,
    )


def _put(made: Any, place: Place) -> None:
    if len(place.scale) != made.ndim:
        return
    made.scale, made.translate = place.scale, place.translate
    if place.units:
        made.units = place.units
    if place.rotate:
        made.rotate = np.asarray(place.rotate)
    if place.shear:
        made.shear = np.asarray(place.shear)
    if place.affine:
        made.affine = np.asarray(place.affine)


def _overlay(overlay: Any, wanted: Overlay) -> None:
    overlay.visible, overlay.position, overlay.gridded = wanted.visible, wanted.position, wanted.gridded
    if hasattr(overlay, "font_size"):
        overlay.font_size = wanted.font_size
    if wanted.text and hasattr(overlay, "text"):
        overlay.text = wanted.text


def _look_as(viewer: Any, canvas: Canvas) -> None:
    view, dims, grid, camera = canvas.view, viewer.dims, viewer.canvas.grid, viewer.scene.camera
    overlays = viewer.canvas.overlays
    for overlay, wanted in ((overlays.scale_bar, canvas.scale_bar), (overlays.text, canvas.words)):
        _overlay(overlay, wanted)
    overlays.axes.visible = canvas.axes.visible
    grid.stride, grid.shape, grid.spacing, grid.enabled = view.stride or 1, view.shape, view.spacing, view.cells
    dims.ndisplay = view.ndisplay
    if sorted(view.order) == list(range(dims.ndim)):
        dims.order = view.order
    if len(view.point) == dims.ndim:
        dims.point = view.point
    # The camera last: a change of ndisplay moves it.
    camera.angles, camera.center, camera.zoom = view.angles, view.center, view.zoom
    camera.perspective = view.perspective
