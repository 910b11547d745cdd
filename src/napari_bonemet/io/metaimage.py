"""MetaImage (.mha, and .mhd with its data file).

The header is a few lines of text, read here rather than by SimpleITK: so the size that it claims can be
checked before any memory is taken, the voxels stay on disk, and damaged bytes never reach compiled code.
"""

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

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
    volume_shape,
)
from napari_bonemet.scan import Scan, Voxels

_KEY = "NapariBonemet"
_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_NAMES = {code: name for name, code in reversed(_TYPES.items())}
_LONGEST_HEADER = 2**22
_SLAB = 64


def read_metaimage(path: Path) -> RawVolume:
    """Read a MetaImage volume; unpacked voxels stay on disk until they are looked at.

    Parameters
    ----------
    path : Path
        A .mha file, or a .mhd file whose data file lies beside it.

    Returns
    -------
    RawVolume
        Voxels (z, y, x) in the stored order. Lengths are millimetres, as the format has it, unless the
        header names another unit.

    Raises
    ------
    InputError
        For a damaged or truncated file, or one that is no volume of grey values.
    """
    with refusing(path, "MetaImage"):
        with path.open("rb") as stream:
            header, start = _header(path, stream)
        if header.get("NDims") != "3":
            raise InputError(
                f"{path.name} holds no volume", expected="three axes (z, y, x)", found=header.get("NDims", "none named")
            )
        shape = volume_shape(path, [int(n) for n in header["DimSize"].split()][::-1])
        voxels = _voxels(path, header, shape, start)
        spacing, origin, direction = _geometry(path, header)
        step = read_step(path, "MetaImage", direction_lps=direction)
        return RawVolume(voxels, spacing, origin, step, (), embedded(path, header.get(_KEY)))


def _header(path: Path, stream: BinaryIO) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    while "ElementDataFile" not in found:
        line = stream.readline(_LONGEST_HEADER)
        key, separator, value = line.decode("utf-8", "replace").partition("=")
        if not separator or stream.tell() > _LONGEST_HEADER:
            raise InputError(f"{path.name} is no MetaImage file", expected="lines of key = value up to ElementDataFile")
        found[key.strip()] = value.strip()
    return found, stream.tell()


def _voxels(path: Path, header: Mapping[str, str], shape: Shape, start: int) -> Voxels:
    code = _TYPES.get(header["ElementType"].upper())
    if code is None or header.get("ElementNumberOfChannels", "1") != "1":
        raise InputError(f"{path.name} holds no grey values", found=header["ElementType"])
    if not _true(header.get("BinaryData", "True")):
        raise InputError(f"{path.name} holds its voxels as text, which is not read", remedy="Save it as binary")
    big = _true(header.get("ElementByteOrderMSB", header.get("BinaryDataByteOrderMSB", "False")))
    kind = np.dtype(code).newbyteorder(">" if big else "<")
    source, start = _data_file(path, header["ElementDataFile"], start)
    skip = int(header.get("HeaderSize", "0"))
    if _true(header.get("CompressedData", "False")):
        with source.open("rb") as packed:
            packed.seek(start + max(skip, 0))
            return unpack(source, kind, shape, _Inflating(packed))
    if skip == -1:
        start = source.stat().st_size - shape[0] * shape[1] * shape[2] * kind.itemsize
    return map_raw(source, kind, shape, start + max(skip, 0))


class _Inflating:
    """A zlib or gzip stream that hands out no more than is asked for."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._inflate = zlib.decompressobj(wbits=47)

    def read(self, size: int, /) -> bytes:
        while not self._inflate.eof:
            piece = self._inflate.unconsumed_tail or self._packed.read(2**20)
            out = self._inflate.decompress(piece, size)
            if out or not piece:
                return out
        return b""


def _true(word: str) -> bool:
    return word.strip().lower() in ("true", "1")


def _data_file(path: Path, name: str, start: int) -> tuple[Path, int]:
    if name.upper() == "LOCAL":
        return path, start
    if name.upper().startswith("LIST") or "%" in name:
        raise InputError(f"{path.name} is spread over several data files, which is not read", found=name)
    return file_beside(path.parent, name, path), 0


def _geometry(path: Path, header: Mapping[str, str]) -> tuple[Triple | None, Triple, list[list[float]] | None]:
    unit = header.get("DistanceUnits", "mm").lower()
    if unit not in UNITS_UM:
        raise InputError(f"The unit of {path.name} is not known", expected="um, mm or another length", found=unit)
    matrix = _numbers(path, header, ("TransformMatrix", "Orientation", "Rotation"), 9)
    # The file lists the vector of each axis in turn, which are the columns of the direction.
    columns = np.eye(3) if matrix is None else np.asarray(matrix).reshape(3, 3).T
    sizes = _numbers(path, header, ("ElementSpacing", "ElementSize"), 3)
    place = _numbers(path, header, ("Offset", "Position", "Origin"), 3) or [0.0, 0.0, 0.0]
    spacing = None if sizes is None else spacing_um(path, sizes[::-1], UNITS_UM[unit])
    origin = (0.0, 0.0, 0.0) if spacing is None else origin_um(path, place[::-1], UNITS_UM[unit])
    return spacing, origin, direction_of(columns)


def _numbers(path: Path, header: Mapping[str, str], keys: tuple[str, ...], count: int) -> list[float] | None:
    for key in keys:
        if key in header:
            numbers = [float(word) for word in header[key].split()]
            if len(numbers) != count or not np.isfinite(numbers).all():
                raise InputError(f"{key} of {path.name} cannot be used", expected=f"{count} numbers", found=header[key])
            return numbers
    return None


def write_metaimage(scan: Scan, path: Path, record: dict[str, Any]) -> None:
    """Write `scan` as one .mha file in millimetres, a slab of slices at a time.

    Parameters
    ----------
    scan : Scan
        Voxels of any whole or real type of at most eight bytes.
    path : Path
        Where to.
    record : dict
        What else is known of the scan; kept under a key of its own in the header.
    """
    kind = np.dtype(scan.voxels.dtype).newbyteorder("<")
    lines = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        "TransformMatrix": "1 0 0 0 1 0 0 0 1",
        "Offset": " ".join(map(repr, scaled(scan.origin, 1e-3)[::-1])),
        "ElementSpacing": " ".join(map(repr, scaled(scan.spacing, 1e-3)[::-1])),
        "DimSize": " ".join(map(str, scan.shape[::-1])),
        _KEY: json.dumps(record),
        "ElementType": _NAMES[kind.str[1:]],
        "ElementDataFile": "LOCAL",
    }
    with path.open("wb") as stream:
        stream.write("".join(f"{key} = {value}\n" for key, value in lines.items()).encode())
        for first in range(0, scan.shape[0], _SLAB):
            stream.write(np.ascontiguousarray(scan.voxels[first : first + _SLAB], dtype=kind).tobytes())
