"""The compartments of a long bone's shaft: its cortex, and the medullary space with trabeculae and marrow."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.io.composite_codes import decode
from napari_bonemet.morphometry.masks.fibula_aside import without_fibula
from napari_bonemet.morphometry.masks.levels import Levels, half_way
from napari_bonemet.morphometry.masks.polar import Frame
from napari_bonemet.morphometry.masks.regions import RegionOptions, Regions, choose_regions, plate_of
from napari_bonemet.morphometry.masks.walls import find_walls
from napari_bonemet.options import Between, Doc, Unit
from napari_bonemet.processing.fibula_rays import shaft_axis
from napari_bonemet.processing.fibula_track import FibulaTrack
from napari_bonemet.processing.outlines import Outlines
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Kind, Scan

__all__ = ["CompartmentOptions", "Compartments", "Part", "compartments_from_labels", "find_compartments"]

# What the axis is smoothed over, and how far beyond the largest outline rays begin.
_AXIS_UM, _REACH = 300.0, 1.6
# Slices with less bone than this part of the middle one are ends.
_LEAST_AREA = 0.15
# Of each surface, the share that must be seen, and below which it is told. Of the endosteum less is seen: all that
# touches a trabecula is left out.
_LEAST_SEEN = 0.15
_FEW_SEEN = {"periosteum": 0.6, "endosteum": 0.35}


class Part(IntEnum):
    """What a voxel belongs to, bone or not."""

    OUTSIDE = 0
    CORTEX = 1
    TRABECULAR = 2


@dataclass(frozen=True)
class CompartmentOptions(RegionOptions):
    """How the compartments are found, and which slices are measured."""

    bone_threshold: Annotated[float, Doc("Bone is above this grey value.")] = 75.0
    edge: Annotated[
        Literal["half-maximum", "threshold"],
        Doc("The cortex ends half way between its grey and what lies beside it, or at the bone threshold."),
    ] = "half-maximum"
    endosteal_offset_um: Annotated[
        float,
        Doc("How far the trabecular region keeps from the endosteum."),
        Between(0, 1000),
        Unit("µm"),
    ] = 0.0
    remove_fibula: Annotated[bool, Doc("Find the fibula and leave it out.")] = True


@dataclass(frozen=True, eq=False)
class Compartments:
    """The compartments of one scan.

    Parameters
    ----------
    labels : ndarray of uint8, (z, y, x)
        The :class:`Part` of each voxel, in all slices in which the compartments are known.
    spacing : tuple of float
        Voxel size (z, y, x), micrometres.
    trabecular_slices, cortical_slices : slice
        Which slices are measured.
    growth_plate : int or None
        The growth plate's slice; None where none is seen.
    notes : tuple of str
        What to look at, in words.
    endosteal_offset_um : float
        How far the trabecular region keeps from the endosteum.
    """

    labels: np.ndarray
    spacing: tuple[float, float, float]
    trabecular_slices: slice
    cortical_slices: slice
    growth_plate: int | None
    notes: tuple[str, ...] = ()
    endosteal_offset_um: float = 0.0

    @cached_property
    def cortex(self) -> np.ndarray:
        """The cortex, holes included, in the slices in which it is measured; bool (z, y, x)."""
        return _within(self.labels == Part.CORTEX, self.cortical_slices)

    @cached_property
    def trabecular(self) -> np.ndarray:
        """The trabecular region, bone and marrow, in the slices in which it is measured; bool (z, y, x)."""
        region = _within(self.labels == Part.TRABECULAR, self.trabecular_slices)
        if self.endosteal_offset_um > 0:
            for z in range(*self.trabecular_slices.indices(len(region))):
                inward = ndimage.distance_transform_edt(np.pad(region[z], 1), sampling=self.spacing[1:])
                region[z] &= inward[1:-1, 1:-1] > self.endosteal_offset_um
        return region

    @property
    def periosteal(self) -> np.ndarray:
        """All that the periosteum encloses, in all slices; bool (z, y, x)."""
        return self.labels != Part.OUTSIDE

    @property
    def endosteal(self) -> np.ndarray:
        """All that the endosteum encloses, in all slices; bool (z, y, x)."""
        return self.labels == Part.TRABECULAR


def find_compartments(
    scan: Scan, *, options: CompartmentOptions | None = None, progress: Progress = NO_PROGRESS
) -> Compartments:
    """Find cortex and medullary space.

    Seen from the shaft's axis both surfaces of the cortex are smooth along the bone and around it. They are found
    where the grey is half way down, and carried on from their surroundings, in the slice and from slices above and
    below, where a lesion opened or thinned the cortex, where a trabecula or the fibula touches it, and across canals:
    a hole belongs to the cortex, a trabecula to the medullary space, and the fibula to neither. That is what the dual
    threshold and closing of Buie et al., Bone 2007, 41:505-515, are for, without a size of closing that would have to
    be smaller than a marrow space and larger than a lesion.

    Parameters
    ----------
    scan : Scan
        A long bone's shaft, z along it from proximal to distal; of a composite the bone of its baseline.
    options : CompartmentOptions, optional
        The defaults when None.

    Raises
    ------
    InputError
        When there is no bone above the threshold, or no cortex around a marrow cavity, or none of the slices asked
        for lies in the scan.
    """
    options = options or CompartmentOptions()
    voxels, threshold = _greys(scan, options, progress)
    plate = plate_of(scan, voxels, threshold, options)
    if options.remove_fibula:
        bone_alone, barred, notes = without_fibula(scan, voxels, threshold, PartOf(progress, 0.1, 0.3))
    else:
        bone_alone, barred, notes = voxels, None, ()
    outlines = Outlines.of(bone_alone, threshold, progress=PartOf(progress, 0.3, 0.5))
    regions = choose_regions(scan, plate, _bony(outlines, scan, threshold), options)
    part = slice(regions.first, regions.stop)
    frame = Frame(bone_alone[part], scan.spacing, _axis(outlines, scan)[part], _reach(outlines, scan))
    levels = half_way(frame, threshold)
    if options.edge == "threshold":
        levels = Levels(threshold, threshold)
    walls = find_walls(frame, None if barred is None else barred[part], levels, PartOf(progress, 0.5, 0.9))
    seen = (float(walls.outer_seen.mean()), float(walls.inner_seen.mean()))
    notes += _told(scan, seen)
    labels = np.zeros(scan.shape, np.uint8)
    labels[part] = walls.paint()
    progress.advance(1.0)
    return _compartments(labels, scan, regions, notes, options)


def compartments_from_labels(
    labels: np.ndarray, scan: Scan, *, options: CompartmentOptions | None = None
) -> Compartments:
    """The compartments that a user painted, or corrected.

    Parameters
    ----------
    labels : ndarray of int, (z, y, x)
        The :class:`Part` of each voxel of the scan: 0 outside, 1 cortex, 2 trabecular (bone and marrow).
    scan : Scan
        What they were painted on.
    options : CompartmentOptions, optional
        Which of the painted slices are measured.

    Raises
    ------
    InputError
        When the labels do not fit the scan, have other values, or nothing is painted.
    """
    options = options or CompartmentOptions()
    labels = np.asarray(labels)
    if labels.shape != scan.shape:
        raise InputError(
            f"The painted compartments do not fit {scan.title}",
            expected=f"shape {scan.shape}",
            found=f"{labels.shape}",
        )
    values = np.unique(labels)
    strange = [f"{value:g}" for value in values if value not in tuple(Part)]
    if strange:
        raise InputError(
            "The painted compartments have labels that mean nothing",
            expected="0 outside, 1 cortex, 2 trabecular (bone and marrow)",
            found=", ".join(strange[:8]),
        )
    there = np.flatnonzero(labels.any(axis=(1, 2)))
    if not there.size:
        raise InputError("Nothing is painted", expected="1 for cortex, 2 for the trabecular region")
    missing = [part.name.lower() for part in (Part.CORTEX, Part.TRABECULAR) if part not in values]
    plate = None
    if options.asks_for_plate:
        voxels, threshold = _greys(scan, options, NO_PROGRESS)
        plate = plate_of(scan, voxels, threshold, options)
    regions = choose_regions(scan, plate, (int(there[0]), int(there[-1]) + 1), options)
    notes = tuple(f"no {name} is painted" for name in missing)
    return _compartments(labels.astype(np.uint8), scan, regions, notes, options)


def _compartments(
    labels: np.ndarray, scan: Scan, regions: Regions, notes: tuple[str, ...], options: CompartmentOptions
) -> Compartments:
    return Compartments(
        labels,
        scan.spacing,
        regions.trabecular,
        regions.cortical,
        regions.growth_plate,
        (*regions.notes, *notes),
        options.endosteal_offset_um,
    )


def _within(mask: np.ndarray, slices: slice) -> np.ndarray:
    mask[: slices.start] = False
    mask[slices.stop :] = False
    return mask


def _greys(scan: Scan, options: CompartmentOptions, progress: Progress) -> tuple[np.ndarray, float]:
    if min(scan.shape[1:]) < 2:
        raise InputError(f"{scan.title} has no slices across the bone", found=f"shape {scan.shape}")
    if scan.kind is Kind.COMPOSITE:
        return np.asarray(decode(scan.voxels)[0]).astype(np.uint8) * np.uint8(255), 127.0
    return scan.in_memory(PartOf(progress, 0.0, 0.1)).to_numpy(), options.bone_threshold


def _bony(outlines: Outlines, scan: Scan, threshold: float) -> tuple[int, int]:
    # The slices from the first to the last that the bone fills.
    areas = np.array([table[:, 0].max() if len(table) else 0.0 for table in outlines.pieces])
    if not areas.any():
        raise InputError(
            f"There is no bone in {scan.title}",
            expected=f"greys above {threshold:g}",
            remedy="Lower the bone threshold",
        )
    full = np.flatnonzero(areas >= _LEAST_AREA * np.median(areas[areas > 0]))
    return int(full[0]), int(full[-1]) + 1


def _axis(outlines: Outlines, scan: Scan) -> np.ndarray:
    # Of all bone there is, the fibula being gone already.
    depth = outlines.shape[0]
    nobody = FibulaTrack(0, 0, np.full(depth, -1), np.zeros((depth, 2)), _AXIS_UM / scan.spacing[0], merged=False)
    return shaft_axis(outlines, nobody)


def _reach(outlines: Outlines, scan: Scan) -> float:
    largest = max(float(table[:, 0].max()) for table in outlines.pieces if len(table))
    corner = float(np.hypot(scan.shape[1] * scan.spacing[1], scan.shape[2] * scan.spacing[2]))
    return min(corner, _REACH * 1.5 * float(np.sqrt(largest * scan.spacing[1] * scan.spacing[2] / np.pi)))


def _told(scan: Scan, seen: tuple[float, float]) -> tuple[str, ...]:
    notes = []
    for share, (name, few) in zip(seen, _FEW_SEEN.items(), strict=True):
        if share < _LEAST_SEEN:
            raise InputError(
                f"The cortex of {scan.title} could not be told from the rest: hardly any of its {name} is seen",
                expected="a tube of bone around a marrow cavity, along z",
                remedy="Adjust the bone threshold, or paint the compartments",
            )
        if share < few:
            notes.append(f"only {share:.0%} of the {name} was seen; the rest is carried on from it")
    return tuple(notes)
