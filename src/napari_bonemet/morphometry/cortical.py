"""Cortical measures by their ASBMR names, slice by slice and overall."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Triple, is_cube
from napari_bonemet.morphometry.masks.compartments import Part
from napari_bonemet.morphometry.sections import moments_of, outline_length
from napari_bonemet.morphometry.structure.thickness import Convention, local_thickness
from napari_bonemet.options import Doc, Options
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress

__all__ = ["Cortical", "CorticalOptions", "measure_cortical"]

_OF_SLICES = ("Ct.Ar", "Tt.Ar", "Ma.Ar", "Ct.Ar/Tt.Ar", "Ct.Po", "Imin", "Imax", "pMOI", "Ps.Pm", "Ec.Pm", "Ct.Ecc")
_THICKNESS = ("Ct.Th", "Ct.Th.SD")
# Bone this far beyond the region still bounds the balls that measure thickness within it.
_BEYOND_UM = 300.0


@dataclass(frozen=True)
class CorticalOptions(Options):
    """Conventions of the cortical measures."""

    thickness_convention: Annotated[Convention, Doc("How local thickness is measured.")] = "ipl"
    pores: Annotated[
        Literal["enclosed", "all"],
        Doc("Pores are voids that bone encloses within a slice, or all of the cortex that is no bone: lesions too."),
    ] = "enclosed"


@dataclass(frozen=True, eq=False)
class Cortical:
    """What was measured of a cortex.

    Parameters
    ----------
    values : mapping of str to float
        By symbol, in the units of the catalogue.
    absent : mapping of str to str
        Symbols that could not be measured, each with the reason.
    slices : mapping of str to ndarray, (n,)
        Slice by slice; NaN where a slice shows no cortex.
    slice_index : ndarray of int, (n,)
        The slices they are of.
    spread : mapping of str to float
        Standard deviation between slices, by symbol.
    maps : mapping of str to ndarray, (z, y, x)
        "Ct.Th": local thickness, float32 micrometres, 0 outside; only when asked for.
    """

    values: Mapping[str, float]
    absent: Mapping[str, str]
    slices: Mapping[str, np.ndarray]
    slice_index: np.ndarray
    spread: Mapping[str, float]
    maps: Mapping[str, np.ndarray] = field(default_factory=dict)


def measure_cortical(
    bone: np.ndarray,
    labels: np.ndarray,
    slices: slice,
    spacing: Triple,
    *,
    options: CorticalOptions | None = None,
    keep_maps: bool = False,
    progress: Progress = NO_PROGRESS,
) -> Cortical:
    """Measure a cortex (Bouxsein et al., J Bone Miner Res 2010, 25:1468-1486, table 3).

    Areas, moments and porosity are of the bone above the threshold within the cortical compartment; Tt.Ar, Ps.Pm and
    Ct.Ecc of all that the periosteum encloses, and Ma.Ar and Ec.Pm of all that the endosteum encloses, both bridged
    where lesions opened them. Ct.Th is the mean local thickness (Hildebrand and Rüegsegger) of the cortex's bone in
    three dimensions, pores that bone encloses within a slice filled; Ct.Th.SD its spread over the voxels. Where the
    region is cut, bone beyond it still counts, and the end of the volume is no surface.

    Parameters
    ----------
    bone : ndarray of bool, (z, y, x)
        All bone above the threshold.
    labels : ndarray of uint8, (z, y, x)
        The :class:`~napari_bonemet.morphometry.masks.compartments.Part` of each voxel.
    slices : slice
        Which slices are measured.
    spacing : tuple of float
        Voxel size (z, y, x), micrometres. Within the slices pixels need not be square; thickness needs cubes, and is
        absent else.
    options : CorticalOptions, optional
        The defaults when None.
    keep_maps : bool
        Whether the map of local thickness is returned.
    progress : Progress
        Advanced slice by slice.

    Returns
    -------
    Cortical

    Raises
    ------
    InputError
        When bone and labels differ in shape, or the slices lie outside.
    """
    options = options or CorticalOptions()
    if bone.shape != labels.shape or bone.ndim != 3:
        raise InputError(
            "Bone and compartments do not fit each other", expected=f"shape {labels.shape}", found=f"{bone.shape}"
        )
    index = np.arange(*slices.indices(len(labels)))
    if not index.size:
        raise InputError("No slice of the cortex is asked for", expected=f"some of 0 to {len(labels) - 1}")
    box = _box(labels, index)
    if box is None:
        reason = "no cortex is labelled in the slices asked for"
        return Cortical({}, dict.fromkeys((*_OF_SLICES, *_THICKNESS), reason), {}, index, {})
    table, pores = _by_slice(bone[index, *box], labels[index, *box], spacing, options, PartOf(progress, 0.0, 0.5))
    values, absent = _overall(table, pores)
    thickness = None
    reason = _no_thickness(spacing)
    if not reason:
        near = _near(index, len(labels), spacing)
        solid = _solid(bone[near, *box], labels[near, *box])
        thickness, reason = _thickness(solid, spacing, options, PartOf(progress, 0.5, 1.0))
    if thickness is None:
        absent |= dict.fromkeys(_THICKNESS, reason)
        table["Ct.Th"] = np.full(index.size, np.nan)
    else:
        local = thickness[index[0] - near.start : index[-1] + 1 - near.start]
        values |= _thickness_values(local, table)
        absent |= {} if "Ct.Th" in values else dict.fromkeys(_THICKNESS, "no bone is left of the cortex")
    maps = {"Ct.Th": _placed(local, labels.shape, index, box)} if keep_maps and thickness is not None else {}
    progress.advance(1.0)
    spread = {name: float(np.nanstd(row)) for name, row in table.items() if np.isfinite(row).any()}
    return Cortical(values, absent, table, index, spread, maps)


def _box(labels: np.ndarray, index: np.ndarray) -> tuple[slice, slice] | None:
    seen = (labels[index[0] : index[-1] + 1] != Part.OUTSIDE).any(axis=0)
    if not (labels[index[0] : index[-1] + 1] == Part.CORTEX).any():
        return None
    sides = (np.flatnonzero(seen.any(axis=1 - axis)) for axis in range(2))
    return tuple(slice(max(0, int(s[0]) - 1), int(s[-1]) + 2) for s in sides)  # type: ignore[return-value]


def _by_slice(
    bone: np.ndarray, labels: np.ndarray, spacing: Triple, options: CorticalOptions, progress: Progress
) -> tuple[dict[str, np.ndarray], tuple[float, float]]:
    # A row of each measure, and the areas of pores and of the compartment in all.
    pixel = spacing[1:]
    area = pixel[0] * pixel[1] * 1e-6
    table = {name: np.full(len(bone), np.nan) for name in _OF_SLICES}
    void, whole = 0.0, 0.0
    for z in range(len(bone)):
        cortex, inside = labels[z] == Part.CORTEX, labels[z] != Part.OUTSIDE
        if not cortex.any():
            continue
        there = cortex & bone[z]
        marrow = labels[z] == Part.TRABECULAR
        pores = np.count_nonzero(_pores(cortex, there) if options.pores == "enclosed" else cortex & ~there)
        moments = moments_of(there, pixel)
        row = {
            "Ct.Ar": area * np.count_nonzero(there),
            "Tt.Ar": area * np.count_nonzero(inside),
            "Ma.Ar": area * np.count_nonzero(marrow),
            "Ct.Ar/Tt.Ar": 100 * np.count_nonzero(there) / np.count_nonzero(inside),
            "Ct.Po": 100 * pores / np.count_nonzero(cortex),
            "Imin": moments.least,
            "Imax": moments.largest,
            "pMOI": moments.polar,
            "Ps.Pm": outline_length(inside, pixel),
            "Ec.Pm": outline_length(marrow, pixel),
            "Ct.Ecc": moments_of(inside, pixel).eccentricity,
        }
        for name, value in row.items():
            table[name][z] = value
        void, whole = void + pores, whole + np.count_nonzero(cortex)
        progress.advance(z / len(bone))
    return table, (void, whole)


def _pores(cortex: np.ndarray, bone: np.ndarray) -> np.ndarray:
    # Voids from which no way leads out of the cortex within the slice.
    voids, many = ndimage.label(~bone)
    open_ = np.zeros(many + 1, dtype=bool)
    open_[0] = True
    open_[voids[~cortex]] = True
    return np.asarray(~open_[voids])


def _solid(bone: np.ndarray, labels: np.ndarray) -> np.ndarray:
    solid = bone & (labels == Part.CORTEX)
    for z in range(len(solid)):
        solid[z] |= _pores(labels[z] == Part.CORTEX, solid[z])
    return solid


def _overall(table: Mapping[str, np.ndarray], pores: tuple[float, float]) -> tuple[dict[str, float], dict[str, str]]:
    values = {name: float(np.nanmean(row)) for name, row in table.items()}
    # Of volumes, not of percentages.
    values["Ct.Ar/Tt.Ar"] = 100 * values["Ct.Ar"] / values["Tt.Ar"]
    values["Ct.Po"] = float(100 * pores[0] / pores[1])
    absent: dict[str, str] = {}
    if not values["Ma.Ar"]:
        absent["Ec.Pm"] = "no marrow is labelled in the slices asked for"
        values.pop("Ec.Pm")
    return values, absent


def _no_thickness(spacing: Triple) -> str:
    if is_cube(spacing):
        return ""
    return f"local thickness needs cubic voxels, and these are {' x '.join(f'{s:g}' for s in spacing)} µm (z y x)"


def _near(index: np.ndarray, depth: int, spacing: Triple) -> slice:
    more = int(np.ceil(_BEYOND_UM / spacing[0]))
    return slice(max(0, int(index[0]) - more), min(depth, int(index[-1]) + 1 + more))


def _thickness(
    solid: np.ndarray, spacing: Triple, options: CorticalOptions, progress: Progress
) -> tuple[np.ndarray | None, str]:
    try:
        return local_thickness(solid, spacing[0], convention=options.thickness_convention, progress=progress), ""
    except InputError as error:
        return None, error.problem


def _thickness_values(local: np.ndarray, table: dict[str, np.ndarray]) -> dict[str, float]:
    counted = local > 0
    table["Ct.Th"] = np.array(
        [plane[there].mean() / 1000 if there.any() else np.nan for plane, there in zip(local, counted, strict=True)]
    )
    if not counted.any():
        return {}
    of_voxels = local[counted].astype(float) / 1000
    return {"Ct.Th": float(of_voxels.mean()), "Ct.Th.SD": float(of_voxels.std())}


def _placed(local: np.ndarray, shape: tuple[int, ...], index: np.ndarray, box: tuple[slice, slice]) -> np.ndarray:
    whole = np.zeros(shape, np.float32)
    whole[index[0] : index[-1] + 1, *box] = local
    return whole
