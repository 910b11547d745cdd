"""Lesions: connected resorption beyond what legs without a tumour show."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import ndimage

from napari_bonemet.coverage import covered
from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Region, Triple, as_triple, grown
from napari_bonemet.io.composite_codes import LOST, NEITHER
from napari_bonemet.morphometry.change.lesion_pieces import label_lesions
from napari_bonemet.morphometry.change.lesion_result import Lesion, LesionOptions, Lesions, Perforation
from napari_bonemet.morphometry.change.lesion_volume import BoneCount, background_share, lesion_mm3
from napari_bonemet.morphometry.change.perforations import UNKNOWN, find_perforations
from napari_bonemet.morphometry.change.remodelling import check_labels, codes_of
from napari_bonemet.processing.composite_result import CompositeResult
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan

__all__ = ["Lesion", "LesionOptions", "Lesions", "Perforation", "find_lesions"]

_MARGIN = 4
_CORTEX, _TRABECULAR = 1, 2


def find_lesions(
    composite: CompositeResult | Scan,
    labels: np.ndarray | None = None,
    *,
    weeks: tuple[Scan, Scan] | None = None,
    growth_plate_um: float | None = None,
    options: LesionOptions | None = None,
    progress: Progress = NO_PROGRESS,
) -> Lesions:
    """Find the lesions of a week: lost bone, connected, and more than legs without a tumour lose.

    1. Lost voxels of the composite (after its noise rule) with fewer than `apart` voxels between them are one piece.
    2. A piece is a lesion from `least_volume` on, where at least `least_contact` of its surface lies against bone that
       stays: a lesion eats into bone. A piece that is gone as a whole, hardly touching what is left, is what ageing
       takes of the trabeculae of legs without a tumour; it has to be larger than any that was seen there,
       `least_loose`.
    3. A piece with that contact, within `satellite_um` of a lesion and below `satellite_share` of its size, belongs to
       it.
    4. With the weeks' greys, its volume is the bone above `volume_level` within a voxel of it in the baseline, less
       that in the later week, less what remodelling takes: the share of trabecular bone that is gone outside all
       lesions, of the trabecular bone there. Without greys it is the volume of its voxels.

    The figures were set on 40 synthetic legs without a tumour, weeks 1 to 3 (``benchmarks/lesions.py``).

    Parameters
    ----------
    composite : CompositeResult or Scan
        Two registered weeks laid over each other.
    labels : ndarray of uint8, (z, y, x), optional
        Compartments: 0 outside, 1 cortex, 2 trabecular. Without them no perforation is found and no remodelling
        taken off.
    weeks : tuple of Scan, optional
        Baseline and later week, greys on the composite's grid.
    growth_plate_um : float, optional
        Depth z of the growth plate, in the composite's coordinates.
    options : LesionOptions, optional
        The defaults when None.

    Returns
    -------
    Lesions
        Largest first, with a label volume.

    Raises
    ------
    InputError
        When the scan is no composite, or labels or weeks do not fit it.
    """
    options = options or LesionOptions()
    scan = composite.scan if isinstance(composite, CompositeResult) else composite
    codes, parts = codes_of(scan), check_labels(labels, scan)
    _check_weeks(weeks, scan)
    volume, left_out, contacts = label_lesions(codes, scan, options)
    progress.advance(0.4)
    boxes = [grown(box, _MARGIN, codes.shape) for box in ndimage.find_objects(volume)]
    bone = None if weeks is None or not boxes else BoneCount.of(weeks, options, seen=covered(scan), labels=parts)
    share, volumes = _volumes(volume, boxes, bone, scan.spacing)
    progress.advance(0.7)
    leg, found = _Leg(scan, codes, parts, growth_plate_um, bone, options), []
    for number, (box, contact) in enumerate(zip(boxes, contacts, strict=True), 1):
        progress.advance(0.7 + 0.3 * number / len(boxes))
        lesion = leg.describe(volume[box] == number, box, number)
        mm3 = lesion.lost_mm3 if volumes is None else volumes[number - 1]
        found.append(replace(lesion, contact=contact, volume_mm3=mm3))
    rule = rule_in_words(options, scan, share, greys=weeks is not None)
    step = Step("lesions", {**options.as_record(), "rule": rule})
    progress.advance(1.0)
    start = "first slice" if growth_plate_um is None else "growth plate"
    labelled = scan.with_voxels(volume, step=step, kind=Kind.LABELS)
    return Lesions(tuple(found), labelled, start, share, left_out, rule)


def _check_weeks(weeks: tuple[Scan, Scan] | None, scan: Scan) -> None:
    for week in weeks or ():
        if not week.grid.matches(scan.grid):
            raise InputError(
                f"{week.title} does not lie on the grid of the composite",
                expected=f"{scan.shape} voxels of {scan.spacing} µm",
                found=f"{week.shape} voxels of {week.spacing} µm",
                remedy="Give the registered weeks that the composite was made of",
            )


def _volumes(
    volume: np.ndarray, boxes: list[Region], bone: BoneCount | None, spacing: Triple
) -> tuple[float, list[float] | None]:
    # The share that remodelling took, and each lesion's volume, mm³; None without greys.
    if bone is None:
        return 0.0, None
    near = [bone.around(volume[box] == number, box) for number, box in enumerate(boxes, 1)]
    share = 0.0 if bone.labels is None else background_share(bone.everywhere(), near)
    return share, [lesion_mm3(count, share, spacing) for count in near]


@dataclass(frozen=True, eq=False)
class _Leg:
    """What the lesions of a week are described by."""

    scan: Scan
    codes: np.ndarray
    labels: np.ndarray | None
    plate_um: float | None
    bone: BoneCount | None
    options: LesionOptions

    @cached_property
    def known(self) -> np.ndarray:
        """The slices in which compartments are known, bool (z,)."""
        labels = np.zeros((0, 1, 1)) if self.labels is None else self.labels
        return np.asarray(labels.any(axis=(1, 2)))

    def describe(self, lesion: np.ndarray, box: Region, number: int) -> Lesion:
        """Size and place of a lesion, given its voxels in a box."""
        scan, voxel = self.scan, self.scan.grid.voxel_volume_mm3
        where = np.nonzero(lesion)
        centre = scan.grid.crop(box).to_um([float(axis.mean()) for axis in where])
        z, y, x = (float((n.max() - n.min() + 1) * size) for n, size in zip(where, scan.spacing, strict=True))
        start = scan.origin[0] if self.plate_um is None else self.plate_um
        lost = voxel * len(where[0])
        return Lesion(
            number=number,
            volume_mm3=lost,
            lost_mm3=lost,
            cortex_mm3=self._within(lesion, box, _CORTEX),
            trabecular_mm3=self._within(lesion, box, _TRABECULAR),
            contact=0.0,
            centre_um=centre,
            position_um=centre[0] - start,
            extent_um=(z, y, x),
            perforations=self._holes(lesion, box),
        )

    def _within(self, lesion: np.ndarray, box: Region, part: int) -> float | None:
        if self.labels is None:
            return None
        return float((self.labels[box][lesion] == part).sum()) * self.scan.grid.voxel_volume_mm3

    def _open(self, box: Region) -> np.ndarray:
        # Where there is no bone in the later week: by its greys where they are known.
        if self.bone is not None:
            return np.asarray(self.bone.after[box] <= self.bone.level)
        return np.isin(self.codes[box], (NEITHER, LOST))

    def _holes(self, lesion: np.ndarray, box: Region) -> tuple[Perforation, ...]:
        if self.labels is None or not (self.labels[box][lesion] == _CORTEX).any():
            return ()
        least = self.options.least_perforation
        parts = self.labels[box].copy()
        # A slice without compartments is not outside the bone; nothing is known of it.
        parts[~self.known[box[0]]] = UNKNOWN
        found = find_perforations(lesion, self._open(box), parts, self.scan.spacing, least)
        origin = np.asarray(self.scan.grid.crop(box).origin)
        return tuple(replace(hole, centre_um=as_triple((origin + hole.centre_um).tolist())) for hole in found)


def rule_in_words(options: LesionOptions, scan: Scan, share: float, *, greys: bool) -> str:
    """The rule as sentences for captions and records."""
    gone = f", less what went where no lesion is ({share:.1%} of the trabecular bone)" if share else ""
    volume = (
        "Its volume is the bone within a voxel of it at the baseline less that of the later week, counted above "
        f"{options.volume_level:.0%} of the way from background to full bone{gone}."
        if greys
        else "Its volume is that of its voxels."
    )
    return (
        f"A lesion is lost bone of at least {options.least_volume:g} mm³ in pieces with fewer than {options.apart} "
        f"voxels between them ({scan.grid.voxel_um:.3g} µm each), of whose surface at least "
        f"{options.least_contact:.0%} lies against bone that stays; pieces with less contact are trabeculae that went "
        f"as a whole, and count from {options.least_loose:g} mm³. Smaller pieces within {options.satellite_um:g} µm "
        f"belong to the lesion. {volume}"
    )
