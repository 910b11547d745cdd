"""Measures of trabecular bone in three dimensions, by the field's names, within a region.

Symbols after Bouxsein et al. 2010, J Bone Miner Res 25:1468-1486, table 2.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, Region, Triple, box_around, is_cube
from napari_bonemet.morphometry.structure.anisotropy import degree_of_anisotropy
from napari_bonemet.morphometry.structure.cells import count_cells
from napari_bonemet.morphometry.structure.connectivity import euler_number
from napari_bonemet.morphometry.structure.structure_model import structure_model_index
from napari_bonemet.morphometry.structure.surface import SurfaceMethod, surface_area
from napari_bonemet.morphometry.structure.thickness import Convention, local_thickness, mid_axes
from napari_bonemet.options import Doc, Options
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress

__all__ = ["Trabecular", "TrabecularOptions", "measure_trabecular"]

_SURFACE = ("BS", "BS/BV", "BS/TV")
_THICKNESS = ("Tb.Th", "Tb.Th.SD")
_SEPARATION = ("Tb.Sp", "Tb.Sp.SD")
_NUMBER = ("Tb.N", "Tb.N.SD")
_CONNECTIVITY = ("Eu.N", "Conn.D")
_SHAPE = _SURFACE + _THICKNESS + _SEPARATION + _NUMBER + _CONNECTIVITY + ("DA", "SMI")
_UM_PER_MM = 1e3


@dataclass(frozen=True)
class TrabecularOptions(Options):
    """How trabecular bone is measured."""

    thickness_convention: Annotated[
        Convention, Doc("How voxels are counted in thickness and separation: IPL's way, BoneJ's, or plain balls.")
    ] = "ipl"
    total_volume: Annotated[
        Literal["compartment", "marrow"],
        Doc("TV: the whole compartment, bone and marrow (ASBMR), or the marrow in it alone (BoneMet's wording)."),
    ] = "compartment"
    trabecular_number: Annotated[
        Literal["mid-axes", "ratio"],
        Doc("Tb.N: one over the mean distance of the trabeculae's middle lines, or BV/TV over Tb.Th (CTAn)."),
    ] = "mid-axes"
    surface_method: Annotated[
        SurfaceMethod,
        Doc("BS: marching cubes weighted to be right on average, or its plain triangles, about 9 % more."),
    ] = "weighted"


@dataclass(frozen=True, eq=False)
class Trabecular:
    """What was measured.

    Parameters
    ----------
    values : dict of str to float
        By symbol, in the units of :data:`~napari_bonemet.morphometry.catalogue.MEASURES`.
    absent : dict of str to str
        Symbols that could not be measured, each with the reason.
    maps : dict of str to ndarray of float32, (z, y, x)
        "Tb.Th" and "Tb.Sp", local, micrometres, 0 elsewhere; only when asked for.
    """

    values: dict[str, float] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    maps: dict[str, np.ndarray] = field(default_factory=dict)


def measure_trabecular(
    bone: np.ndarray,
    region: np.ndarray,
    spacing: Triple,
    *,
    options: TrabecularOptions | None = None,
    keep_maps: bool = False,
    progress: Progress = NO_PROGRESS,
) -> Trabecular:
    """Measure trabecular bone within a region.

    Thickness is that of the bone in the region, separation that of the rest of it. Where the region ends flat, at its
    first or last slice as at the volume's, what lies beyond is unknown and cuts nothing thinner; at its curved
    edge both end. The region's edge is no bone surface, and connectivity is corrected for what it cuts.

    Published values of the mouse tibia (Calcif Tissue Int 2013, 93:211-221: BV/TV 11 %, Tb.Th 50 µm, Tb.N 4.3 /mm)
    are no ratio of each other: BV/TV over Tb.Th would be 2.2 /mm. So Tb.N is a distance of middle lines by default.

    Parameters
    ----------
    bone : ndarray of bool, (z, y, x)
        All bone above the threshold.
    region : ndarray of bool, (z, y, x)
        The trabecular compartment, bone and marrow.
    spacing : tuple of float
        Size of a voxel along (z, y, x), micrometres. Volumes, surface and connectivity take any; the rest need cubes.
    options : TrabecularOptions, optional
        The defaults when None.
    keep_maps : bool
        Whether to keep the maps of local thickness and separation.
    progress : Progress
        Advanced by slabs.

    Returns
    -------
    Trabecular
        Every symbol is either among the values or, with its reason, among the absent.

    Raises
    ------
    InputError
        When the masks do not have three axes and one shape, or the spacing is not positive.
    """
    options = options or TrabecularOptions()
    if bone.shape != region.shape:
        raise InputError("Bone and region do not lie on one grid", expected=f"{region.shape}", found=f"{bone.shape}")
    grid = Grid(bone.shape, spacing)
    found = Trabecular()
    if not region.any():
        _leave_out(found, ("TV", "BV", "BV/TV", *_SHAPE), "the trabecular region is empty")
        return found
    box = box_around(region)
    inside = np.ascontiguousarray(region[box], dtype=bool)
    solid = np.ascontiguousarray(bone[box], dtype=bool) & inside
    case = _Case(found, solid, inside, grid, box, options, keep_maps)
    _volumes(case)
    reason = _nothing_to_measure(solid, inside)
    if reason:
        _leave_out(found, _SHAPE, reason)
        return found
    _surface_and_connectivity(case, PartOf(progress, 0.0, 0.05))
    if is_cube(spacing):
        _distances(case, PartOf(progress, 0.05, 0.5))
        _directions(case, PartOf(progress, 0.5, 1.0))
    else:
        edges = " x ".join(f"{s:g}" for s in grid.spacing)
        symbols = (*_THICKNESS, *_SEPARATION, *_NUMBER, "DA", "SMI")
        _leave_out(found, symbols, f"it needs cubic voxels, and these are {edges} µm")
    progress.advance(1.0)
    return found


@dataclass(frozen=True, eq=False)
class _Case:
    """What is being measured: bone and region within the region's box, and where the results go."""

    found: Trabecular
    solid: np.ndarray
    inside: np.ndarray
    grid: Grid
    box: Region
    options: TrabecularOptions
    keep_maps: bool

    @property
    def volume_mm3(self) -> float:
        """Of the whole region, bone and marrow."""
        return int(np.count_nonzero(self.inside)) * self.grid.voxel_volume_mm3


def _leave_out(found: Trabecular, symbols: tuple[str, ...], reason: str) -> None:
    found.absent.update(dict.fromkeys(symbols, reason))


def _nothing_to_measure(solid: np.ndarray, inside: np.ndarray) -> str:
    """Why the region's bone has no shape to measure, or empty."""
    if min(solid.shape) < 2:
        return "the trabecular region is one slice thick, and the measure needs a volume"
    if not solid.any():
        return "there is no bone in the trabecular region"
    return "there is no marrow in the trabecular region" if np.array_equal(solid, inside) else ""


def _volumes(case: _Case) -> None:
    values = case.found.values
    values["BV"] = int(np.count_nonzero(case.solid)) * case.grid.voxel_volume_mm3
    values["TV"] = case.volume_mm3 - (values["BV"] if case.options.total_volume == "marrow" else 0.0)
    if values["TV"]:
        values["BV/TV"] = 100 * values["BV"] / values["TV"]
    else:
        case.found.absent["BV/TV"] = "there is no marrow in the trabecular region"


def _surface_and_connectivity(case: _Case, progress: Progress) -> None:
    progress.message("Surface and connectivity")
    cells = count_cells(case.solid, case.inside, progress=progress)
    z, y, x = (s / _UM_PER_MM for s in case.grid.spacing)
    values = case.found.values
    values["BS"] = surface_area(cells, (z, y, x), method=case.options.surface_method)
    values["BS/BV"] = values["BS"] / values["BV"]
    values["BS/TV"] = values["BS"] / values["TV"]
    values["Eu.N"] = euler_number(cells)
    # Odgaard and Gundersen: of one connected structure; per volume of bone and marrow whatever TV is.
    values["Conn.D"] = (1 - values["Eu.N"]) / case.volume_mm3


def _distances(case: _Case, progress: Progress) -> None:
    third = 1 / 3
    progress.message("Thickness")
    _mean_diameter(case, "Tb.Th", case.solid, PartOf(progress, 0.0, third))
    progress.message("Separation")
    _mean_diameter(case, "Tb.Sp", case.inside & ~case.solid, PartOf(progress, third, 2 * third))
    progress.message("Number")
    _number(case, PartOf(progress, 2 * third, 1.0))


def _local(case: _Case, mask: np.ndarray, progress: Progress) -> np.ndarray:
    convention = case.options.thickness_convention
    return local_thickness(mask, case.grid.voxel_um, convention=convention, progress=progress)


def _mean_and_spread_mm(local: np.ndarray) -> tuple[float, float]:
    reached = local[local > 0]
    return float(reached.mean(dtype=float)) / _UM_PER_MM, float(reached.std(dtype=float)) / _UM_PER_MM


def _mean_diameter(case: _Case, symbol: str, mask: np.ndarray, progress: Progress) -> None:
    local, found = _local(case, mask, progress), case.found
    found.values[symbol], found.values[f"{symbol}.SD"] = _mean_and_spread_mm(local)
    if case.keep_maps:
        found.maps[symbol] = np.zeros(case.grid.shape, np.float32)
        found.maps[symbol][case.box] = local


def _number(case: _Case, progress: Progress) -> None:
    """Hildebrand et al. 1999, J Bone Miner Res 14:1167-1174: one over the mean distance between the mid-axes."""
    values = case.found.values
    if case.options.trabecular_number == "ratio":
        values["Tb.N"] = values["BV"] / case.volume_mm3 / values["Tb.Th"]
        case.found.absent["Tb.N.SD"] = "Tb.N as BV/TV over Tb.Th has no spread within the region"
        return
    between = case.inside & ~mid_axes(case.solid, progress=PartOf(progress, 0.0, 0.3))
    mean, spread = _mean_and_spread_mm(_local(case, between, PartOf(progress, 0.3, 1.0)))
    values["Tb.N"] = 1 / mean
    # To first order: where the distance is longer by its spread, the number is smaller by this.
    values["Tb.N.SD"] = spread / mean**2


def _directions(case: _Case, progress: Progress) -> None:
    found = case.found
    progress.message("Anisotropy")
    anisotropy = degree_of_anisotropy(case.solid, case.inside, progress=PartOf(progress, 0.0, 0.5))
    if anisotropy is None:
        found.absent["DA"] = "no line of two voxels meets a surface in every direction of the trabecular region"
    else:
        found.values["DA"] = anisotropy
    progress.message("Structure model")
    model = structure_model_index(case.solid, case.inside, progress=PartOf(progress, 0.5, 1.0))
    if model is None:
        found.absent["SMI"] = "the bone in the trabecular region is too thin to have a smooth surface"
    else:
        found.values["SMI"] = model
