"""Layers for a session, and back: ours by what they show, files by their place, what the user drew in full."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer, Points, Shapes

from napari_bonemet.study.session_arrays import unpack
from napari_bonemet.study.session_layers import (
    Drawn,
    FileLayer,
    LabelsLayer,
    Look,
    MadeLayer,
    Place,
    PointsLayer,
    ShapesLayer,
)
from napari_bonemet.widgets.layers import KEY, TOOL, find_layers, record_of_layer

__all__ = ["Painted", "apply_look", "find_made", "keywords_of", "layer_from", "record_layer", "was_painted"]

PAINTED = "bonemet painted"
_CELLS = "cell"
_MOST_ROWS = 100_000


@dataclass(frozen=True, eq=False)
class Painted:
    """A labels layer whose voxels are still to be packed, which takes too long for the screen's thread."""

    record: LabelsLayer
    voxels: Any


Recorded = MadeLayer | FileLayer | PointsLayer | ShapesLayer | Painted


def was_painted(layer: Any) -> bool:
    """Whether the user painted on a layer of ours."""
    return bool(layer.metadata.get(PAINTED))


def record_layer(layer: Any, visible: bool | None = None) -> Recorded | str | None:
    """A layer as a session holds it; why it cannot be held, in words; None for what belongs to a dock's tools.

    Parameters
    ----------
    visible : bool, optional
        Whether the layer counts as seen, where something else has hidden it for a time.
    """
    record = _record(layer)
    if visible is None or record is None or isinstance(record, str):
        return record
    if isinstance(record, Painted):
        return replace(record, record=_seen(record.record, visible))
    return _seen(record, visible)


def _seen(record: Any, visible: bool) -> Any:
    return replace(record, look=replace(record.look, visible=visible))


def _record(layer: Any) -> Recorded | str | None:
    record = record_of_layer(layer)
    if layer.metadata.get(TOOL) or (record is not None and record.get("what") == _CELLS):
        return None
    if record is not None:
        return _made(layer, record)
    if isinstance(layer, Points | Shapes):
        return _points(layer) if isinstance(layer, Points) else _shapes(layer)
    path = layer.source.path
    if isinstance(layer, Labels) and not path:
        return Painted(_labels(layer, None), _voxels(layer))
    if isinstance(layer, Image | Labels) and path:
        return FileLayer("file", layer.name, look_of(layer), str(path), place_of(layer))
    return f"{layer.name} ({type(layer).__name__.lower()}, in no file)"


def look_of(layer: Any) -> Look:
    """How a layer is drawn."""
    image = isinstance(layer, Image)
    rgb = image and layer.rgb
    return Look(
        visible=bool(layer.visible),
        opacity=float(layer.opacity),
        blending=str(layer.blending),
        colormap=layer.colormap.name if image and not rgb else None,
        contrast_limits=tuple(float(v) for v in layer.contrast_limits) if image and not rgb else None,  # type: ignore[arg-type]
        gamma=float(layer.gamma) if image and not rgb else None,
        rendering=str(layer.rendering) if image else None,
    )


def apply_look(layer: Any, look: Look, name: str | None = None) -> None:
    """Draw a layer as it was; what this napari does not know (a blending, a colormap) stays as it is."""
    for attribute in ("opacity", "blending", "contrast_limits", "gamma", "rendering", "colormap", "visible"):
        value = getattr(look, attribute)
        if value is None or not hasattr(layer, attribute) or (isinstance(layer, Labels) and attribute == "colormap"):
            continue
        if attribute == "colormap" and value == layer.colormap.name:
            continue
        with contextlib.suppress(ValueError, KeyError, TypeError):
            setattr(layer, attribute, value)
    if name and layer.name != name:
        layer.name = name


def place_of(layer: Any) -> Place:
    """Where a layer lies."""
    turn, shift = np.asarray(layer.rotate), np.asarray(layer.translate)
    # A turn comes before the shift in napari; in one matrix with the affine it comes after it.
    turned = np.eye(len(shift) + 1)
    turned[:-1, :-1], turned[:-1, -1] = turn, shift - turn @ shift
    whole = np.asarray(layer.affine.affine_matrix) @ turned
    plain = np.allclose(whole, np.eye(len(whole)))
    return Place(
        tuple(float(v) for v in layer.scale),
        tuple(float(v) for v in layer.translate),
        tuple(str(unit) for unit in layer.units),
        tuple(str(label) for label in layer.axis_labels),
        None if plain else tuple(tuple(float(v) for v in row) for row in whole),
    )


def keywords_of(place: Place) -> dict[str, Any]:
    """A place as the arguments of a layer."""
    given: dict[str, Any] = {"scale": place.scale, "translate": place.translate}
    if place.units:
        given["units"] = place.units
    if place.axis_labels:
        given["axis_labels"] = place.axis_labels
    if place.affine is not None:
        given["affine"] = np.asarray(place.affine)
    return given


def _made(layer: Any, record: Mapping[str, Any]) -> Recorded:
    made = MadeLayer(
        "made",
        layer.name,
        look_of(layer),
        str(record.get("leg", "")),
        str(record["kind"]),
        record.get("week"),
        str(record.get("what", "")),
    )
    if isinstance(layer, Labels) and was_painted(layer):
        return Painted(_labels(layer, made), _voxels(layer))
    return made


def find_made(viewer: Any, made: MadeLayer) -> Any:
    """The layer of ours that `made` names; None where there is none."""
    found = find_layers(viewer, leg=made.leg, kind=made.kind, week=made.week, what=made.what)
    return found[-1] if found else None


def _voxels(layer: Any) -> Any:
    return layer.data[0] if layer.multiscale else layer.data


def _labels(layer: Any, made: MadeLayer | None) -> LabelsLayer:
    # The voxels come later, in another thread.
    return LabelsLayer("labels", layer.name, look_of(layer), _drawn(layer), None, made)  # type: ignore[arg-type]


def _drawn(layer: Any) -> Drawn:
    features = {str(name): tuple(_cell(v) for v in layer.features[name]) for name in layer.features}
    text = layer.text.model_dump(mode="json") if hasattr(layer, "text") else {}
    notes = {str(key): value for key, value in layer.metadata.items() if key != KEY and _is_plain(value)}
    return Drawn(place_of(layer), features, text, notes)


def _cell(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def _is_plain(value: Any, depth: int = 0) -> bool:
    if depth > 6:
        return False
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(item, depth + 1) for key, item in value.items())
    if isinstance(value, list | tuple):
        return len(value) <= _MOST_ROWS and all(_is_plain(item, depth + 1) for item in value)
    return isinstance(value, bool | int | str) or value is None or (isinstance(value, float) and np.isfinite(value))


def _rows(values: Any) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, np.asarray(values, dtype=float).tolist()))


def _colours(values: Any) -> Any:
    return _rows(np.clip(values, 0, 1))


def _points(layer: Any) -> PointsLayer | str:
    if len(layer.data) > _MOST_ROWS or not np.isfinite(layer.data).all():
        return f"{layer.name} (more than {_MOST_ROWS} points, or places that are not finite)"
    return PointsLayer(
        "points",
        layer.name,
        look_of(layer),
        _drawn(layer),
        _rows(layer.data),
        int(layer.ndim),
        size=tuple(np.asarray(layer.size, dtype=float).ravel().tolist()),
        face=_colours(layer.face_color),
        border=_colours(layer.border_color),
        border_width=tuple(np.asarray(layer.border_width, dtype=float).ravel().tolist()),
        symbol=tuple(str(getattr(one, "value", one)) for one in np.atleast_1d(layer.symbol)),
        shown=tuple(np.atleast_1d(layer.shown).astype(bool).tolist()),
    )


def _shapes(layer: Any) -> ShapesLayer | str:
    shapes = tuple(_rows(shape) for shape in layer.data)
    if len(shapes) > _MOST_ROWS // 5 or max(map(len, shapes), default=0) > _MOST_ROWS // 5:
        return f"{layer.name} (more shapes than a session takes)"
    return ShapesLayer(
        "shapes",
        layer.name,
        look_of(layer),
        _drawn(layer),
        shapes,
        int(layer.ndim),
        types=_kinds(layer),
        face=_colours(layer.face_color),
        edge=_colours(layer.edge_color),
        edge_width=tuple(float(width) for width in layer.edge_width),
        z_index=tuple(int(z) for z in layer.z_index),
    )


def _kinds(layer: Any) -> tuple[Any, ...]:
    return tuple(str(kind) for kind in layer.shape_type)


def layer_from(record: PointsLayer | ShapesLayer | LabelsLayer) -> Layer:
    """The layer that the user drew or painted, as it was.

    Raises
    ------
    InputError
        When painted labels are broken.
    ValueError, TypeError, KeyError
        napari's own, for rows that do not belong together.
    """
    drawn = record.drawn
    common: dict[str, Any] = {"name": record.name, "metadata": dict(drawn.metadata), **keywords_of(drawn.place)}
    features = {name: list(column) for name, column in drawn.features.items()}
    if isinstance(record, LabelsLayer):
        layer: Layer = Labels(unpack(record.labels), features=features or None, **common)
    elif isinstance(record, PointsLayer):
        layer = Points(np.asarray(record.points).reshape(-1, record.ndim), ndim=record.ndim, **common)
        _style_points(layer, record, features)
    else:
        data = [np.asarray(shape) for shape in record.shapes]
        styles = {"face_color": record.face, "edge_color": record.edge, "edge_width": record.edge_width}
        given = {name: np.asarray(value) if "color" in name else list(value) for name, value in styles.items() if value}
        if data:
            given |= {"shape_type": list(map(str, record.types)), "z_index": list(record.z_index)}
        layer = Shapes(data or None, ndim=record.ndim, features=features or None, **given, **common)
        _write(layer, drawn.text)
    apply_look(layer, record.look)
    return layer


def _style_points(layer: Any, record: PointsLayer, features: dict[str, list[Any]]) -> None:
    if features:
        layer.features = features
    if record.points:
        layer.size, layer.shown = list(record.size), list(record.shown)
        layer.face_color, layer.border_color = np.asarray(record.face), np.asarray(record.border)
        layer.border_width, layer.symbol = list(record.border_width), list(record.symbol)
    _write(layer, record.drawn.text)


def _write(layer: Any, text: Mapping[str, Any]) -> None:
    if text:
        layer.text = dict(text)
