"""Writing a scan in any of the formats, whole or not at all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import dask.array as da
import numpy as np
import tifffile

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.io.atomic import atomic_file, atomic_folder
from napari_bonemet.io.metaimage import write_metaimage
from napari_bonemet.io.nifti import write_nifti
from napari_bonemet.io.nrrd import write_nrrd
from napari_bonemet.io.registry import suffix_of
from napari_bonemet.io.sidecar import scan_record, write_sidecar
from napari_bonemet.io.slice_files import write_png
from napari_bonemet.io.tiff import write_tiff
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.slabs import over_slabs

Format = Literal["png", "tiff-slices", "tiff", "nifti", "nrrd", "mha", "zarr"]

_BY_SUFFIX: dict[str, Format] = {
    ".nii": "nifti",
    ".nii.gz": "nifti",
    ".nrrd": "nrrd",
    ".mha": "mha",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".zarr": "zarr",
    "": "png",
}


class _Writer(NamedTuple):
    """How a single file of a format is written."""

    suffixes: tuple[str, ...]
    write: Callable[[Scan, Path, dict[str, Any]], None]


_FILES: dict[str, _Writer] = {
    "tiff": _Writer((".tif", ".tiff"), write_tiff),
    "nifti": _Writer((".nii", ".nii.gz"), write_nifti),
    "nrrd": _Writer((".nrrd",), write_nrrd),
    "mha": _Writer((".mha",), write_metaimage),
}
_EVERY_TYPE = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")
# Written at once by one thread.
_SLICES = 8
_TYPES: dict[str, tuple[str, ...]] = {"png": ("uint8", "uint16")}


def write_scan(
    scan: Scan,
    path: str | Path,
    *,
    format: Format | None = None,  # noqa: A002  (the word that users know)
    overwrite: bool = False,
    progress: Progress = NO_PROGRESS,
) -> Path:
    """Write one scan so that :func:`read_scan` gives it back: voxels, voxel size, origin, identity, history.

    Parameters
    ----------
    scan : Scan
        What to write. A mask of true and false is written as 255 and 0.
    path : path
        A file, or for slices and .zarr a folder.
    format : {"png", "tiff-slices", "tiff", "nifti", "nrrd", "mha", "zarr"}, optional
        By the suffix when None; a name without one becomes a folder of PNG slices.
    overwrite : bool
        Replace what is there.
    progress : Progress
        Listens; when the user cancels, nothing is left.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    InputError
        When the format is not known, or does not go with the suffix.
    OutputError
        When the format cannot hold these voxels, something is there already, or the disk refuses.
    """
    target = Path(path)
    chosen = _choose(target, format)
    progress.message(f"Writing {target.name}")
    progress.check()
    if chosen == "zarr":
        return _write_zarr(scan, target, overwrite, progress)
    ready = _without_masks(scan)
    _check_type(ready, chosen)
    if chosen in ("png", "tiff-slices"):
        with atomic_folder(target, overwrite=overwrite) as folder:
            _write_slices(ready, folder, ".png" if chosen == "png" else ".tif", progress)
            write_sidecar(ready, folder)
    else:
        with atomic_file(target, overwrite=overwrite) as temporary:
            _FILES[chosen].write(ready, temporary, scan_record(ready))
    progress.advance(1.0)
    return target


def _choose(target: Path, wanted: str | None) -> Format:
    suffix = suffix_of(target)
    if wanted is None:
        if suffix not in _BY_SUFFIX and suffix in (".png", ".bmp", ".jpg", ".jpeg", ".mhd", ".nhdr", ".dcm"):
            raise InputError(
                f"A scan is not written as {suffix}",
                expected=", ".join(filter(None, _BY_SUFFIX)) + ", or a folder name for PNG slices",
            )
        # A dot in the name of a folder ("871 week 3.5") is no suffix.
        return _BY_SUFFIX.get(suffix, "png")
    for known in get_args(Format):
        if wanted == known:
            _check_suffix(target, known)
            return known
    raise InputError("The format is not known", expected=", ".join(get_args(Format)), found=wanted)


def _check_suffix(target: Path, chosen: str) -> None:
    if chosen in _FILES and suffix_of(target) not in _FILES[chosen].suffixes:
        raise InputError(
            f"{target.name} does not end like a {chosen} file", expected=" or ".join(_FILES[chosen].suffixes)
        )


def _without_masks(scan: Scan) -> Scan:
    if np.dtype(scan.voxels.dtype).kind != "b":
        return scan
    lazy = da.asarray(scan.voxels)
    return replace(scan, voxels=da.where(lazy, np.uint8(255), np.uint8(0)))


def _check_type(scan: Scan, chosen: str) -> None:
    kind = np.dtype(scan.voxels.dtype).name
    allowed = _TYPES.get(chosen, _EVERY_TYPE)
    if kind not in allowed:
        remedy = "Write it as tiff, nifti, nrrd, mha or zarr" if chosen == "png" else "Convert it to float32 first"
        raise OutputError(
            f"{chosen} cannot hold voxels of this type", expected=", ".join(allowed), found=kind, remedy=remedy
        )


def _write_slices(scan: Scan, folder: Path, suffix: str, progress: Progress) -> None:
    count = scan.shape[0]
    digits = max(4, len(str(count - 1)))
    kind = np.dtype(scan.voxels.dtype).newbyteorder("=")

    def write(start: int, stop: int) -> None:
        slab = np.ascontiguousarray(scan.voxels[start:stop], dtype=kind)
        for z, values in enumerate(slab, start):
            place = folder / f"slice_{z:0{digits}d}{suffix}"
            if suffix == ".png":
                write_png(place, values)
            else:
                tifffile.imwrite(place, values, photometric="minisblack", metadata=None)

    over_slabs(write, count, slab=_SLICES, progress=progress)


def _write_zarr(scan: Scan, target: Path, overwrite: bool, progress: Progress) -> Path:
    from napari_bonemet.io.zarr import write_zarr

    write_zarr(scan, target, overwrite=overwrite, progress=progress)
    return target
