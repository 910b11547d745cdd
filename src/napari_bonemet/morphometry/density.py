"""Mineral density of bone and of compartments, from greys by a calibration that the user gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.masks.compartments import Compartments
from napari_bonemet.options import Between, Doc, Options, Unit, Unset
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Kind, Scan

__all__ = ["Calibration", "Density", "DensityOptions", "calibration", "measure_density"]

_SYMBOLS = (("Tb.BMD", "Tb.TMD"), ("Ct.BMD", "Ct.TMD"))
_NO_CALIBRATION = (
    "greys are no densities without a calibration: give slope and intercept, or grey and density of two rods"
)
# Bone within this of the region decides which voxels are at its surface.
_SLAB = 64


@dataclass(frozen=True)
class DensityOptions(Options):
    """What density a grey stands for: by slope and intercept, or by two rods of known density."""

    slope: Annotated[
        float | None,
        Doc("Density per grey value; it rises with the grey."),
        Between(-1000, 1000),
        Unit("mg HA/cm³ per grey value"),
        Unset("none"),
    ] = None
    intercept: Annotated[
        float | None,
        Doc("Density at grey 0, often below 0."),
        Between(-100_000, 100_000),
        Unit("mg HA/cm³"),
        Unset("none"),
    ] = None
    first_rod_grey: Annotated[float | None, Doc("Mean grey of the first rod."), Unset("none")] = None
    first_rod_density: Annotated[float | None, Doc("Density of the first rod."), Unit("mg HA/cm³"), Unset("none")] = (
        None
    )
    second_rod_grey: Annotated[float | None, Doc("Mean grey of the second rod."), Unset("none")] = None
    second_rod_density: Annotated[float | None, Doc("Density of the second rod."), Unit("mg HA/cm³"), Unset("none")] = (
        None
    )
    peel: Annotated[
        int,
        Doc("Layers of voxels at the surface of bone that tissue density leaves out, since they are partly bone."),
        Between(0, 10),
        Unit("voxels"),
    ] = 1


@dataclass(frozen=True)
class Calibration:
    """Density = slope times grey + intercept.

    Parameters
    ----------
    slope : float
        mg HA/cm³ per grey value.
    intercept : float
        mg HA/cm³.
    """

    slope: float
    intercept: float

    def density(self, grey: float) -> float:
        """The density that a grey stands for, mg HA/cm³."""
        return self.slope * grey + self.intercept


@dataclass(frozen=True, eq=False)
class Density:
    """Densities by symbol.

    Parameters
    ----------
    values : mapping of str to float
        "Tb.BMD", "Tb.TMD", "Ct.BMD", "Ct.TMD", mg HA/cm³.
    absent : mapping of str to str
        Those that could not be measured, each with the reason.
    """

    values: Mapping[str, float]
    absent: Mapping[str, str]


def calibration(options: DensityOptions) -> Calibration | None:
    """The calibration that the options give, None where they give none.

    Raises
    ------
    InputError
        When it is given by halves, twice, or by rods of one grey.
    """
    line = (options.slope, options.intercept)
    rods = (
        options.first_rod_grey,
        options.first_rod_density,
        options.second_rod_grey,
        options.second_rod_density,
    )
    given = [any(value is not None for value in way) for way in (line, rods)]
    if not any(given):
        return None
    if all(given):
        raise InputError(
            "The density calibration is given twice", expected="slope and intercept, or two rods", found="both"
        )
    if given[0]:
        slope, intercept = _all_of(line, "slope and intercept")
    else:
        grey, density, other_grey, other_density = _all_of(rods, "grey and density of both rods")
        if grey == other_grey:
            raise InputError("The two rods have one grey", expected="two that differ", found=f"{grey:g}")
        slope = (other_density - density) / (other_grey - grey)
        intercept = density - slope * grey
    if not slope > 0:
        raise InputError("The density calibration falls with the grey", expected="a slope above 0", found=f"{slope:g}")
    return Calibration(slope, intercept)


def measure_density(
    scan: Scan,
    compartments: Compartments,
    *,
    bone_threshold: float = 75.0,
    options: DensityOptions | None = None,
    progress: Progress = NO_PROGRESS,
) -> Density:
    """Bone mineral density (BMD: of a whole compartment) and tissue mineral density (TMD: of its bone).

    Parameters
    ----------
    scan : Scan
        Greys.
    compartments : Compartments
        Of that scan.
    bone_threshold : float
        Bone is above this grey.
    options : DensityOptions, optional
        The calibration; without one nothing is measured.
    progress : Progress
        Advanced after each compartment.

    Returns
    -------
    Density

    Raises
    ------
    InputError
        When the compartments are not of this scan, or the calibration cannot be used.
    """
    options = options or DensityOptions()
    if compartments.labels.shape != scan.shape:
        raise InputError(
            "Scan and compartments do not fit each other",
            expected=f"shape {scan.shape}",
            found=f"{compartments.labels.shape}",
        )
    line = calibration(options)
    reason = "a composite's codes are no greys" if scan.kind is Kind.COMPOSITE else "" if line else _NO_CALIBRATION
    if reason or line is None:
        return Density({}, {name: reason for names in _SYMBOLS for name in names})
    greys = scan.to_numpy()
    regions = (
        (compartments.trabecular, compartments.trabecular_slices, "trabecular region"),
        (compartments.cortex, compartments.cortical_slices, "cortex"),
    )
    values: dict[str, float] = {}
    absent: dict[str, str] = {}
    for done, ((bmd, tmd), (region, slices, name)) in enumerate(zip(_SYMBOLS, regions, strict=True)):
        whole, tissue = _means(greys, region, slices, bone_threshold, options.peel)
        for symbol, mean, lacking in (
            (bmd, whole, f"no {name} is labelled"),
            (tmd, tissue, f"no bone of the {name} lies {options.peel} voxels or more beneath its surface"),
        ):
            if mean is None:
                absent[symbol] = lacking
            else:
                values[symbol] = line.density(mean)
        progress.advance((done + 1) / 2)
    return Density(values, absent)


def _all_of(values: tuple[float | None, ...], names: str) -> list[float]:
    found = [value for value in values if value is not None]
    if len(found) < len(values):
        raise InputError("The density calibration is given by halves", expected=names)
    return found


def _means(
    greys: np.ndarray, region: np.ndarray, slices: slice, threshold: float, peel: int
) -> tuple[float | None, float | None]:
    # Mean grey of the region, and of its bone beneath the surface, slab by slab.
    sums, counts = np.zeros(2), np.zeros(2, np.int64)
    for start in range(slices.start, slices.stop, _SLAB):
        stop = min(start + _SLAB, slices.stop)
        low, high = max(0, start - peel), min(len(greys), stop + peel)
        bone = greys[low:high] > threshold
        if peel:
            # Beyond the scan's ends bone may go on.
            bone = ndimage.binary_erosion(bone, iterations=peel, border_value=1)
        here, inside = greys[start:stop], region[start:stop]
        for n, mask in enumerate((inside, inside & bone[start - low : stop - low])):
            sums[n] += here[mask].sum(dtype=np.float64)
            counts[n] += np.count_nonzero(mask)
    whole, tissue = (float(s / c) if c else None for s, c in zip(sums, counts, strict=True))
    return whole, tissue
