"""The input of every command: a folder in a BoneMet layout, or a single scan."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_bonemet.cli.flags import Common
from napari_bonemet.errors import InputError
from napari_bonemet.geometry import SPACING_TOLERANCE
from napari_bonemet.progress import Progress
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries


def read_legs(source: Path, common: Common, progress: Progress) -> tuple[ScanSeries, ...]:
    """The legs in `source`.

    Raises
    ------
    InputError
        When there is nothing there, it cannot be read, or the results would replace it.
    """
    from napari_bonemet.io import read_study

    if not source.exists():
        raise InputError(f"{source} is not there", remedy="Check the name, and the folder that you are in")
    _spare(source, common)
    progress.message(f"Reading {source}")
    legs = read_study(source, spacing=common.voxel_size, progress=progress)
    for scan in (scan for leg in legs for scan in leg):
        if common.voxel_size and not np.allclose(scan.spacing, common.voxel_size, rtol=SPACING_TOLERANCE, atol=0):
            stated = " x ".join(f"{size:g}" for size in scan.spacing)
            warnings.warn(f"{scan.title}: its files state voxels of {stated} µm; --spacing is not used", stacklevel=2)
    return legs


def _spare(source: Path, common: Common) -> None:
    """Raise InputError when ``--overwrite`` could replace what is read: nothing would be left to do it again from."""
    if common.out is None or not common.overwrite:
        return
    out, read = common.out.resolve(), source.resolve()
    if out == read or out in read.parents:
        raise InputError(
            f"{common.out} holds the scans that are read, and --overwrite could replace them",
            remedy="Write to another folder, beside them or inside",
        )


def read_grey_legs(source: Path, common: Common, progress: Progress) -> tuple[ScanSeries, ...]:
    """The legs in `source` whose scans are greys; composites and maps beside them are left out.

    Raises
    ------
    InputError
        When there is no grey scan, or it cannot be read.
    """
    greys, _ = _sorted(read_legs(source, common, progress))
    if not greys:
        raise InputError(f"{source} holds no grey scans", found="composites", remedy="Give the weekly scans themselves")
    require_different_legs(greys, source)
    return greys


def read_grey_or_composite_legs(source: Path, common: Common, progress: Progress) -> tuple[ScanSeries, ...]:
    """The legs in `source` whose scans are greys, else those that are composites.

    Raises
    ------
    InputError
        When a leg is there twice, or cannot be read.
    """
    greys, others = _sorted(read_legs(source, common, progress))
    require_different_legs(greys or others, source)
    return greys or others


def _sorted(legs: Sequence[ScanSeries]) -> tuple[tuple[ScanSeries, ...], tuple[ScanSeries, ...]]:
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
