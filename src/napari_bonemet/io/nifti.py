"""NIfTI-1 and NIfTI-2 (.nii, .nii.gz), by nibabel."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Triple
from napari_bonemet.io.raw import (
    RawVolume,
    by_slabs,
    direction_of,
    embedded,
    map_raw,
    origin_um,
    read_step,
    refusing,
    scaled,
    spacing_um,
    unpack,
    volume_shape,
)
from napari_bonemet.io.sidecar import Sidecar
from napari_bonemet.scan import Scan, Voxels

# Code of a free comment among the header's extensions, in the NIfTI registry.
_COMMENT = 6
# NIfTI-1 counts voxels along an axis in two bytes.
_LONGEST_AXIS = 32767
_MARK = "napari-bonemet "
_UNITS_UM = {"meter": 1e6, "mm": 1e3, "micron": 1.0}

# NIfTI counts x and y towards the patient's right and front; scans here count them to the left and back.
_TO_LPS = np.diag([-1.0, -1.0, 1.0])


def read_nifti(path: Path) -> RawVolume:
    """Read a NIfTI volume; uncompressed voxels stay on disk until they are looked at.

    Parameters
    ----------
    path : Path
        A .nii or .nii.gz file.

    Returns
    -------
    RawVolume
        Voxels (z, y, x) in the stored order. The origin is counted as in DICOM (left, posterior,
        superior), so that a file written by ITK gives the numbers that ITK gives.

    Raises
    ------
    InputError
        For a damaged or truncated file, or one that is no volume of grey values.
    """
    import nibabel

    with refusing(path, "NIfTI"):
        image = nibabel.load(path)
        if not isinstance(image, nibabel.Nifti1Image):
            raise InputError(f"{path.name} is no NIfTI file", found=type(image).__name__)
        header = image.header
        voxels = _voxels(path, image)
        spacing, origin, direction = _geometry(path, image)
        unit = header.get_xyzt_units()[0]
        step = read_step(path, "NIfTI", unit=unit, direction_lps=direction)
        return RawVolume(voxels, spacing, origin, step, (), _record(path, header))


def _voxels(path: Path, image: Any) -> Voxels:
    proxy, header = image.dataobj, image.header
    sizes = [int(n) for n in header.get_data_shape()]
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    shape = volume_shape(path, sizes[::-1])
    if path.suffix == ".gz":
        with gzip.open(path) as stream:
            stream.seek(int(proxy.offset))
            stored = unpack(path, header.get_data_dtype(), shape, stream)
    else:
        stored = map_raw(path, header.get_data_dtype(), shape, int(proxy.offset))
    slope, shift = float(proxy.slope), float(proxy.inter)
    if not np.isfinite([slope, shift]).all():
        raise InputError(f"The scale that {path.name} states cannot be used", found=f"{slope} and {shift}")
    if (slope, shift) == (1.0, 0.0):
        return stored
    return by_slabs(stored, lambda block: (block * slope + shift).astype(np.float32), np.float32)


def _geometry(path: Path, image: Any) -> tuple[Triple | None, Triple, list[list[float]] | None]:
    header = image.header
    unit = _UNITS_UM.get(header.get_xyzt_units()[0])
    zooms = [float(z) for z in header.get_zooms()[:3]]
    placed = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    if not placed:
        return (None if unit is None else spacing_um(path, zooms[::-1], unit)), (0.0, 0.0, 0.0), None
    columns = _TO_LPS @ np.asarray(image.affine, dtype=float)[:3]
    lengths = np.linalg.norm(columns[:, :3], axis=0)
    if not np.isfinite(lengths).all() or lengths.min() <= 0:
        raise InputError(f"The axes that {path.name} states have no length", found=str(lengths))
    # The affine repeats the voxel size with a rounding error; where it says something else, it is the one in use.
    sizes = zooms if np.allclose(zooms, lengths, rtol=1e-5, atol=0) else lengths.tolist()
    direction = direction_of(columns[:, :3] / lengths)
    if unit is None:
        return None, (0.0, 0.0, 0.0), direction
    return spacing_um(path, sizes[::-1], unit), origin_um(path, columns[::-1, 3].tolist(), unit), direction


def _record(path: Path, header: Any) -> Sidecar | None:
    for extension in header.extensions:
        content = extension.get_content() if extension.get_code() == _COMMENT else b""
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
        if text.startswith(_MARK):
            return embedded(path, text.removeprefix(_MARK).rstrip("\0"))
    return None


def write_nifti(scan: Scan, path: Path, record: dict[str, Any]) -> None:
    """Write `scan` as NIfTI-1 in millimetres, packed when `path` ends in .gz.

    Where an axis is too long for NIfTI-1 it becomes NIfTI-2.

    Parameters
    ----------
    scan : Scan
        Voxels of any whole or real type of at most eight bytes.
    path : Path
        Where to.
    record : dict
        What else is known of the scan; kept as a comment in the header, with the voxel size in full
        (the header itself keeps four bytes of it).
    """
    import nibabel

    z, y, x = scaled(scan.spacing, 1e-3)
    affine = np.diag([-x, -y, z, 1.0])
    affine[:3, 3] = _TO_LPS @ np.asarray(scaled(scan.origin, 1e-3)[::-1])
    voxels = scan.to_numpy()
    form = nibabel.Nifti2Image if max(voxels.shape) > _LONGEST_AXIS else nibabel.Nifti1Image
    image = form(voxels.T, affine, dtype=voxels.dtype)
    image.set_qform(affine, "scanner")
    image.set_sform(affine, "scanner")
    image.header.set_xyzt_units("mm")
    image.header.set_zooms((x, y, z))
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(_COMMENT, (_MARK + json.dumps(record)).encode()))
    nibabel.save(image, path)
