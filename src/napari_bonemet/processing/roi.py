"""Crop the weeks to the region of interest: below the growth plate, or below the tibia-fibula junction."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.io.composite_codes import decode
from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.processing.roi_landmarks import Landmark, find_growth_plate, find_junction
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

__all__ = ["RoiOptions", "RoiResult", "crop_roi"]

_NAMES = {"growth-plate": "growth plate", "junction": "proximal tibia-fibula junction"}
_FINDERS = {"growth-plate": find_growth_plate, "junction": find_junction}


@dataclass(frozen=True)
class RoiOptions(Options):
    """Which slices are the region of interest."""

    preset: Annotated[
        Literal["growth-plate", "junction"],
        Doc("Below the growth plate (Xiong et al., 4.3) or below the proximal tibia-fibula junction (BoneMet)."),
    ] = "junction"
    slices: Annotated[int, Doc("How many slices to keep."), Between(1, 100_000), Unit("slices")] = 300
    first_slice: Annotated[
        int | None, Doc("The first slice to keep, counted from 0; found by the landmark when not given.")
    ] = None
    bone_threshold: Annotated[float, Doc("Bone is above this grey value.")] = 75.0


@dataclass(frozen=True, eq=False)
class RoiResult:
    """The weeks cropped to the region of interest.

    Parameters
    ----------
    series : ScanSeries
        Cropped along z; origins tell where it lay.
    first_slice, last_slice : int
        The slices kept, both included, counted in the series given.
    landmark : str
        What the first slice was measured from.
    landmark_slice : int
        Where that lies, counted as the first slice is, which comes next after it; -1 where the user gave slice 0.
    confidence : float
        0 to 1; 1 for a slice given by the user.
    reason : str
        What was seen, and whether fewer slices were left than asked, in words.
    """

    series: ScanSeries
    first_slice: int
    last_slice: int
    landmark: str
    landmark_slice: int
    confidence: float
    reason: str


def crop_roi(series: ScanSeries, *, options: RoiOptions | None = None, progress: Progress = NO_PROGRESS) -> RoiResult:
    """Crop every week, greys or composites, to the region of interest of the baseline.

    Parameters
    ----------
    series : ScanSeries
        Registered weeks on one grid, z from proximal to distal.
    options : RoiOptions, optional
        The defaults when None.

    Raises
    ------
    InputError
        When the weeks lie on different grids, the landmark cannot be found, or the first slice lies outside.
    """
    options = options or RoiOptions()
    series.require_one_grid("The region of interest")
    depth = series.baseline.shape[0]
    if options.first_slice is None:
        landmark = _find(series.baseline, options)
        first, name = landmark.slice_index + 1, _NAMES[options.preset]
        confidence, reason = landmark.confidence, landmark.reason
    else:
        first, name, confidence, reason = options.first_slice, "given slice", 1.0, "the first slice was given"
    progress.advance(0.7)
    if not 0 <= first < depth:
        raise InputError(
            f"The region of interest of {series.leg} starts outside the scan",
            expected=f"a first slice from 0 to {depth - 1}",
            found=str(first),
        )
    last = min(depth, first + options.slices) - 1
    if last - first + 1 < options.slices:
        reason += f"; only {last - first + 1} slices are left of the {options.slices} asked for"
    step = Step("region of interest", {**options.as_record(), "first_slice": first, "last_slice": last})
    cropped = series.map(lambda scan: _crop(scan, first, last, step))
    progress.advance(1.0)
    return RoiResult(cropped, first, last, name, first - 1, confidence, reason)


def _crop(scan: Scan, first: int, last: int, step: Step) -> Scan:
    part = scan.crop((slice(first, last + 1), slice(None), slice(None)))
    kind = Kind.COMPOSITE if scan.kind is Kind.COMPOSITE else Kind.ROI
    return part.with_voxels(part.voxels, step=step, kind=kind)


def _find(scan: Scan, options: RoiOptions) -> Landmark:
    landmark = _FINDERS[options.preset](_bone(scan, options.bone_threshold))
    if landmark is None:
        raise InputError(
            f"The {_NAMES[options.preset]} could not be found in {scan.title}",
            remedy="Give the first slice of the region of interest (first slice)",
        )
    return landmark


def _bone(scan: Scan, threshold: float) -> np.ndarray:
    voxels = scan.to_numpy()
    return decode(voxels)[0] if scan.kind is Kind.COMPOSITE else voxels > threshold
