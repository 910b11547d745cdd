"""The fibula taken out of scans and composites, in three dimensions, where it touches the tibia too."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Region
from napari_bonemet.io.composite_codes import NEITHER, decode
from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.processing.fibula_mask import Painted, paint_fibula
from napari_bonemet.processing.fibula_track import track_fibula, trimmed
from napari_bonemet.processing.outlines import Outlines
from napari_bonemet.processing.roi_landmarks import junction_of
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

__all__ = ["Fibula", "FibulaOptions", "FibulaResult", "find_fibula", "remove_fibula", "remove_from_weeks", "take_out"]

_RING = 2
# A fibula is about round; what has so many times the area of the largest disc in it is a piece of the tibia's wall.
_FLATTEST = 3.0
_TRIES = 3


@dataclass(frozen=True)
class FibulaOptions(Options):
    """How the fibula is found and taken out."""

    bone_threshold: Annotated[float, Doc("Bone is above this grey value.")] = 75.0
    margin: Annotated[
        int,
        Doc("How far around the fibula voxels are replaced as well: its blurred rim."),
        Between(0, 10),
        Unit("voxels"),
    ] = 2


@dataclass(frozen=True, eq=False)
class Fibula:
    """Where the fibula lies.

    Parameters
    ----------
    region : three slices (z, y, x)
        The box that holds it, in the scan it was found in.
    mask : ndarray of bool
        In that box: the fibula, its marrow and its rim.
    background : float
        Median grey of what lies around it.
    confidence : float
        0 to 1.
    reason : str
        What was seen, in words.
    """

    region: Region
    mask: np.ndarray
    background: float
    confidence: float
    reason: str

    def between(self, first: int, stop: int) -> "Fibula":
        """The fibula in a scan cropped to the slices `first` to `stop` - 1."""
        z, y, x = self.region
        low, high = max(z.start, first), min(z.stop, stop)
        if low >= high:
            return replace(self, region=(slice(0, 0), y, x), mask=self.mask[:0])
        return replace(
            self, region=(slice(low - first, high - first), y, x), mask=self.mask[low - z.start : high - z.start]
        )


@dataclass(frozen=True, eq=False)
class FibulaResult:
    """A scan without its fibula.

    Parameters
    ----------
    scan : Scan
        Background where the fibula was; in a composite neither.
    mask : ndarray of bool, (z, y, x)
        What was replaced.
    reason : str
        What was seen, in words.
    confidence : float
        0 to 1.
    """

    scan: Scan
    mask: np.ndarray
    reason: str
    confidence: float


def find_fibula(scan: Scan, *, options: FibulaOptions | None = None, progress: Progress = NO_PROGRESS) -> Fibula:
    """Find the fibula of a tibia's scan or composite (bone of its baseline).

    It is followed where it is a piece of its own. Above the junction and towards the ankle, where it is one with the
    tibia, the tibia's outer surface is carried on beneath it, from where it is seen beside it and beyond; what
    stands out of that surface, and hangs together with the fibula, is the fibula. A piece of the tibia's own wall that
    a lesion parted from it may go on for longer; it is flat, and passed over.

    Raises
    ------
    InputError
        When there is none beside the tibia.
    """
    options = options or FibulaOptions()
    looked = scan
    for _ in range(_TRIES):
        found = _longest_beside(looked, options, progress)
        if _flatness(found) <= _FLATTEST:
            return found
        looked = take_out(looked, found, options=options)
    raise _none_seen(scan)


def _none_seen(scan: Scan) -> InputError:
    return InputError(
        f"No fibula is seen in {scan.title}",
        expected="a piece of bone beside the tibia that goes on for some slices",
        remedy="Leave the fibula in, or adjust the bone threshold",
    )


def _longest_beside(scan: Scan, options: FibulaOptions, progress: Progress) -> Fibula:
    composite = scan.kind is Kind.COMPOSITE
    voxels = decode(scan.voxels)[0] if composite else scan.voxels
    outlines = Outlines.of(voxels, 0.0 if composite else options.bone_threshold, progress=PartOf(progress, 0.0, 0.6))
    track = track_fibula(outlines)
    if track is None:
        raise _none_seen(scan)
    junction = junction_of(outlines, track)
    track = trimmed(outlines, track, junction.slice_index + 1)
    progress.advance(0.7)
    painted = paint_fibula(outlines, track, options.margin + _RING)
    mask = _with_rim(painted, options.margin)
    background = float(NEITHER) if composite else _background(scan, painted, mask)
    progress.advance(1.0)
    there = np.flatnonzero(painted.mask.any(axis=(1, 2))) + painted.region[0].start
    reason = (
        f"the fibula is a piece of its own in slices {track.first} to {track.last}, and was taken out from slice "
        f"{there[0]} to {there[-1]}; where it is one with the tibia it was cut along the tibia's own surface"
    )
    return Fibula(painted.region, mask, background, junction.confidence, reason)


def _flatness(fibula: Fibula) -> float:
    """Area over that of the largest disc inside, of its cross sections; the middle one of all."""
    ratios = []
    for section in fibula.mask:
        if section.any():
            widest = float(ndimage.distance_transform_edt(np.pad(section, 1)).max()) - 0.5
            ratios.append(np.count_nonzero(section) / (np.pi * max(widest, 0.5) ** 2))
    return float(np.median(ratios)) if ratios else 1.0


def take_out(scan: Scan, fibula: Fibula, *, options: FibulaOptions | None = None) -> Scan:
    """The scan with background where `fibula`, found in a scan on the same grid, lies.

    Raises
    ------
    InputError
        When the fibula does not lie within the scan.
    """
    options = options or FibulaOptions()
    if any(part.stop > length for part, length in zip(fibula.region, scan.shape, strict=True)):
        raise InputError(f"The fibula found lies outside {scan.title}", remedy="Find it in a scan on the same grid")
    voxels = np.array(scan.voxels)
    value = NEITHER if scan.kind is Kind.COMPOSITE else fibula.background
    voxels[fibula.region][fibula.mask] = np.asarray(value).astype(voxels.dtype)
    record = {**options.as_record(), "background": float(value), "found": fibula.reason}
    return scan.with_voxels(voxels, step=Step("fibula removed", record))


def remove_fibula(
    scan: Scan, *, options: FibulaOptions | None = None, progress: Progress = NO_PROGRESS
) -> FibulaResult:
    """Find the fibula and take it out.

    Parameters
    ----------
    scan : Scan
        A tibia's scan or composite, z from proximal to distal.
    options : FibulaOptions, optional
        The defaults when None.

    Returns
    -------
    FibulaResult

    Raises
    ------
    InputError
        When there is no fibula beside the tibia.
    """
    options = options or FibulaOptions()
    fibula = find_fibula(scan, options=options, progress=progress)
    mask = np.zeros(scan.shape, dtype=bool)
    mask[fibula.region] = fibula.mask
    return FibulaResult(take_out(scan, fibula, options=options), mask, fibula.reason, fibula.confidence)


def remove_from_weeks(
    series: ScanSeries, *, options: FibulaOptions | None = None, progress: Progress = NO_PROGRESS
) -> tuple[ScanSeries, Fibula]:
    """Find the fibula in the earliest week, and take the same voxels out of every week.

    The earliest week has fewest lesions, and weeks on one grid stay comparable when all lose the same voxels.

    Raises
    ------
    InputError
        When the weeks lie on different grids, or there is no fibula beside the tibia.
    """
    options = options or FibulaOptions()
    series.require_one_grid("Taking out the fibula")
    fibula = find_fibula(series.baseline, options=options, progress=PartOf(progress, 0.0, 0.6))
    without = series.map(lambda scan: take_out(scan, fibula, options=options))
    progress.advance(1.0)
    return without, fibula


def _with_rim(painted: Painted, margin: int) -> np.ndarray:
    if not margin:
        return painted.mask
    grown = ndimage.maximum_filter(painted.mask.view(np.uint8), 2 * margin + 1) > 0
    # What touches the tibia is the tibia's rim.
    tibia = ndimage.maximum_filter(painted.others.view(np.uint8), 3) > 0
    return painted.mask | (grown & ~tibia)


def _background(scan: Scan, painted: Painted, mask: np.ndarray) -> float:
    beside = ndimage.maximum_filter(mask.view(np.uint8), 2 * _RING + 1) > 0
    beside &= ~mask & ~(ndimage.maximum_filter(painted.others.view(np.uint8), 2 * _RING + 1) > 0)
    greys = np.asarray(scan.voxels[painted.region])[beside]
    return float(np.median(greys)) if greys.size else 0.0
