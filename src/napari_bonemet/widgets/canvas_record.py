"""The canvas as a record: layers by where their voxels lie, what was drawn by hand in full, camera, slice, overlays."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.colormaps import AVAILABLE_COLORMAPS

from napari_bonemet.io.atomic import atomic_folder
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Json, __version__, fingerprint
from napari_bonemet.study.canvas import CANVAS, Canvas, Drawn, Layer, Look, Overlay, Place, Source, View
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.layers import record_of_layer
from napari_bonemet.widgets.mark import admitted

__all__ = ["note_canvas", "record_of", "with_sources"]


def note_canvas(
    viewer: Any, desk: Desk, *, title: str, footer: str, size: tuple[int, int], scale_factor: float | None
) -> tuple[Canvas, tuple[Layer, ...], tuple[Any, ...]]:
    """What is seen now, in the main thread; nothing large is read.

    Parameters
    ----------
    size : (rows, columns)
        Of the picture, pixels.
    scale_factor : float or None
        Of whole layers; None for the view as it is.

    Returns
    -------
    canvas, layers
        As they are recorded, the layers' voxels not yet hashed.
    voxels : tuple
        Of each layer: an array, or None where it has none.
    """
    overlays = viewer.canvas.overlays
    canvas = Canvas(
        title=title,
        footer=footer,
        admitted=admitted(viewer),
        rows=int(size[0]),
        columns=int(size[1]),
        whole=scale_factor is not None,
        scale_factor=scale_factor or 1.0,
        theme=str(viewer.theme),
        view=_view(viewer),
        scale_bar=_overlay(overlays.scale_bar),
        words=_overlay(overlays.text, overlays.text.text),
        axes=_overlay(overlays.axes),
    )
    layers = tuple(_layer(layer, desk) for layer in viewer.layers)
    return canvas, layers, tuple(_voxels(layer) if layer.visible else None for layer in viewer.layers)


def _voxels(layer: Any) -> Any:
    if not isinstance(layer, Image | Labels):
        return None
    return layer.data[0] if layer.multiscale else layer.data


def _view(viewer: Any) -> View:
    dims, camera, grid = viewer.dims, viewer.scene.camera, viewer.canvas.grid
    return View(
        ndisplay=int(dims.ndisplay),
        point=_row(dims.point),
        order=tuple(int(axis) for axis in dims.order),
        center=_row(camera.center),
        zoom=float(camera.zoom),
        angles=_row(camera.angles),
        perspective=float(camera.perspective),
        cells=bool(grid.enabled),
        stride=int(grid.stride),
        shape=(int(grid.shape[0]), int(grid.shape[1])),
        spacing=float(grid.spacing),
    )


def _overlay(overlay: Any, text: str = "") -> Overlay:
    return Overlay(
        visible=bool(overlay.visible),
        position=str(getattr(overlay.position, "value", overlay.position)),
        font_size=float(getattr(overlay, "font_size", 10)),
        gridded=bool(overlay.gridded),
        text=text[:4000],
    )


def _row(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _rows(values: Any) -> tuple[tuple[float, ...], ...]:
    return tuple(_row(row) for row in values)


def _layer(layer: Any, desk: Desk) -> Layer:
    if not layer.visible:
        return Layer(layer.name[:500], "hidden", place=_place(layer))
    types = {Image: "image", Labels: "labels", Points: "points", Shapes: "shapes"}
    kind: Any = next((name for cls, name in types.items() if isinstance(layer, cls)), "other")
    rgb = getattr(layer, "rgb", False)
    return Layer(
        name=layer.name[:500],
        type="other" if rgb else kind,
        look=_look(layer),
        place=_place(layer),
        source=_source(layer, desk),
        drawn=_drawn(layer),
        title=_overlay(layer.name_overlay),
        bar=_overlay(layer.colorbar) if isinstance(layer, Image) else Overlay(),
    )


def _place(layer: Any) -> Place:
    return Place(
        scale=_row(layer.scale),
        translate=_row(layer.translate),
        rotate=_rows(np.asarray(layer.rotate)),
        shear=_row(np.asarray(layer.shear).ravel()),
        affine=_rows(layer.affine.affine_matrix),
        units=tuple(str(unit) for unit in layer.units),
    )


def _look(layer: Any) -> Look:
    look = Look(opacity=float(layer.opacity), blending=str(layer.blending))
    if isinstance(layer, Image):
        limits = (float(layer.contrast_limits[0]), float(layer.contrast_limits[1]))
        named = layer.colormap.name in AVAILABLE_COLORMAPS
        return replace(
            look,
            gamma=float(layer.gamma),
            contrast_limits=limits,
            colormap=layer.colormap.name if named else "",
            colours=() if named else _rows(layer.colormap.colors),
            controls=() if named else _row(layer.colormap.controls),
            rendering=str(layer.rendering),
            iso_threshold=float(layer.iso_threshold),
            attenuation=float(layer.attenuation),
            interpolation2d=str(layer.interpolation2d),
            interpolation3d=str(layer.interpolation3d),
        )
    if isinstance(layer, Labels):
        chosen = getattr(layer.colormap, "color_dict", None)
        seed = getattr(layer.colormap, "seed", None)
        colours = () if chosen is None else tuple((float(k or 0), *_row(c)) for k, c in chosen.items() if k is not None)
        return replace(
            look,
            colours=colours,
            seed=None if seed is None or chosen is not None else float(seed),
            contour=int(layer.contour),
            rendering=str(layer.rendering),
        )
    return look


def _drawn(layer: Any) -> Drawn:
    if not isinstance(layer, Points | Shapes):
        return Drawn()
    words = [str(word) for word in np.atleast_1d(layer.text.values)] if len(layer.data) else []
    colour = getattr(layer.text.color, "constant", None)
    each = np.atleast_2d(layer.text.color(layer.features)) if colour is None and any(words) else ()
    shared: dict[str, Any] = {
        "face": _rows(layer.face_color),
        "words": tuple(words) if any(words) else (),
        "words_size": float(layer.text.size),
        "words_colour": (1.0, 1.0, 1.0, 1.0) if colour is None else _row(colour),
        "words_colours": _rows(each),
        "words_anchor": str(getattr(layer.text.anchor, "value", layer.text.anchor)),
        "words_shift": _row(np.atleast_1d(layer.text.translation)),
        "ndim": int(layer.ndim),
    }
    if isinstance(layer, Points):
        return Drawn(
            points=_rows(layer.data),
            sizes=_row(layer.size),
            symbols=tuple(str(getattr(symbol, "value", symbol)) for symbol in layer.symbol),
            borders=_row(layer.border_width),
            edge=_rows(layer.border_color),
            **shared,
        )
    return Drawn(
        shapes=tuple(_rows(shape) for shape in layer.data),
        types=tuple(str(kind) for kind in layer.shape_type),
        sizes=_row(layer.edge_width),
        edge=_rows(layer.edge_color),
        **shared,
    )


def _source(layer: Any, desk: Desk) -> Source:
    """The leg's folder, where the layer shows a week as it was read from there."""
    record = record_of_layer(layer)
    if record is None or record.get("what") or record.get("week") is None:
        return Source()
    folder = str(layer.source.path) if layer.source.path else None
    if folder is None and desk.leg is not None and desk.leg.folder is not None and desk.series is not None:
        read = desk.series.at_week(record["week"]) if record["week"] in desk.series.weeks else None
        voxels = layer.data[0] if layer.multiscale else layer.data
        folder = str(desk.leg.folder) if read is not None and read.voxels is voxels else None
    if folder is None:
        return Source()
    return Source(folder, str(record["leg"]), str(record["kind"]), float(record["week"]))


def with_sources(
    layers: Sequence[Layer],
    voxels: Sequence[Any],
    path: Path,
    *,
    keep: bool,
    progress: Progress = NO_PROGRESS,
) -> tuple[Layer, ...]:
    """The layers with their voxels' hashes, those that lie in memory alone written beside the picture.

    Parameters
    ----------
    path : Path
        The picture's file.
    keep : bool
        Write them; otherwise the record names no source for them.

    Raises
    ------
    OutputError
        When the disk refuses.
    """
    import zarr

    folder = path.with_name(f"{path.name}.data")
    lost = [n for n, one in enumerate(layers) if voxels[n] is not None and one.source.folder is None]
    made = list(layers)
    for number, one in enumerate(layers):
        progress.message(f"{one.name}: hashing")
        if voxels[number] is not None:
            place = None
            if number in lost and keep:
                place = f"{folder.name}/{number}.zarr"
            made[number] = replace(one, source=replace(one.source, kept=place, sha256=fingerprint(voxels[number])))
        progress.advance(0.5 * (number + 1) / len(layers))
    if lost and keep:
        with atomic_folder(folder, overwrite=True) as new:
            for done, number in enumerate(lost):
                progress.message(f"{layers[number].name}: keeping its voxels beside the picture")
                zarr.save_array(str(new / f"{number}.zarr"), np.asarray(voxels[number]))
                progress.advance(0.5 + 0.5 * (done + 1) / len(lost))
    return tuple(made)


def record_of(canvas: Canvas, layers: Sequence[Layer]) -> dict[str, Json]:
    """Plain JSON values."""
    return {
        "made_by": "napari-bonemet",
        "kind": CANVAS,
        "version": __version__,
        "title": canvas.title,
        "admitted": canvas.admitted,
        "canvas": canvas.as_record(),
        "layers": [layer.as_record() for layer in layers],
    }
