"""All measures of one leg: in one week, or over its weeks."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.cortical import CorticalOptions, measure_cortical
from napari_bonemet.morphometry.density import DensityOptions, measure_density
from napari_bonemet.morphometry.masks.compartments import CompartmentOptions, Compartments, find_compartments
from napari_bonemet.morphometry.result import ScanMeasures
from napari_bonemet.morphometry.trabecular import TrabecularOptions, measure_trabecular
from napari_bonemet.options import Doc, Options
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

__all__ = ["MeasureOptions", "measure_scan", "measure_series"]

_GREYS = {Kind.RECON, Kind.SEG, Kind.REGIST, Kind.ROI, Kind.PREDICTION}


@dataclass(frozen=True)
class MeasureOptions(Options):
    """What is measured, and where."""

    compartments_of: Annotated[
        Literal["baseline", "own"],
        Doc("Whose compartments a later week is measured in, where the weeks share a grid: the baseline's or its own."),
    ] = "baseline"
    compartments: Annotated[CompartmentOptions, Doc("How cortex and trabecular region are told apart.")] = field(
        default_factory=CompartmentOptions
    )
    trabecular: Annotated[TrabecularOptions, Doc("How trabecular bone is measured.")] = field(
        default_factory=TrabecularOptions
    )
    cortical: Annotated[CorticalOptions, Doc("How the cortex is measured.")] = field(default_factory=CorticalOptions)
    density: Annotated[DensityOptions, Doc("What a grey value means in mineral.")] = field(
        default_factory=DensityOptions
    )


def measure_series(
    series: ScanSeries,
    *,
    options: MeasureOptions | None = None,
    compartments: Compartments | None = None,
    keep_maps: bool = False,
    progress: Progress = NO_PROGRESS,
) -> tuple[ScanMeasures, ...]:
    """Measure every week of a leg.

    Parameters
    ----------
    series : ScanSeries
        Greys. On one grid, every week is measured in the baseline's compartments unless its own are asked for, so
        that lost bone stays in the region it was lost from; on grids of their own, each week has its own.
    options : MeasureOptions, optional
        The defaults when None.
    compartments : Compartments, optional
        Given (painted) ones for every week; found when None.
    keep_maps : bool
        Whether to keep the maps of local thickness.

    Raises
    ------
    InputError
        When a week is not greys, or shows no bone.
    """
    options = options or MeasureOptions()
    shared, measured = compartments, []
    if shared is None and series.on_one_grid and options.compartments_of == "baseline":
        progress.message(f"{series.baseline.title}: compartments")
        # Read once, for its compartments and its measures.
        baseline = series.baseline.in_memory(PartOf(progress, 0.0, 0.02))
        series = ScanSeries((baseline, *series.scans[1:]))
        shared = find_compartments(baseline, options=options.compartments, progress=PartOf(progress, 0.02, 0.2))
    for number, scan in enumerate(series):
        part = PartOf(progress, 0.2 + 0.8 * number / len(series), 0.2 + 0.8 * (number + 1) / len(series))
        progress.message(f"{scan.title}: measures")
        measured.append(measure_scan(scan, options=options, compartments=shared, keep_maps=keep_maps, progress=part))
    return tuple(measured)


def measure_scan(
    scan: Scan,
    *,
    options: MeasureOptions | None = None,
    compartments: Compartments | None = None,
    keep_maps: bool = False,
    progress: Progress = NO_PROGRESS,
) -> ScanMeasures:
    """Measure one week of one leg.

    Parameters
    ----------
    scan : Scan
        Greys of a tibia, z from proximal to distal.
    options : MeasureOptions, optional
        The defaults when None.
    compartments : Compartments, optional
        Found in this scan when None.
    keep_maps : bool
        Whether to keep the maps of local thickness.

    Raises
    ------
    InputError
        When the scan is not greys, shows no bone, or the compartments are of another grid.
    """
    options = options or MeasureOptions()
    _require_greys(scan)
    scan = scan.in_memory(PartOf(progress, 0.0, 0.05))
    found = compartments
    if found is None:
        found = find_compartments(scan, options=options.compartments, progress=PartOf(progress, 0.05, 0.25))
    if found.labels.shape != scan.shape:
        raise InputError(
            f"The compartments are not those of {scan.title}",
            expected=f"labels of {scan.shape} voxels",
            found=f"{found.labels.shape}",
        )
    progress.message(f"{scan.title}: measures")
    threshold = options.compartments.bone_threshold
    bone = scan.to_numpy() > threshold
    inner = measure_trabecular(
        bone, found.trabecular, scan.spacing, options=options.trabecular, keep_maps=keep_maps,
        progress=PartOf(progress, 0.25, 0.7),
    )  # fmt: skip
    outer = measure_cortical(
        bone, found.labels, found.cortical_slices, scan.spacing, options=options.cortical, keep_maps=keep_maps,
        progress=PartOf(progress, 0.7, 0.95),
    )  # fmt: skip
    mineral = measure_density(
        scan, found, bone_threshold=threshold, options=options.density, progress=PartOf(progress, 0.95, 1.0)
    )
    volume = float(np.count_nonzero(bone & found.periosteal)) * scan.grid.voxel_volume_mm3
    step = Step("compartments", options.compartments.as_record())
    values = {"Tt.BV": volume, **inner.values, **outer.values, **mineral.values}
    return ScanMeasures(
        scan,
        {name: float(value) for name, value in values.items()},
        {**inner.absent, **outer.absent, **mineral.absent},
        outer.slices,
        outer.slice_index,
        {symbol: _as_scan(scan, local, symbol) for symbol, local in {**inner.maps, **outer.maps}.items()},
        scan.with_voxels(found.labels, step=step, kind=Kind.LABELS),
        found.notes,
    )


def _as_scan(scan: Scan, local: np.ndarray, symbol: str) -> Scan:
    return scan.with_voxels(local, step=Step("local thickness", {"measure": symbol}))


def _require_greys(scan: Scan) -> None:
    if scan.kind not in _GREYS:
        raise InputError(
            f"{scan.title} cannot be measured",
            expected="grey values, in which bone is above a threshold",
            found=f"a {scan.kind}",
            remedy="Measure the registered weeks or the region of interest; remodelling is measured on composites",
        )
