"""One micro-CT scan: voxels, where they lie, whose they are, and what was done to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, Region, Shape, Triple, as_triple
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.slabs import over_slabs

Side = Literal["left", "right"]

DAYS_PER_WEEK = 7
# Slices read at once by one thread.
_SLAB = 24


class Kind(StrEnum):
    """What the voxels of a scan are; the first five are the components of the BoneMet dataset."""

    RECON = "recon"
    SEG = "seg"
    REGIST = "regist"
    ROI = "roi"
    COMPOSITE = "composite"
    PREDICTION = "prediction"
    UNCERTAINTY = "uncertainty"
    LABELS = "labels"


@runtime_checkable
class Voxels(Protocol):
    """An array in memory or on disk (numpy, dask, zarr)."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""

    @property
    def dtype(self) -> Any:
        """Type of one voxel."""

    @property
    def ndim(self) -> int:
        """Number of axes."""

    def __getitem__(self, key: Any) -> Any: ...


def on_this_thread(voxels: Voxels) -> np.ndarray:
    """An array in memory, read by the thread that asks: a pool for a handful of chunks is slower than they are."""
    lazy: Any = voxels
    if not hasattr(lazy, "compute"):
        return np.asarray(lazy)
    # Asked for by name, it would first bring in what runs on clusters.
    from dask.local import get_sync

    return np.asarray(lazy.compute(scheduler=get_sync))


def read_voxels(voxels: Voxels, progress: Progress) -> np.ndarray:
    """An array in memory, in this machine's byte order; the array itself where it is that already."""
    if isinstance(voxels, np.ndarray) and voxels.dtype.isnative:
        return voxels
    out = np.empty(voxels.shape, np.dtype(voxels.dtype).newbyteorder("="))

    def read(start: int, stop: int) -> None:
        out[start:stop] = on_this_thread(voxels[start:stop])

    over_slabs(read, voxels.shape[0], slab=_whole_chunks(voxels), progress=progress)
    return out


def _whole_chunks(voxels: Voxels) -> int:
    """So many slices that no chunk is read twice."""
    chunks = getattr(voxels, "chunks", None) or (1,)
    chunk = chunks[0][0] if isinstance(chunks[0], tuple) else chunks[0]
    return int(-(-_SLAB // chunk) * chunk)


@dataclass(frozen=True, eq=False)
class Scan:
    """One scan of one animal.

    Parameters
    ----------
    voxels : array-like, (z, y, x)
        numpy, dask or zarr; z grows from proximal to distal.
    spacing : tuple of float
        Voxel size (z, y, x), micrometres.
    origin : tuple of float
        Centre of the first voxel (z, y, x), micrometres.
    subject : str, optional
        The animal's name, "871".
    side : {"left", "right"}, optional
        Which leg.
    day : float, optional
        Days since inoculation; the folder "week 3" is day 21.
    kind : Kind
        What the voxels are.
    part : str
        Which bone: "tibia", "femur", "spine", or "hindlimb" before separation.
    synthetic : bool
        Made by the generator, not by a scanner; every figure of it says so.
    history : tuple of Step
        What was done so far, oldest first.

    Raises
    ------
    InputError
        When the voxels are not a non-empty volume, or the spacing is not positive.
    """

    voxels: Voxels
    spacing: Triple
    origin: Triple = (0.0, 0.0, 0.0)
    subject: str | None = None
    side: Side | None = None
    day: float | None = None
    kind: Kind = Kind.SEG
    part: str = "tibia"
    synthetic: bool = False
    history: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "spacing", as_triple(self.spacing))
        object.__setattr__(self, "origin", as_triple(self.origin, "origin"))
        if self.voxels.ndim != 3:
            raise InputError("A scan is a volume", expected="three axes (z, y, x)", found=f"{self.voxels.ndim}")
        if self.side not in (None, "left", "right"):
            raise InputError("The side is not known", expected="left or right", found=repr(self.side))
        _ = self.grid

    @property
    def grid(self) -> Grid:
        """Where the voxels lie."""
        z, y, x = self.voxels.shape
        return Grid((z, y, x), self.spacing, self.origin)

    @property
    def shape(self) -> Shape:
        """Voxels along (z, y, x)."""
        return self.grid.shape

    @property
    def week(self) -> float | None:
        """Weeks since inoculation, or None where the day is not known."""
        return None if self.day is None else self.day / DAYS_PER_WEEK

    @property
    def leg(self) -> str:
        """The leg in the dataset's words: "871 left tibia"."""
        return " ".join(part for part in (self.subject or "unnamed", self.side, self.part) if part)

    @property
    def title(self) -> str:
        """Leg and week in words: "871 left tibia, week 3"."""
        return self.leg if self.week is None else f"{self.leg}, week {self.week:g}"

    def to_numpy(self) -> np.ndarray:
        """The voxels in memory, (z, y, x), in this machine's byte order."""
        return read_voxels(self.voxels, NO_PROGRESS)

    def in_memory(self, progress: Progress = NO_PROGRESS) -> "Scan":
        """The same scan with its voxels read, slab by slab on all cores.

        Raises
        ------
        Cancelled
            When the user asked to stop.
        """
        return replace(self, voxels=read_voxels(self.voxels, progress))

    def with_voxels(self, voxels: Voxels, *, step: Step, grid: Grid | None = None, kind: Kind | None = None) -> "Scan":
        """This scan after `step`, with new voxels on `grid` (its own grid when None).

        Raises
        ------
        InputError
            When the voxels do not fit the grid.
        """
        grid = grid or self.grid
        if tuple(voxels.shape) != grid.shape:
            raise InputError(
                f"The result of {step.name!r} does not fit its grid",
                expected=f"shape {grid.shape}",
                found=f"{tuple(voxels.shape)}",
            )
        return replace(
            self,
            voxels=voxels,
            spacing=grid.spacing,
            origin=grid.origin,
            kind=kind or self.kind,
            history=(*self.history, step),
        )

    def crop(self, region: Sequence[slice]) -> "Scan":
        """The voxels in `region` (three slices z, y, x), lying where they lay; lazy voxels stay lazy."""
        inside: Region = self.grid.region(region)
        bounds = [[s.start, s.stop] for s in inside]
        return self.with_voxels(
            self.voxels[inside], grid=self.grid.crop(inside), step=Step("crop", {"region_zyx": bounds})
        )

    def pad(self, before: Shape, after: Shape, value: float = 0) -> "Scan":
        """This scan with voxels of `value` added around it."""
        voxels = np.pad(self.to_numpy(), list(zip(before, after, strict=True)), constant_values=value)
        step = Step("pad", {"before_zyx": list(before), "after_zyx": list(after), "value": value})
        return self.with_voxels(voxels, grid=self.grid.pad(before, after), step=step)
