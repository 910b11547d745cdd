"""Crop the weeks to the region of interest: below the growth plate, or below the tibia-fibula junction."""

from dataclasses import dataclass
from typing import Annotated, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.io.composite_codes import decode
from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.processing.fibula import Fibula, FibulaOptions, find_fibula, take_out
from napari_bonemet.processing.growth_plate import find_growth_plate
from napari_bonemet.processing.roi_landmarks import Landmark, find_junction
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
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
    remove_fibula: Annotated[
        bool, Doc("Take the fibula out: found in the earliest week, the same voxels in every week.")
    ] = False


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
    fibula : Fibula or None
        What was taken out, in the series given; None where it was left in.
    """

    series: ScanSeries
    first_slice: int
    last_slice: int
    landmark: str
    landmark_slice: int
    confidence: float
    reason: str
    fibula: Fibula | None = None


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
        When the weeks lie on different grids, the landmark or the fibula cannot be found, or the first slice lies
        outside.
    """
    options = options or RoiOptions()
    series.require_one_grid("The region of interest")
    depth = series.baseline.shape[0]
    if options.first_slice is None:
        landmark = _find(series.baseline, options, PartOf(progress, 0.0, 0.4))
        first, name = landmark.slice_index + 1, _NAMES[options.preset]
        confidence, reason = landmark.confidence, landmark.reason
    else:
        first, name, confidence, reason = options.first_slice, "given slice", 1.0, "the first slice was given"
    progress.advance(0.4)
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
    kept = series.crop((slice(first, last + 1), slice(None), slice(None)))
    fibula = None
    if options.remove_fibula:
        own = FibulaOptions(bone_threshold=options.bone_threshold)
        fibula = find_fibula(series.baseline, options=own, progress=PartOf(progress, 0.4, 0.9))
        here = fibula.between(first, last + 1)
        kept = kept.map(lambda scan: take_out(scan, here, options=own))
    progress.advance(1.0)
    return RoiResult(
        kept.map(lambda scan: _named(scan, step)), first, last, name, first - 1, confidence, reason, fibula
    )


def _named(part: Scan, step: Step) -> Scan:
    kind = Kind.COMPOSITE if part.kind is Kind.COMPOSITE else Kind.ROI
    return part.with_voxels(part.voxels, step=step, kind=kind)


def _find(scan: Scan, options: RoiOptions, progress: Progress) -> Landmark:
    composite = scan.kind is Kind.COMPOSITE
    voxels, threshold = (decode(scan.voxels)[0], 0.0) if composite else (scan.voxels, options.bone_threshold)
    landmark = _FINDERS[options.preset](voxels, threshold, progress=progress)
    if landmark is None:
        raise InputError(
            f"The {_NAMES[options.preset]} could not be found in {scan.title}",
            remedy="Give the first slice of the region of interest (first slice)",
        )
    return landmark
