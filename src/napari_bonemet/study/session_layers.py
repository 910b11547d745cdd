"""The layers in a session: ours by what they show, files by their place, what the user drew in full."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from napari_bonemet.options import Between
from napari_bonemet.study.session_arrays import Packed
from napari_bonemet.study.session_check import Most

__all__ = ["FileLayer", "LabelsLayer", "Look", "MadeLayer", "Name", "PathText", "Place", "PointsLayer", "ShapesLayer"]

Name = Annotated[str, Most(500)]
PathText = Annotated[str, Most(4096)]
Position = Annotated[tuple[float, ...], Most(6)]
Colour = tuple[
    Annotated[float, Between(0, 1)],
    Annotated[float, Between(0, 1)],
    Annotated[float, Between(0, 1)],
    Annotated[float, Between(0, 1)],
]
Size = Annotated[float, Between(0, 1e7)]


@dataclass(frozen=True)
class Look:
    """How a layer is drawn; what is None is left as it is."""

    visible: bool = True
    opacity: Annotated[float, Between(0, 1)] = 1.0
    blending: Annotated[str, Most(40)] | None = None
    colormap: Annotated[str, Most(100)] | None = None
    contrast_limits: tuple[float, float] | None = None
    gamma: Annotated[float, Between(0.01, 100)] | None = None
    rendering: Annotated[str, Most(40)] | None = None


@dataclass(frozen=True)
class Place:
    """Where a layer lies: voxel size, origin and their units, and a matrix where it was turned."""

    scale: Position
    translate: Position
    units: Annotated[tuple[Annotated[str, Most(40)], ...], Most(6)] = ()
    axis_labels: Annotated[tuple[Annotated[str, Most(40)], ...], Most(6)] = ()
    affine: Annotated[tuple[Annotated[tuple[float, ...], Most(7)], ...], Most(7)] | None = None


@dataclass(frozen=True)
class MadeLayer:
    """A layer of ours, found again by whose it is and what it shows; it comes back with the step that makes it."""

    layer: Literal["made"]
    name: Name
    look: Look
    leg: Name
    kind: Name
    week: float | None = None
    what: Name = ""


@dataclass(frozen=True)
class FileLayer:
    """A layer that the user opened from a file."""

    layer: Literal["file"]
    name: Name
    look: Look
    path: Annotated[str, Most(4096)]
    place: Place | None = None


@dataclass(frozen=True)
class Drawn:
    """What drawn layers share: place, table of properties, texts, and small notes in the metadata."""

    place: Place
    features: Annotated[Mapping[str, Annotated[tuple[Any, ...], Most(200_000)]], Most(200)] = field(
        default_factory=dict
    )
    text: Annotated[Mapping[str, Any], Most(20)] = field(default_factory=dict)
    metadata: Annotated[Mapping[str, Any], Most(200)] = field(default_factory=dict)


@dataclass(frozen=True)
class PointsLayer:
    """Points: a row each in `points`, `size`, `face`, `border`, `symbol` and `shown`."""

    layer: Literal["points"]
    name: Name
    look: Look
    drawn: Drawn
    points: Annotated[tuple[Position, ...], Most(100_000)]
    ndim: Annotated[int, Between(1, 6)]
    size: Annotated[tuple[Size, ...], Most(100_000)] = ()
    face: Annotated[tuple[Colour, ...], Most(100_000)] = ()
    border: Annotated[tuple[Colour, ...], Most(100_000)] = ()
    border_width: Annotated[tuple[Size, ...], Most(100_000)] = ()
    symbol: Annotated[tuple[Annotated[str, Most(40)], ...], Most(100_000)] = ()
    shown: Annotated[tuple[bool, ...], Most(100_000)] = ()


@dataclass(frozen=True)
class ShapesLayer:
    """Shapes: a row each in `shapes`, `types`, `face`, `edge`, `edge_width` and `z_index`."""

    layer: Literal["shapes"]
    name: Name
    look: Look
    drawn: Drawn
    shapes: Annotated[tuple[Annotated[tuple[Position, ...], Most(20_000)], ...], Most(20_000)]
    ndim: Annotated[int, Between(2, 6)]
    types: Annotated[
        tuple[Literal["rectangle", "ellipse", "line", "path", "polygon"], ...],
        Most(20_000),
    ] = ()
    face: Annotated[tuple[Colour, ...], Most(20_000)] = ()
    edge: Annotated[tuple[Colour, ...], Most(20_000)] = ()
    edge_width: Annotated[tuple[Size, ...], Most(20_000)] = ()
    z_index: Annotated[tuple[int, ...], Most(20_000)] = ()


@dataclass(frozen=True)
class LabelsLayer:
    """Painted labels; `made` names the layer of ours that was painted on, where it is one."""

    layer: Literal["labels"]
    name: Name
    look: Look
    drawn: Drawn
    labels: Packed
    made: MadeLayer | None = None
