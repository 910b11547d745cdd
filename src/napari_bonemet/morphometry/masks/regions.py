"""Which slices are measured: stretches below the growth plate, for trabeculae and for the cortex."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.options import Between, Doc, Options, Unit, Unset
from napari_bonemet.processing.growth_plate import find_growth_plate
from napari_bonemet.scan import Kind, Scan

__all__ = ["RegionOptions", "Regions", "choose_regions", "plate_of"]

# Below the plate's middle slice: half its thickness, and its dome.
_BELOW_PLATE_UM = 100.0
_LEAST_CONFIDENCE = 0.25


@dataclass(frozen=True)
class RegionOptions(Options):
    """Which slices are measured."""

    trabecular_offset_um: Annotated[
        float | None,
        Doc("Where the trabecular region begins, below the growth plate."),
        Between(0, 30_000),
        Unit("µm"),
        Unset("just below the plate"),
    ] = None
    trabecular_length_um: Annotated[
        float | None,
        Doc("Length of the trabecular region."),
        Between(1, 30_000),
        Unit("µm"),
        Unset("all slices there are"),
    ] = None
    cortical_offset_um: Annotated[
        float | None,
        Doc("Where the cortical region begins, below the growth plate."),
        Between(0, 30_000),
        Unit("µm"),
        Unset("just below the plate"),
    ] = None
    cortical_length_um: Annotated[
        float | None,
        Doc("Length of the cortical region."),
        Between(1, 30_000),
        Unit("µm"),
        Unset("all slices there are"),
    ] = None
    growth_plate: Annotated[
        int | None,
        Doc("The growth plate's slice, counted from 0; negative where it lies before the first."),
        Between(-100_000, 100_000),
        Unit("slices"),
        Unset("found"),
    ] = None

    @property
    def asks_for_plate(self) -> bool:
        """Whether a region is given by its distance from the growth plate."""
        return self.trabecular_offset_um is not None or self.cortical_offset_um is not None


@dataclass(frozen=True)
class Regions:
    """The slices chosen.

    Parameters
    ----------
    first, stop : int
        The slices that hold both regions.
    trabecular, cortical : slice
        The regions.
    growth_plate : int or None
        Where the plate lies; None where none is seen.
    notes : tuple of str
        What was done, where it needs saying.
    """

    first: int
    stop: int
    trabecular: slice
    cortical: slice
    growth_plate: int | None
    notes: tuple[str, ...]


def plate_of(scan: Scan, voxels: np.ndarray, threshold: float, options: RegionOptions) -> int | None:
    """The growth plate's slice: the one given, else the one seen; None where there is none.

    A region of interest begins below the plate, and is not searched.
    """
    if options.growth_plate is not None:
        return options.growth_plate
    if scan.kind is Kind.ROI or scan.shape[0] < 3:
        return None
    landmark = find_growth_plate(voxels, threshold)
    return None if landmark is None or landmark.confidence < _LEAST_CONFIDENCE else landmark.slice_index


def choose_regions(scan: Scan, plate: int | None, bony: tuple[int, int], options: RegionOptions) -> Regions:
    """The slices to measure.

    Parameters
    ----------
    scan : Scan
        What is measured.
    plate : int or None
        The growth plate's slice.
    bony : tuple of int
        The first slice with bone, and the one after the last.
    options : RegionOptions
        What was asked for.

    Raises
    ------
    InputError
        When none of the slices asked for has bone.
    """
    slice_um, (first, stop) = scan.spacing[0], bony
    zero = first if plate is None else plate
    clear = first if plate is None else max(first, plate + int(np.ceil(_BELOW_PLATE_UM / slice_um)))
    notes: list[str] = []
    if plate is None and options.asks_for_plate:
        notes.append("no growth plate is seen: regions begin at distances from the first slice with bone")
    parts = []
    for name, offset, length in (
        ("trabecular", options.trabecular_offset_um, options.trabecular_length_um),
        ("cortical", options.cortical_offset_um, options.cortical_length_um),
    ):
        start = clear if offset is None else zero + round(offset / slice_um)
        end = stop if length is None else start + max(1, round(length / slice_um))
        inside = slice(max(start, first), min(end, stop))
        if inside.start >= inside.stop:
            raise InputError(
                f"The {name} region lies outside {scan.title}",
                expected=f"slices from {first} to {stop - 1}, where there is bone",
                found=f"{start} to {end - 1}",
                remedy="Give another offset or length, or the growth plate's slice",
            )
        if length is not None and inside.stop - inside.start < end - start:
            notes.append(f"only {inside.stop - inside.start} of {end - start} slices of the {name} region are there")
        parts.append(inside)
    begins = min(clear, *(part.start for part in parts))
    return Regions(begins, stop, parts[0], parts[1], plate, tuple(notes))
