"""Scans become layers, and layers scans: the one place that knows both.

Layers are found by ``layer.metadata["bonemet"]``, never by name; a layer without it is the user's own and
is never changed.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.figures.palette import COMPOSITE_CODES, CompositeStyle
from napari_bonemet.geometry import AXES, Triple
from napari_bonemet.io.composite_codes import CODES
from napari_bonemet.provenance import Step
from napari_bonemet.scan import DAYS_PER_WEEK, Kind, Scan, Voxels
from napari_bonemet.widgets.large import in_levels, voxels_of
from napari_bonemet.widgets.looks import CLASS_NAMES, composite_colormap

__all__ = [
    "add_scan",
    "find_layers",
    "layer_name",
    "layer_tuple",
    "record_of_layer",
    "remove_layers",
    "scan_from_layer",
]

KEY = "bonemet"
# Of layers that a dock works with and takes away again: lines to drag, titles.
TOOL = "bonemet tool"
SCHEMA = 1
UNIT = "micrometer"
ANY: Any = object()
# The records' `what` of the layers that a forecast has; mean and spread have none.
OF_FORECAST = (
    "",
    "sample",
    "copied",
    "bone probability",
    "loss probability",
    "expected error",
    "risk of resorption",
    "outlines",
    "perforation probability",
)

LayerKind = Literal["image", "labels"]
LayerTuple = tuple[Voxels | list[Any], dict[str, Any], str]

_STAGE = {
    Kind.REGIST: "registered",
    Kind.ROI: "RoI",
    Kind.COMPOSITE: "composite",
    Kind.PREDICTION: "research use: predicted",
    Kind.UNCERTAINTY: "research use: uncertainty",
}
_SAMPLED_SLICES = 5


def layer_name(scan: Scan, what: str = "") -> str:
    """The layer's name for people: "871 left tibia, registered, week 3"; synthetic scans say so.

    napari's list cuts long names in the middle, so the week stands last.
    """
    stage = what or _STAGE.get(scan.kind, "")
    week = "" if scan.week is None else f"week {scan.week:g}"
    name = ", ".join(part for part in (scan.leg, stage, week) if part)
    return f"synthetic {name}" if scan.synthetic and "synthetic" not in name.lower() else name


def contrast_of(scan: Scan) -> tuple[float, float]:
    """Contrast limits: the whole range of bytes and masks, else what a few slices of the scan span."""
    dtype = np.dtype(scan.voxels.dtype)
    if dtype == np.uint8:
        return (0.0, 255.0)
    if dtype.kind == "b":
        return (0.0, 1.0)
    depth = scan.shape[0]
    picked = sorted(set(np.linspace(0, depth - 1, _SAMPLED_SLICES + 2).astype(int)[1:-1].tolist())) or [0]
    values = np.concatenate([np.asarray(scan.voxels[z]).ravel() for z in picked])
    low, high = (float(v) for v in np.nanpercentile(values, (0.1, 99.9)))
    return (low, high if high > low else low + 1.0)


def record_of_scan(scan: Scan, what: str = "", extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What ``metadata["bonemet"]`` holds: whose scan it is, what it is, and how it was made."""
    return {
        "schema": SCHEMA,
        "subject": scan.subject,
        "side": scan.side,
        "part": scan.part,
        "leg": scan.leg,
        "week": scan.week,
        "day": scan.day,
        "kind": str(scan.kind),
        "what": what,
        "synthetic": scan.synthetic,
        "history": [step.as_record() for step in scan.history],
        **(extra or {}),
    }


def layer_tuple(
    scan: Scan,
    *,
    what: str = "",
    style: CompositeStyle = "colour",
    visible: bool = True,
    extra: Mapping[str, Any] | None = None,
    look: Mapping[str, Any] | None = None,
    as_labels: bool = False,
    paintable: bool = False,
) -> LayerTuple:
    """The layer of a scan as napari's (data, attributes, type), with scale, place, units and axis labels.

    Parameters
    ----------
    scan : Scan
        Lazy voxels stay lazy, and large ones come in levels. A composite becomes labels in the colours of its
        classes, or an image in the published greys; everything else becomes an image.
    what : str, optional
        Tells apart what has the same kind ("checkerboard", "difference"); shown in the name.
    style : {"colour", "published"}
        For composites.
    extra : mapping, optional
        More for the metadata (seed, model, source).
    look : mapping, optional
        Attributes of an image that differ from the usual (colormap, rendering), or that are known without a look
        at its voxels (contrast_limits).
    as_labels : bool
        The voxels are numbers of parts, which `look` may give colours and names (features).
    paintable : bool
        The voxels stay one array however large they are, since napari paints in no other.
    """
    labels = scan.kind == Kind.COMPOSITE and style == "colour" and not what
    attributes: dict[str, Any] = {
        "name": layer_name(scan, what),
        "scale": scan.spacing,
        "translate": scan.origin,
        "units": (UNIT,) * 3,
        "axis_labels": AXES,
        "visible": visible,
        "metadata": {KEY: record_of_scan(scan, what, extra)},
    }
    levels = None if paintable else in_levels(scan)
    data: Any = scan.voxels if levels is None else levels
    attributes |= {} if levels is None else {"multiscale": True}
    if as_labels:
        return (data, attributes | dict(look or {}), "labels")
    if labels:
        attributes |= {"colormap": composite_colormap("colour"), "features": _classes()}
        return (data, attributes, "labels")
    colormap = "magma" if scan.kind == Kind.UNCERTAINTY else "gray"
    look = {"colormap": colormap, **(look or {})}
    if "contrast_limits" not in look:
        look["contrast_limits"] = contrast_of(scan)
    return (data, attributes | look, "image")


def _classes() -> dict[str, list[Any]]:
    names = ["neither", *(CLASS_NAMES[name] for name in COMPOSITE_CODES if name in CLASS_NAMES)]
    return {"index": list(CODES), "class": names}


def add_scan(
    viewer: Any,
    scan: Scan,
    *,
    what: str = "",
    style: CompositeStyle = "colour",
    visible: bool = True,
    extra: Mapping[str, Any] | None = None,
    look: Mapping[str, Any] | None = None,
    as_labels: bool = False,
    paintable: bool = False,
) -> Layer:
    """Put a scan on the canvas, in the place of our own layer of the same scan if there is one.

    Parameters are those of :func:`layer_tuple`.

    Returns
    -------
    Layer
        The new layer, on top, or where the replaced one was.
    """
    data, attributes, kind = layer_tuple(
        scan,
        what=what,
        style=style,
        visible=visible,
        extra=extra,
        look=look,
        as_labels=as_labels,
        paintable=paintable,
    )
    old = find_layers(viewer, leg=scan.leg, week=scan.week, kind=scan.kind, what=what)
    place = min((viewer.layers.index(layer) for layer in old), default=len(viewer.layers))
    for layer in old:
        viewer.layers.remove(layer)
    layer = (Labels if kind == "labels" else Image)(data, **attributes)
    viewer.layers.insert(place, layer)
    return layer


def remove_layers(viewer: Any, layers: Iterable[Layer]) -> None:
    """Take those that are still there off the canvas, together: napari sweeps its memory once a time, which is slow."""
    there = [layer for layer in layers if layer in viewer.layers]
    if there:
        with viewer.layers.batched_update():
            for layer in there:
                viewer.layers.remove(layer)


def record_of_layer(layer: Any) -> Mapping[str, Any] | None:
    """Our record of a layer, or None for the user's own."""
    record = layer.metadata.get(KEY)
    return record if isinstance(record, Mapping) and "kind" in record else None


def find_layers(
    viewer: Any,
    *,
    leg: Any = ANY,
    subject: Any = ANY,
    side: Any = ANY,
    week: Any = ANY,
    kind: Any = ANY,
    what: Any = "",
) -> list[Layer]:
    """Our layers that match every value given, bottom to top.

    Parameters
    ----------
    leg, subject, side, week, kind : optional
        Exact values of the record; what is not given matches everything. None matches what is not known.
    what : str, optional
        Plain scans when empty (the default); ``layers.ANY`` for all.
    """
    wanted = {"leg": leg, "subject": subject, "side": side, "week": week, "kind": kind, "what": what}
    asked = {name: value for name, value in wanted.items() if value is not ANY}
    return [
        layer
        for layer in viewer.layers
        if (record := record_of_layer(layer)) is not None
        and all(record.get(name, "" if name == "what" else None) == value for name, value in asked.items())
    ]


def scan_from_layer(layer: Any) -> Scan:
    """The scan that a layer shows: ours by its record, the user's own by its scale and units.

    Raises
    ------
    InputError
        When the layer is no volume, is turned or sheared, or states no units.
    """
    if not isinstance(layer, Image | Labels):
        raise InputError(f"The layer {layer.name!r} is no scan", expected="an image or labels layer")
    data = voxels_of(layer)
    if data.ndim != 3 or getattr(layer, "rgb", False):
        raise InputError(f"The layer {layer.name!r} is no scan", expected="a volume with three axes (z, y, x)")
    if not np.allclose(np.asarray(layer.rotate), np.eye(3)) or np.any(np.asarray(layer.shear)):
        raise InputError(f"The layer {layer.name!r} is turned or sheared", remedy="Reset its transform first")
    factor = _micrometres(layer)
    z, y, x = (float(s) * f for s, f in zip(layer.scale, factor, strict=True))
    oz, oy, ox = (float(t) * f for t, f in zip(layer.translate, factor, strict=True))
    spacing: Triple = (z, y, x)
    record = record_of_layer(layer) or {"kind": Kind.SEG, "subject": layer.name}
    week = record.get("week")
    return Scan(
        voxels=data,
        spacing=spacing,
        origin=(oz, oy, ox),
        subject=record.get("subject"),
        side=record.get("side"),
        day=record.get("day", None if week is None else week * DAYS_PER_WEEK),
        kind=Kind(record["kind"]),
        part=record.get("part", "tibia"),
        synthetic=bool(record.get("synthetic", False)),
        history=tuple(Step.from_record(step) for step in record.get("history", ())),
    )


def _micrometres(layer: Any) -> list[float]:
    factors = []
    for unit in layer.units:
        try:
            factors.append(float((1 * unit).to("micrometer").magnitude))
        except Exception as error:  # pint's own errors; the words are ours
            raise MissingSpacingError(f"The layer {layer.name!r}") from error
    return factors
