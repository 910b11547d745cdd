"""Painted labels within a session's text: packed, with their size stated, and never unpacked beyond it."""

import base64
import binascii
import math
import zlib
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.options import Between
from napari_bonemet.study.session_check import REMEDY, Most

__all__ = ["Packed", "pack", "unpack"]

# A full leg of 1538 x 539 x 509 voxels in two bytes each fits; what would fill the memory does not.
MOST_BYTES = 2**30
# 32 MiB of text; labels of a full leg take a hundredth of it.
MOST_TEXT = 2**25
_SLAB = 2**24

Type = Literal["bool", "uint8", "uint16", "uint32", "int8", "int16", "int32", "int64", "uint64"]
Side = Annotated[int, Between(1, 2**20)]


@dataclass(frozen=True)
class Packed:
    """A small-number array as text: zlib of its bytes (C order, little-endian), as base64.

    Parameters
    ----------
    dtype : str
        Type of one voxel.
    shape : tuple of int
        Lengths of its axes, up to six.
    zlib : str
        The packed bytes.
    """

    dtype: Type
    shape: Annotated[tuple[Side, ...], Most(6)]
    zlib: Annotated[str, Most(MOST_TEXT)]


def pack(voxels: Any) -> Packed:
    """Pack an array of whole numbers, slab by slab, so that no copy of it is held.

    Raises
    ------
    InputError
        When it holds no whole numbers, or is larger than a session takes (1 GiB).
    """
    array = np.asarray(voxels)
    little = array.dtype.newbyteorder("<")
    if array.dtype.kind not in "biu" or not 1 <= array.ndim <= 6:
        raise InputError("These labels cannot be kept in a session", found=f"{array.dtype}, {array.ndim} axes")
    if array.nbytes > MOST_BYTES:
        raise InputError(
            "These labels are too large for a session",
            expected=f"at most {MOST_BYTES >> 20} MiB",
            found=f"{array.nbytes >> 20} MiB",
            remedy="Save them as a file (File > Save Selected Layers)",
        )
    packer = zlib.compressobj(1)
    rows = max(1, _SLAB // max(1, array[:1].nbytes))
    parts = [
        packer.compress(np.ascontiguousarray(array[start : start + rows], dtype=little).tobytes())
        for start in range(0, len(array), rows)
    ]
    text = base64.b64encode(b"".join(parts) + packer.flush()).decode("ascii")
    return Packed(array.dtype.name, tuple(array.shape), text)  # type: ignore[arg-type]


def unpack(packed: Packed) -> np.ndarray:
    """The array again; nothing beyond its stated size is unpacked.

    Raises
    ------
    InputError
        When the stated size is too large, or the bytes are broken, too many or too few.
    """
    dtype = np.dtype(packed.dtype).newbyteorder("<")
    size = math.prod(packed.shape) * dtype.itemsize
    if size > MOST_BYTES or not packed.shape:
        raise _broken(f"labels of at most {MOST_BYTES >> 20} MiB", f"shape {packed.shape} of {packed.dtype}")
    unpacker = zlib.decompressobj()
    try:
        # One byte more than stated tells of more to come without unpacking it.
        raw = unpacker.decompress(base64.b64decode(packed.zlib, validate=True), size + 1)
    except (zlib.error, binascii.Error, ValueError) as error:
        raise _broken("packed bytes", "broken ones") from error
    if len(raw) != size or not unpacker.eof:
        raise _broken(f"{size} bytes for shape {packed.shape}", f"{'more' if len(raw) >= size else len(raw)} bytes")
    array = np.frombuffer(bytearray(raw), dtype).reshape(packed.shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _broken(expected: str, found: str) -> InputError:
    return InputError("Painted labels in the session cannot be used", expected=expected, found=found, remedy=REMEDY)
