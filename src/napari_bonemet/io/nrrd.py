"""NRRD (.nrrd, and .nhdr with its data file), header by pynrrd."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Shape, Triple
from napari_bonemet.io.raw import (
    UNITS_UM,
    RawVolume,
    direction_of,
    embedded,
    file_beside,
    map_raw,
    origin_um,
    read_step,
    refusing,
    scaled,
    spacing_um,
    unpack,
    unpacker,
    volume_shape,
)
from napari_bonemet.scan import Scan, Voxels

_KEY = "napari_bonemet"
_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_CODES = {name: code for code, names in _TYPES.items() for name in names}

# Spaces fixed to a patient or scanner, whose axes count millimetres; the signs turn them to left, posterior, superior.
_TO_LPS = {
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
    "scanner-xyz": (1, 1, 1),
}


def read_nrrd(path: Path) -> RawVolume:
    """Read an NRRD volume; raw voxels stay on disk until they are looked at.

    Parameters
    ----------
    path : Path
        A .nrrd file, or a .nhdr file whose data file lies beside it.

    Returns
    -------
    RawVolume
        Voxels (z, y, x) in the stored order. The spacing is None where the header gives numbers but
        no unit: neither "space units", nor "units", nor a space that counts millimetres.

    Raises
    ------
    InputError
        For a damaged or truncated file, or one that is no volume of grey values.
    """
    import nrrd

    with refusing(path, "NRRD"):
        with path.open("rb") as stream:
            header = nrrd.read_header(stream)
            offset = stream.tell()
        shape = volume_shape(path, [int(n) for n in header["sizes"]][::-1])
        if int(header["dimension"]) != 3:
            raise InputError(f"{path.name} holds no volume", expected="three axes", found=str(header["dimension"]))
        voxels = _voxels(path, header, shape, offset)
        spacing, origin, direction, unit = _geometry(path, header)
        step = read_step(path, "NRRD", unit=unit, direction_lps=direction)
        return RawVolume(voxels, spacing, origin, step, (), embedded(path, header.get(_KEY)))


def _voxels(path: Path, header: Mapping[str, Any], shape: Shape, offset: int) -> Voxels:
    source, offset = _data_file(path, header, offset)
    code = _CODES.get(str(header["type"]).strip().lower())
    if code is None:
        raise InputError(f"{path.name} holds no grey values", found=f"type {header['type']}")
    kind = np.dtype(code).newbyteorder(">" if str(header.get("endian", "little")).lower() == "big" else "<")
    encoding = str(header["encoding"]).lower()
    skip = int(header.get("byte skip", header.get("byteskip", 0)))
    if encoding == "raw":
        size = int(np.prod([float(n) for n in shape])) * kind.itemsize
        return map_raw(source, kind, shape, source.stat().st_size - size if skip == -1 else offset + skip)
    with source.open("rb") as packed:
        packed.seek(offset)
        if encoding in ("gzip", "gz", "bzip2", "bz2"):
            stream = unpacker(packed, encoding)
            stream.read(min(max(skip, 0), 2**20))
            return unpack(source, kind, shape, stream)
        if encoding in ("ascii", "text", "txt"):
            return _from_text(path, packed.read(), kind, shape)
    raise InputError(f"The packing of {path.name} is not read", expected="raw, gzip, bzip2 or text", found=encoding)


def _from_text(path: Path, text: bytes, kind: np.dtype, shape: Shape) -> Voxels:
    numbers = text.split()
    needed = shape[0] * shape[1] * shape[2]
    if len(numbers) != needed:
        raise InputError(f"{path.name} is cut short", expected=f"{needed} numbers", found=str(len(numbers)))
    return np.array([kind.type(number) for number in numbers]).reshape(shape)


def _data_file(path: Path, header: Mapping[str, Any], offset: int) -> tuple[Path, int]:
    name = header.get("data file", header.get("datafile"))
    lines = int(header.get("line skip", header.get("lineskip", 0)))
    if lines:
        raise InputError(f"{path.name} skips lines before its voxels, which is not read", found=f"{lines} lines")
    if name is None:
        return path, offset
    if str(name).upper().startswith("LIST") or "%" in str(name):
        raise InputError(f"{path.name} is spread over several data files, which is not read", found=str(name))
    return file_beside(path.parent, str(name), path), 0


def _geometry(
    path: Path, header: Mapping[str, Any]
) -> tuple[Triple | None, Triple, list[list[float]] | None, str | None]:
    if header.get("space directions") is None:
        sizes, unit = header.get("spacings"), _one_unit(path, header.get("units"))
        if sizes is None or unit is None or not np.isfinite(np.asarray(sizes, dtype=float)).all():
            return None, (0.0, 0.0, 0.0), None, unit
        return spacing_um(path, list(sizes)[::-1], _in_um(path, unit)), (0.0, 0.0, 0.0), None, unit
    space = str(header.get("space", "")).strip().lower()
    unit = _one_unit(path, header.get("space units")) or ("mm" if space in _TO_LPS else None)
    axes = np.asarray(header["space directions"], dtype=float)
    lengths = np.linalg.norm(axes, axis=1) if axes.shape == (3, 3) else np.zeros(3)
    if not np.isfinite(lengths).all() or lengths.min() <= 0:
        raise InputError(f"The axes that {path.name} states have no length", found=str(axes.tolist()))
    signs = np.asarray(_TO_LPS.get(space, (1, 1, 1)), dtype=float)
    direction = direction_of((axes / lengths[:, None] * signs).T)
    if unit is None:
        return None, (0.0, 0.0, 0.0), direction, None
    place = np.asarray(header.get("space origin", (0.0, 0.0, 0.0)), dtype=float)
    factor = _in_um(path, unit)
    origin = origin_um(path, (place * signs + 0.0)[::-1].tolist(), factor)
    return spacing_um(path, lengths[::-1].tolist(), factor), origin, direction, unit


def _one_unit(path: Path, units: Any) -> str | None:
    names = sorted({str(unit).strip().strip('"').strip() for unit in units or ()} - {"", "???", "none"})
    if len(names) > 1:
        raise InputError(f"The axes of {path.name} have different units", found=", ".join(names))
    return names[0] if names else None


def _in_um(path: Path, unit: str) -> float:
    if unit.lower() not in UNITS_UM:
        raise InputError(f"The unit of {path.name} is not known", expected="um, mm or another length", found=unit)
    return UNITS_UM[unit.lower()]


def write_nrrd(scan: Scan, path: Path, record: dict[str, Any]) -> None:
    """Write `scan` as NRRD in millimetres (left, posterior, superior), raw voxels.

    Parameters
    ----------
    scan : Scan
        Voxels of any whole or real type of at most eight bytes.
    path : Path
        Where to.
    record : dict
        What else is known of the scan; kept under a key of its own in the header.
    """
    import nrrd

    spacing, origin = scaled(scan.spacing, 1e-3)[::-1], scaled(scan.origin, 1e-3)[::-1]
    header = {
        "space": "left-posterior-superior",
        "space directions": np.diag(spacing),
        "space origin": np.asarray(origin),
        "kinds": ["domain"] * 3,
        "encoding": "raw",
        _KEY: json.dumps(record),
    }
    with path.open("wb") as stream:
        nrrd.write(stream, scan.to_numpy(), header, index_order="C")
