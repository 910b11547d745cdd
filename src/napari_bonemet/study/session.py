"""A session: what lies on the table, what was done with which options, and how it is looked at.

Scans are named, never copied: a session holds where the weeks lie and how each result is made again from them. What
the user drew or painted has no other home, and is held inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from napari_bonemet.geometry import Grid, Triple
from napari_bonemet.morphometry.measure import MeasureOptions
from napari_bonemet.options import Between
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.processing.register.result import RegistrationOptions, RegistrationQuality
from napari_bonemet.processing.roi import RoiOptions
from napari_bonemet.provenance import Source, __version__
from napari_bonemet.scan import Kind
from napari_bonemet.study.session_check import Most
from napari_bonemet.study.session_layers import (
    FileLayer,
    LabelsLayer,
    MadeLayer,
    Name,
    PathText,
    PointsLayer,
    ShapesLayer,
)
from napari_bonemet.transform import RigidTransform

__all__ = [
    "Camera",
    "Composed",
    "Cropped",
    "Diagnosed",
    "DockState",
    "Forecasted",
    "LegSource",
    "LogEntry",
    "Measured",
    "Registered",
    "Session",
    "View",
    "WeekSource",
]

KINDS = Literal["recon", "seg", "regist", "roi", "composite", "prediction", "uncertainty", "labels"]
Week = Annotated[float, Between(-1000, 10_000)]
Share = Annotated[float, Between(0, 1)]


@dataclass(frozen=True)
class WeekSource:
    """One week as it was when the session was saved, to tell whether it still is.

    Parameters
    ----------
    week : float
        Since inoculation.
    grid : Grid
        Voxels, their size and place, micrometres.
    """

    week: Week
    grid: Grid


@dataclass(frozen=True)
class LegSource:
    """Where the weeks of a leg come from.

    Parameters
    ----------
    leg : str
        In the dataset's words, "871 left tibia".
    kind : str
        The component.
    weeks : tuple of WeekSource
        What was there.
    folder : str, optional
        Absolute, or relative to the folder of the session's file.
    sample : LegOptions, optional
        The synthetic animal, where it is one that was made on the spot.
    registered : bool
        Whether that animal came with its weeks on one grid.
    """

    leg: Name
    kind: KINDS
    weeks: Annotated[tuple[WeekSource, ...], Most(1000)]
    folder: PathText | None = None
    sample: LegOptions | None = None
    registered: bool = False


@dataclass(frozen=True)
class Registered:
    """How the weeks were brought onto one grid; they are laid there again, not searched for again.

    Parameters
    ----------
    options : RegistrationOptions
        As they were run with.
    grid : Grid
        Of all weeks.
    weeks : tuple of float
        In order; `transforms`, `quality` and `onto` are theirs.
    transforms : tuple of RigidTransform
        From the grid to each week as scanned.
    quality : tuple of RegistrationQuality
        As judged then.
    onto : tuple of Source or None
        Per week: the scan that it was laid onto, by its name and hash; None for the one that the others lie on.
    mirrored : bool
        Whether that was mirrored.
    """

    options: RegistrationOptions
    grid: Grid
    weeks: Annotated[tuple[Week, ...], Most(1000)]
    transforms: Annotated[tuple[RigidTransform, ...], Most(1000)]
    quality: Annotated[tuple[RegistrationQuality, ...], Most(1000)]
    onto: Annotated[tuple[Source | None, ...], Most(1000)] = ()
    mirrored: bool = False


@dataclass(frozen=True)
class Cropped:
    """The region of interest: the options with the slice that was found, and what was said of it."""

    options: RoiOptions
    landmark: Name
    landmark_slice: int
    confidence: Share
    reason: Annotated[str, Most(5000)]


@dataclass(frozen=True)
class Composed:
    """One composite."""

    baseline: Week
    later: Week
    options: CompositeOptions


@dataclass(frozen=True)
class Forecasted:
    """A forecast, which is drawn again by the same model from the same seed.

    Parameters
    ----------
    week : float
        What was forecast.
    model : str
        By its name, or "checkpoint".
    samples, seed : int
        What was drawn.
    device : str
        Where.
    checkpoint, checkpoint_sha256 : str, optional
        The model's file and its hash: another file is not taken for it.
    perceptual : bool
        Whether it was scored by LPIPS.
    """

    week: Week
    model: Name
    samples: Annotated[int, Between(1, 256)]
    seed: Annotated[int, Between(0, 2**31 - 2)]
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    checkpoint: PathText | None = None
    checkpoint_sha256: Annotated[str, Most(64)] | None = None
    perceptual: bool = True


@dataclass(frozen=True)
class Measured:
    """Measures or lesions of the weeks, which are made again; `painted` are weeks whose compartments were painted."""

    options: MeasureOptions
    painted: Annotated[tuple[Week, ...], Most(1000)] = ()


@dataclass(frozen=True)
class Diagnosed:
    """What the classifier said, which is asked again."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    checkpoint: PathText | None = None
    checkpoint_sha256: Annotated[str, Most(64)] | None = None
    week: Week | None = None
    with_forecast: bool = False
    network: Literal["lesion-slices", "lesion-weeks"] = "lesion-slices"


@dataclass(frozen=True)
class Camera:
    """Where the canvas is looked at from."""

    center: Triple
    zoom: Annotated[float, Between(1e-9, 1e9)]
    angles: Triple
    perspective: Annotated[float, Between(0, 180)] = 0.0


@dataclass(frozen=True)
class View:
    """The canvas: camera, slice, 2D or 3D, and the grid of cells."""

    camera: Camera
    ndisplay: Annotated[int, Between(2, 3)] = 2
    point: Annotated[tuple[float, ...], Most(10)] = ()
    order: Annotated[tuple[int, ...], Most(10)] = ()
    grid: bool = False
    grid_stride: Annotated[int, Between(-1000, 1000)] = 1
    grid_shape: tuple[int, int] = (-1, -1)
    scale_bar: bool = False
    active: Name | None = None


@dataclass(frozen=True)
class DockState:
    """An open dock and what was filled in."""

    name: Name
    values: Annotated[Mapping[str, Any], Most(2000)] = field(default_factory=dict)


@dataclass(frozen=True)
class LogEntry:
    """One thing that was run.

    Parameters
    ----------
    what : str
        In words, "Registering 871 left tibia".
    started : str
        Date and time, ISO 8601 with the offset from UTC.
    seconds : float, optional
        How long it took; None while it runs.
    outcome : {"done", "failed", "stopped", "running"}
        How it ended.
    words : str
        The error's, or nothing.
    settings : mapping
        What was filled in when it was started.
    """

    what: Annotated[str, Most(2000)]
    started: Annotated[str, Most(40)]
    seconds: Annotated[float, Between(0, 1e9)] | None = None
    outcome: Literal["done", "failed", "stopped", "running"] = "done"
    words: str = ""
    settings: Annotated[Mapping[str, Any], Most(1000)] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """All of it; see the module.

    Parameters
    ----------
    saved : str
        Date and time, ISO 8601.
    version : str
        Of the package that saved it.
    source : LegSource, optional
        The leg on the table.
    registration, roi, composites, forecast, measures, lesions, diagnosis : optional
        What was made of it.
    week : float, optional
        The week turned to.
    layers : tuple
        Bottom to top.
    view : View, optional
        The canvas.
    docks : tuple of DockState
        Open ones, in their order.
    front : str, optional
        The one in front.
    log : tuple of LogEntry
        What was run.
    """

    saved: Annotated[str, Most(40)] = ""
    version: Annotated[str, Most(100)] = __version__
    source: LegSource | None = None
    registration: Registered | None = None
    roi: Cropped | None = None
    composites: Annotated[tuple[Composed, ...], Most(1000)] = ()
    forecast: Forecasted | None = None
    measures: Measured | None = None
    lesions: Measured | None = None
    diagnosis: Diagnosed | None = None
    week: Week | None = None
    layers: Annotated[tuple[MadeLayer | FileLayer | PointsLayer | ShapesLayer | LabelsLayer, ...], Most(5000)] = ()
    view: View | None = None
    docks: Annotated[tuple[DockState, ...], Most(100)] = ()
    front: Name | None = None
    log: Annotated[tuple[LogEntry, ...], Most(10_000)] = ()

    @property
    def title(self) -> str:
        """What it is of, in a few words."""
        return self.source.leg if self.source is not None else "no leg on the table"

    @property
    def steps(self) -> tuple[str, ...]:
        """What was run, in words and in order."""
        there = {
            "registered": self.registration,
            "cropped to the region of interest": self.roi,
            f"{len(self.composites)} composite{'s' if len(self.composites) > 1 else ''}": self.composites,
            "forecast": self.forecast,
            "diagnosed": self.diagnosis,
            "measured": self.measures,
            "lesions found": self.lesions,
        }
        return tuple(words for words, made in there.items() if made)


def kind_of(kind: Kind | None) -> KINDS:
    """A kind as a session names it."""
    return str(kind or Kind.SEG)  # type: ignore[return-value]
