"""The legs of a folder whose scans are greys; composites and maps beside them are left out."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import SPACING_TOLERANCE, Triple
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries


def read_all_legs(
    source: Path, *, spacing: Triple | None = None, progress: Progress = NO_PROGRESS
) -> tuple[ScanSeries, ...]:
    """The legs in `source`.

    Parameters
    ----------
    source : Path
        A folder in a BoneMet layout, or a single scan.
    spacing : tuple of float, optional
        Voxel size (z, y, x), micrometres, of files that state none.

    Raises
    ------
    InputError
        When there is nothing there, or it cannot be read.

    Warns
    -----
    UserWarning
        When files state another voxel size, which then counts.
    """
    from napari_bonemet.io import read_study

    if not source.exists():
        raise InputError(f"{source} is not there", remedy="Check the name, and the folder that you are in")
    progress.message(f"Reading {source}")
    legs = read_study(source, spacing=spacing, progress=progress)
    for scan in (scan for leg in legs for scan in leg):
        if spacing and not np.allclose(scan.spacing, spacing, rtol=SPACING_TOLERANCE, atol=0):
            stated, given = (" x ".join(f"{size:g}" for size in sizes) for sizes in (scan.spacing, spacing))
            warnings.warn(f"{scan.title}: its files state voxels of {stated} µm; {given} µm is not used", stacklevel=2)
    return legs


def read_grey_legs(
    source: Path, *, spacing: Triple | None = None, progress: Progress = NO_PROGRESS
) -> tuple[ScanSeries, ...]:
    """The legs in `source` whose scans are greys (see :func:`read_all_legs`).

    Raises
    ------
    InputError
        When there is no grey scan, one cannot be read, or a leg is there twice.
    """
    return only_greys(read_all_legs(source, spacing=spacing, progress=progress), source)


def only_greys(legs: Sequence[ScanSeries], source: Path) -> tuple[ScanSeries, ...]:
    """Those of the legs read from `source` whose scans are greys.

    Raises
    ------
    InputError
        When there is none, or one is there twice.
    """
    greys, _ = sorted_by_kind(legs)
    if not greys:
        raise InputError(f"{source} holds no grey scans", found="composites", remedy="Give the weekly scans themselves")
    require_different_legs(greys, source)
    return greys


def sorted_by_kind(legs: Sequence[ScanSeries]) -> tuple[tuple[ScanSeries, ...], tuple[ScanSeries, ...]]:
    """Legs of greys, and those that hold a composite or a map."""
    maps = (Kind.COMPOSITE, Kind.UNCERTAINTY, Kind.LABELS)
    greys = tuple(leg for leg in legs if all(scan.kind not in maps for scan in leg))
    return greys, tuple(leg for leg in legs if leg not in greys)


def require_different_legs(legs: Sequence[ScanSeries], source: Path) -> None:
    """Raise InputError when a leg is there twice, in two components of the data set say."""
    names = [leg.leg for leg in legs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"{source} holds {', '.join(twice)} more than once",
            remedy="Give the folder of one component alone, the segmented or the registered scans say",
        )
