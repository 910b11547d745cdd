"""What a picture of the canvas was taken of: its size, camera, slice, overlays and layers, as checked plain values."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.options import Between, Doc, Options
from napari_bonemet.strict import read_record, strict_options

__all__ = ["CANVAS", "Canvas", "Drawn", "Layer", "Look", "Overlay", "Place", "Source", "View", "open_canvas"]

CANVAS = "canvas"
_MOST_LAYERS = 500

Row = tuple[float, ...]
Rows = tuple[tuple[float, ...], ...]
Share = Annotated[float, Doc("0 to 1"), Between(0, 1)]


@dataclass(frozen=True)
class View(Options):
    """From where the canvas is seen."""

    ndisplay: Annotated[int, Doc("Axes seen"), Between(2, 3)] = 2
    point: Annotated[Row, Doc("The slice, along every axis")] = ()
    order: Annotated[tuple[int, ...], Doc("Of the axes")] = ()
    center: Annotated[Row, Doc("Of the camera")] = (0.0, 0.0, 0.0)
    zoom: Annotated[float, Doc("Of the camera"), Between(1e-9, 1e9)] = 1.0
    angles: Annotated[Row, Doc("Of the camera, degrees")] = (0.0, 0.0, 0.0)
    perspective: Annotated[float, Doc("Of the camera, degrees"), Between(0, 180)] = 0.0
    cells: Annotated[bool, Doc("A cell for each layer")] = False
    stride: Annotated[int, Doc("Layers to a cell"), Between(-1000, 1000)] = 1
    shape: Annotated[tuple[int, int], Doc("Rows and columns of cells")] = (-1, -1)
    spacing: Annotated[float, Doc("Between cells"), Between(-1500, 1500)] = 0.0


@dataclass(frozen=True)
class Overlay(Options):
    """Something that napari draws over the layers."""

    visible: Annotated[bool, Doc("Whether it is seen")] = False
    position: Annotated[str, Doc("Where")] = "bottom_right"
    font_size: Annotated[float, Doc("Points"), Between(1, 500)] = 10.0
    gridded: Annotated[bool, Doc("In every cell")] = False
    text: Annotated[str, Doc("What it says")] = ""


@dataclass(frozen=True)
class Source(Options):
    """Where a layer's voxels lie: in a leg's folder, or kept beside the picture."""

    folder: Annotated[str | None, Doc("That holds the leg")] = None
    leg: Annotated[str, Doc("In the dataset's words")] = ""
    kind: Annotated[str, Doc("The component")] = ""
    week: Annotated[float | None, Doc("Since inoculation")] = None
    kept: Annotated[str | None, Doc("A zarr array beside the picture")] = None
    sha256: Annotated[str, Doc("Of the voxels")] = ""


@dataclass(frozen=True)
class Place(Options):
    """Where a layer lies."""

    scale: Annotated[Row, Doc("Size of a voxel")] = ()
    translate: Annotated[Row, Doc("Of the first voxel")] = ()
    rotate: Annotated[Rows, Doc("Matrix")] = ()
    shear: Annotated[Row, Doc("Upper triangle")] = ()
    affine: Annotated[Rows, Doc("Matrix")] = ()
    units: Annotated[tuple[str, ...], Doc("Of every axis")] = ()


@dataclass(frozen=True)
class Look(Options):
    """How a layer is drawn."""

    opacity: Share = 1.0
    blending: Annotated[str, Doc("With the layers below")] = "translucent"
    gamma: Annotated[float | None, Doc("Of greys"), Between(0.01, 100)] = None
    contrast_limits: Annotated[tuple[float, float] | None, Doc("Black and white")] = None
    colormap: Annotated[str, Doc("By name")] = ""
    colours: Annotated[Rows, Doc("Of a colour map that has no name; of labels, the label before each colour")] = ()
    controls: Annotated[Row, Doc("Where those colours stand")] = ()
    rendering: Annotated[str | None, Doc("In 3D")] = None
    iso_threshold: Annotated[float | None, Doc("Of an isosurface")] = None
    attenuation: Annotated[float | None, Doc("In 3D")] = None
    interpolation2d: Annotated[str | None, Doc("Between pixels")] = None
    interpolation3d: Annotated[str | None, Doc("Between voxels")] = None
    contour: Annotated[int | None, Doc("Of labels, width of their outlines"), Between(0, 1000)] = None
    seed: Annotated[float | None, Doc("Of the labels' colours")] = None


@dataclass(frozen=True)
class Drawn(Options):
    """Points or shapes: a row for each in every list."""

    points: Annotated[Rows, Doc("Places")] = ()
    shapes: Annotated[tuple[Rows, ...], Doc("Corners")] = ()
    types: Annotated[tuple[str, ...], Doc("Of shapes")] = ()
    symbols: Annotated[tuple[str, ...], Doc("Of points")] = ()
    sizes: Annotated[Row, Doc("Of points, or of edges")] = ()
    borders: Annotated[Row, Doc("Widths of the points' borders")] = ()
    face: Annotated[Rows, Doc("Colours")] = ()
    edge: Annotated[Rows, Doc("Colours")] = ()
    words: Annotated[tuple[str, ...], Doc("Beside each")] = ()
    words_size: Annotated[float, Doc("Points"), Between(1, 500)] = 12.0
    words_colour: Annotated[Row, Doc("Red, green, blue, opacity")] = (1.0, 1.0, 1.0, 1.0)
    words_colours: Annotated[Rows, Doc("Of each word, where they differ")] = ()
    words_anchor: Annotated[str, Doc("Which side of the point or shape")] = "center"
    words_shift: Annotated[Row, Doc("From there")] = ()
    ndim: Annotated[int, Doc("Axes"), Between(1, 6)] = 3


@dataclass(frozen=True)
class Layer(Options):
    """A layer; one that is not seen only keeps its place among the cells."""

    name: Annotated[str, Doc("For people")] = ""
    type: Annotated[Literal["image", "labels", "points", "shapes", "hidden", "other"], Doc("Of layer")] = "hidden"
    look: Annotated[Look, Doc("How it is drawn")] = field(default_factory=Look)
    place: Annotated[Place, Doc("Where it lies")] = field(default_factory=Place)
    source: Annotated[Source, Doc("Where its voxels lie")] = field(default_factory=Source)
    drawn: Annotated[Drawn, Doc("Points and shapes")] = field(default_factory=Drawn)
    title: Annotated[Overlay, Doc("Its name on the canvas")] = field(default_factory=Overlay)
    bar: Annotated[Overlay, Doc("Its colour bar")] = field(default_factory=Overlay)


@dataclass(frozen=True)
class Canvas(Options):
    """The whole picture, but for its layers."""

    title: Annotated[str, Doc("Above")] = ""
    footer: Annotated[str, Doc("Below")] = ""
    admitted: Annotated[str, Doc("What has to be said")] = ""
    rows: Annotated[int, Doc("Pixels"), Between(16, 20_000)] = 600
    columns: Annotated[int, Doc("Pixels"), Between(16, 20_000)] = 800
    whole: Annotated[bool, Doc("Whole layers rather than the view")] = False
    scale_factor: Annotated[float, Doc("Of whole layers"), Between(0.01, 100)] = 1.0
    theme: Annotated[str, Doc("Of napari")] = "dark"
    view: Annotated[View, Doc("Camera and slice")] = field(default_factory=View)
    scale_bar: Annotated[Overlay, Doc("Of the canvas")] = field(default_factory=Overlay)
    words: Annotated[Overlay, Doc("Of the canvas")] = field(default_factory=Overlay)
    axes: Annotated[Overlay, Doc("Of the canvas")] = field(default_factory=Overlay)


def open_canvas(path: str | Path) -> tuple[Canvas, tuple[Layer, ...]]:
    """Read the record of a picture of the canvas; nothing of it is trusted.

    Raises
    ------
    InputError
        When it is none, or a value is of another type or out of range.
    """
    path = Path(path)
    record = read_record(path, "figure record")
    if record.get("kind") != CANVAS:
        raise InputError(f"{path} is no record of a canvas", found=str(record.get("kind"))[:40])
    layers: Any = record.get("layers", [])
    if not isinstance(layers, list) or len(layers) > _MOST_LAYERS:
        raise InputError("The record's layers cannot be used", expected=f"a list of at most {_MOST_LAYERS}")
    canvas = strict_options(Canvas, record.get("canvas", {}), "the record")
    return canvas, tuple(strict_options(Layer, layer, "the record") for layer in layers)
