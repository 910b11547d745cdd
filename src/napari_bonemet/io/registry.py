"""Which reader takes which file, and how a scan comes out of it."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.geometry import Triple, as_triple
from napari_bonemet.io.composite_codes import looks_like_composite
from napari_bonemet.io.dicom import is_dicom, read_dicom, read_dicom_file
from napari_bonemet.io.metaimage import read_metaimage
from napari_bonemet.io.names import NameParts, name_parts
from napari_bonemet.io.nifti import read_nifti
from napari_bonemet.io.nrrd import read_nrrd
from napari_bonemet.io.raw import RawVolume, ScanWarning, quiet
from napari_bonemet.io.scanco import read_scanco
from napari_bonemet.io.sidecar import Sidecar
from napari_bonemet.io.slices import read_slices, slice_names
from napari_bonemet.io.tiff import read_tiff
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan


class Reader(NamedTuple):
    """One format's reader: its name for people, and the function."""

    name: str
    read: Callable[[Path], RawVolume]


def _read_single_slice(path: Path) -> RawVolume:
    raise InputError(
        f"{path.name} is a single slice, and a volume needs several",
        remedy=f"Open its folder, {path.absolute().parent.name}, instead",
    )


def _read_zarr(path: Path) -> RawVolume:
    from napari_bonemet.io.zarr import read_zarr

    return read_zarr(path)


READERS: dict[str, Reader] = {
    ".nii": Reader("NIfTI", read_nifti),
    ".nii.gz": Reader("NIfTI", read_nifti),
    ".nrrd": Reader("NRRD", read_nrrd),
    ".nhdr": Reader("NRRD", read_nrrd),
    ".mha": Reader("MetaImage", read_metaimage),
    ".mhd": Reader("MetaImage", read_metaimage),
    ".tif": Reader("TIFF", read_tiff),
    ".tiff": Reader("TIFF", read_tiff),
    ".zarr": Reader("OME-Zarr", _read_zarr),
    ".dcm": Reader("DICOM", read_dicom_file),
    ".isq": Reader("Scanco", read_scanco),
    ".aim": Reader("Scanco", read_scanco),
    ".png": Reader("slice", _read_single_slice),
    ".bmp": Reader("slice", _read_single_slice),
    ".jpg": Reader("slice", _read_single_slice),
    ".jpeg": Reader("slice", _read_single_slice),
}
SLICES = Reader("slices", read_slices)
DICOM = Reader("DICOM", read_dicom)

# A header keeps fewer digits than this package's own record; further apart, somebody changed the header.
_SAME = 1e-6


def suffix_of(path: Path) -> str:
    """The suffix that chooses the reader, in lower case: ".nii.gz", ".tif"."""
    name = path.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else path.suffix.lower()


def _is_zarr(path: Path) -> bool:
    return suffix_of(path) == ".zarr" or any((path / name).is_file() for name in ("zarr.json", ".zattrs", ".zgroup"))


def find_reader(path: Path) -> Reader:
    """The reader for a file or folder.

    Raises
    ------
    InputError
        When nothing is there, or no reader takes it.
    """
    if not path.exists():
        raise InputError(f"{path} is not there", remedy="Check the path")
    if path.is_dir():
        if _is_zarr(path):
            return READERS[".zarr"]
        dicom = not slice_names(path) and any(is_dicom(entry) for entry in path.iterdir())
        return DICOM if dicom else SLICES
    if suffix_of(path) in READERS:
        return READERS[suffix_of(path)]
    if is_dicom(path):
        return READERS[".dcm"]
    raise InputError(
        f"{path.name} is of no kind that can be read",
        expected=f"a folder of slices, or one of {', '.join(READERS)}",
        found=path.suffix or "no suffix",
    )


def can_read(path: str | Path) -> bool:
    """Whether a volume may be read from a file or folder, judged by its name and what lies in it."""
    place = Path(path)
    try:
        if place.is_dir() and not _is_zarr(place):
            return bool(slice_names(place)) or any(is_dicom(entry) for entry in place.iterdir())
        return find_reader(place).read not in (_read_single_slice, read_dicom_file)
    except (InputError, OSError):
        return False


def read_scan(
    path: str | Path,
    *,
    spacing: float | Sequence[float] | None = None,
    week: float | None = None,
    progress: Progress = NO_PROGRESS,
) -> Scan:
    """Read one scan, lazily where the format allows it.

    Parameters
    ----------
    path : path
        A file of any format in :data:`READERS`, a folder of slices or of a DICOM series, or a .zarr.
    spacing : float or three floats (z, y, x), optional
        Voxel size in micrometres, used only where the files state none.
    week : float, optional
        Week since inoculation, in place of what the names say.
    progress : Progress
        Listens.

    Returns
    -------
    Scan
        Subject, side, week, kind and part from what this package recorded with it, else from the names;
        a BoneMet composite is recognised by its values.

    Raises
    ------
    InputError
        When the files are damaged, incomplete or of no known kind.
    MissingSpacingError
        When neither the files nor the caller state the voxel size.

    Warns
    -----
    ScanWarning
        For what the user should know of files that could be read; the history says the same.
    """
    place = Path(path)
    progress.message(f"Opening {place.name}")
    given = None if spacing is None else as_triple(spacing)
    reader = find_reader(place)
    with quiet():
        raw = reader.read(place)
        size, origin = _geometry(place, raw, given)
        composite = looks_like_composite(raw.voxels)
    parts = name_parts(place)
    if week is not None:
        parts = replace(parts, week=float(week))
    for sentence in raw.warnings:
        warnings.warn(sentence, ScanWarning, stacklevel=2)
    scan = Scan(
        raw.voxels,
        size,
        origin,
        history=(*(raw.record.history if raw.record else ()), _step(raw, size, given)),
        **_identity(parts, raw.record or Sidecar(), composite, week is not None),
    )
    progress.advance(1.0)
    return scan


def _geometry(path: Path, raw: RawVolume, given: Triple | None) -> tuple[Triple, Triple]:
    record = raw.record or Sidecar()
    size = _finer(raw.spacing, record.spacing) or given
    if size is None:
        raise MissingSpacingError(path.name)
    origin = raw.origin
    if record.origin is not None and (raw.spacing is None or _near(raw.origin, record.origin, size)):
        origin = record.origin
    return size, origin


def _finer(stated: Triple | None, recorded: Triple | None) -> Triple | None:
    if stated is None or recorded is None:
        return stated or recorded
    return recorded if np.allclose(stated, recorded, rtol=_SAME, atol=0) else stated


def _near(stated: Triple, recorded: Triple, size: Triple) -> bool:
    slack = np.abs(recorded) * _SAME + np.asarray(size) * 1e-3
    return bool((np.abs(np.subtract(stated, recorded)) <= slack).all())


def _identity(parts: NameParts, record: Sidecar, composite: bool, week_given: bool) -> dict[str, Any]:
    kind = Kind.COMPOSITE if composite else record.kind or parts.kind or Kind.SEG
    return {
        "subject": record.subject or parts.subject,
        "side": record.side or parts.side,
        "day": parts.day if week_given or record.day is None else record.day,
        "kind": kind,
        "part": record.part or parts.part or "tibia",
        "synthetic": record.synthetic,
    }


def _step(raw: RawVolume, size: Triple, given: Triple | None) -> Step:
    found = {**raw.step.parameters, "spacing_um_zyx": list(size)}
    stated = raw.spacing is not None or (raw.record is not None and raw.record.spacing is not None)
    if given is not None and not stated:
        found["spacing_from"] = "the user"
    if raw.warnings:
        found["warnings"] = list(raw.warnings)
    return replace(raw.step, parameters=found)
