"""What the classifier sees of a scan: squares around the bone of each slice, in the voxels that it knows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import GREY_KINDS
from napari_bonemet.forecast.planes import Planes, planes_for
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan

SLAB_SLICES = 32
_SMALL_BYTES = 256 * 2**20
# Interpolation may pass black and white a little; a scan of 16 bits does so by far.
_WHITEST = 255


@dataclass(frozen=True, eq=False)
class SliceView:
    """Where in the slices of a scan the network looks; made by :func:`view_of`.

    Parameters
    ----------
    scans : tuple of Scan
        The scan; then, for a network that sees weeks together, earlier weeks of it on the same grid.
    planes : Planes
        The squares.
    bone_threshold : float
        Bone is above this grey value.
    """

    scans: tuple[Scan, ...]
    planes: Planes
    bone_threshold: float

    def slabs(self, progress: Progress = NO_PROGRESS) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """A few slices at a time, so that memory stays small.

        Yields
        ------
        place : slice
            Which slices.
        bone : ndarray, (z,) bool
            Whether there is any bone in each.
        squares : ndarray, (z, squares, side, side), float32; of weeks together (z, squares, weeks, side, side)
            Greys, 0 to 255.
        """
        for place, voxels in _slabs(self.scans[0], progress):
            bone = np.asarray((voxels > self.bone_threshold).any(axis=(1, 2)))
            weeks = [voxels, *(np.asarray(scan.voxels[place]) for scan in self.scans[1:])]
            squares = np.stack([self._cut(week) for week in weeks], axis=2)
            yield place, bone, squares if len(weeks) > 1 else squares[:, :, 0]

    def _cut(self, voxels: np.ndarray) -> np.ndarray:
        seen = self.planes.inwards(voxels)
        cut = np.stack([self.planes.cut(seen, corner) for corner in self.planes.corners], axis=1)
        return np.clip(cut, 0, _WHITEST)

    def wider(self, slack: int) -> Self:
        """The same squares, each with `slack` voxels more on two sides, so that crops of it can be drawn."""
        moved = tuple((y - slack // 2, x - slack // 2) for y, x in self.planes.corners)
        planes = Planes(self.planes.native, self.planes.shape, self.planes.crop + slack, moved)
        return type(self)(self.scans, planes, self.bone_threshold)


def view_of(
    scan: Scan | Sequence[Scan], trained: Triple, *, crop: int, bone_threshold: float, progress: Progress = NO_PROGRESS
) -> SliceView:
    """Find the bone of a scan, and the squares that cover it.

    Parameters
    ----------
    scan : Scan, or several on one grid
        Greys, 0 to 255; composites and maps are refused. Of several weeks, the one that is judged comes first.
    trained : tuple of float
        Voxel size (z, y, x) of the network, micrometres; slices of another are resampled in their plane.
    crop : int
        Side of a square, voxels of the network; a wider bone gets several.
    bone_threshold : float
        Bone is above this grey value.

    Raises
    ------
    InputError
        When the scan is a composite or a map, its greys are not 0 to 255, or it shows no bone.
    Cancelled
        When the user asked to stop.
    """
    scans = (scan,) if isinstance(scan, Scan) else tuple(scan)
    if any(not other.grid.matches(scans[0].grid) for other in scans):
        raise InputError(
            f"{scans[0].title} cannot be seen together with earlier weeks",
            expected="weeks on one grid",
            found=", ".join(str(other.shape) for other in scans),
            remedy="Register the weeks first",
        )
    for other in scans:
        require_greys(other)
    if sum(np.prod(each.shape) * np.dtype(each.voxels.dtype).itemsize for each in scans) <= _SMALL_BYTES:
        scans = tuple(each.in_memory() for each in scans)  # or they would be read from the disk twice
    seen = np.zeros((1, *scans[0].shape[1:]), dtype=np.float32)
    for number, each in enumerate(scans):
        _highest(each, seen[0], PartOf(progress, number / len(scans), (number + 1) / len(scans)))
    return SliceView(scans, planes_for([seen], scans[0].spacing, trained, crop, bone_threshold), bone_threshold)


def _highest(scan: Scan, seen: np.ndarray, progress: Progress) -> None:
    """Raise `seen` (y, x) to the highest greys over the slices of a scan."""
    for _, voxels in _slabs(scan, progress):
        highest, lowest = float(voxels.max()), float(voxels.min())
        if not (lowest >= -_WHITEST and highest <= 2 * _WHITEST):
            raise InputError(
                f"{scan.title}: the greys cannot be judged",
                expected="0 to 255, with bone above 75",
                found=f"{lowest:g} to {highest:g}",
                remedy="Convert the scan to 8 bits as the others were",
            )
        np.maximum(seen, voxels.max(axis=0), out=seen)


def require_greys(scan: Scan) -> None:
    """Raise InputError when the voxels are no greys."""
    if scan.kind not in GREY_KINDS:
        raise InputError(
            f"{scan.title} cannot be diagnosed",
            expected="grey values",
            found=f"a scan of kind {scan.kind.value}",
            remedy="Give the weekly scan itself",
        )


def this_week(squares: np.ndarray) -> np.ndarray:
    """The week that is judged (n, side, side), of squares of it alone or of weeks together (n, weeks, side, side)."""
    return squares if squares.ndim == 3 else squares[:, 0]


def _slabs(scan: Scan, progress: Progress) -> Iterator[tuple[slice, np.ndarray]]:
    count = scan.shape[0]
    for start in range(0, count, SLAB_SLICES):
        progress.check()
        stop = min(count, start + SLAB_SLICES)
        yield slice(start, stop), np.asarray(scan.voxels[start:stop])
        progress.advance(stop / count)


@dataclass(frozen=True, eq=False)
class Bag:
    """The slices of one scan to learn from.

    Parameters
    ----------
    squares : ndarray, (n, side, side) uint8; of weeks together (n, weeks, side, side)
        Greys around the bone, those slices alone that show any.
    lesion : bool
        Whether there is a lesion in the scan, nobody says where.
    week : float or None
        When it was taken.
    """

    squares: np.ndarray
    lesion: bool
    week: float | None = None


def bag_of(
    scan: Scan | Sequence[Scan],
    lesion: bool,
    trained: Triple,
    *,
    crop: int,
    slack: int,
    bone_threshold: float,
    progress: Progress = NO_PROGRESS,
) -> Bag:
    """A scan as the training takes it; parameters and errors as :func:`view_of`."""
    half = PartOf(progress, 0.0, 0.5)
    view = view_of(scan, trained, crop=crop, bone_threshold=bone_threshold, progress=half).wider(slack)
    found = [squares[bone] for _, bone, squares in view.slabs(PartOf(progress, 0.5, 1.0))]
    squares = np.rint(np.concatenate(found)).astype(np.uint8)
    return Bag(squares.reshape(-1, *squares.shape[2:]), lesion, view.scans[0].week)
