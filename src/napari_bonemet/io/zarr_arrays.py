"""Zarr arrays opened with distrust: what the metadata declares is checked before any of it is believed.

Object types and the codecs that unpickle or evaluate are refused by a list of the harmless ones; sizes are held
against what lies on the disk, so that a damaged number cannot ask for the whole memory.
"""

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import zarr

from napari_bonemet.errors import InputError
from napari_bonemet.io.raw import refusing
from napari_bonemet.io.sidecar import read_json

_FORM = "a zarr array"
_TYPES_3 = {"bool", *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64)), *(f"float{n}" for n in (16, 32, 64))}
_TYPES_2 = re.compile(r"[<>|][biuf][1248]")
_HARMLESS = {
    "bytes", "transpose", "crc32c", "blosc", "gzip", "zstd", "sharding_indexed", "zlib", "lz4", "bz2", "lzma",
    "delta", "shuffle", "bitround", "fixedscaleoffset", "packbits", "quantize", "crc32", "adler32",
}  # fmt: skip
_MOST_AXES = 5
_LONGEST_AXIS = 2**24
_LARGEST_CHUNK_BYTES = 2**30
# An array may leave chunks out that hold nothing; most of it left out is a damaged size.
_LEAST_SHARE = 1 / 1000
_ALWAYS_FINE_BYTES = 2**28
_CHUNK_NAME = re.compile(r"(c\.)?\d+(\.\d+)*")


class _Guarded:
    """An array on disk whose damaged chunks are told in words when they are looked at."""

    def __init__(self, array: Any, folder: Path) -> None:
        self._array = array
        self._folder = folder
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.ndim: int = len(self.shape)
        self.dtype: np.dtype = np.dtype(array.dtype).newbyteorder("=")

    def __getitem__(self, key: Any) -> np.ndarray:
        with refusing(self._folder, _FORM):
            return np.asarray(self._array[key], dtype=self.dtype)


def open_array(folder: Path, *, whole: bool = False) -> da.Array:
    """The zarr array (format 2 or 3) in `folder`, lazily.

    Parameters
    ----------
    folder : path
        Holds ``zarr.json`` or ``.zarray``.
    whole : bool
        Every chunk was written, so that a missing one means a damaged copy.

    Raises
    ------
    InputError
        When the metadata is damaged, declares what is not plain numbers, or more than the disk holds.
    """
    record = array_record(folder)
    if record is None:
        raise InputError(f"{folder} is not there, though its image names it", remedy="Copy or export it again")
    shape, chunks, itemsize = _check_3(record, folder) if "data_type" in record else _check_2(record, folder)
    _check_sizes(folder, shape, chunks, itemsize, whole)
    with refusing(folder, _FORM):
        array = zarr.open_array(store=str(folder), mode="r", zarr_format=3 if "data_type" in record else 2)
        guarded = _Guarded(array, folder)
    if guarded.shape != shape or guarded.dtype.kind not in "biuf":
        raise _damaged(folder, "shape")
    return da.from_array(guarded, chunks=tuple(map(min, chunks, shape)), name=False, asarray=True)


def array_record(folder: Path) -> Mapping[str, Any] | None:
    """The metadata of the array in `folder`, or None where there is no array."""
    for name in ("zarr.json", ".zarray"):
        if (folder / name).is_file():
            record = read_json(folder / name)
            if not isinstance(record, Mapping):
                raise InputError(f"{folder / name} cannot be used", expected="an object with named values")
            return None if record.get("node_type") == "group" else record
    return None


def group_attributes(folder: Path) -> Mapping[str, Any]:
    """The attributes of the zarr group in `folder` (format 2 or 3); empty where there are none.

    Raises
    ------
    InputError
        When they are damaged.
    """
    if (folder / "zarr.json").is_file():
        record = read_json(folder / "zarr.json")
        found = record.get("attributes", {}) if isinstance(record, Mapping) else None
    elif (folder / ".zattrs").is_file():
        found = read_json(folder / ".zattrs")
    else:
        found = {}
    if not isinstance(found, Mapping):
        raise InputError(f"{folder}: its attributes cannot be used", expected="an object with named values")
    return found


def _check_3(record: Mapping[str, Any], folder: Path) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    kind = record.get("data_type")
    if kind not in _TYPES_3 if isinstance(kind, str) else True:
        raise _no_numbers(folder, kind)
    grid = record.get("chunk_grid")
    if (
        not isinstance(grid, Mapping)
        or grid.get("name") != "regular"
        or not isinstance(grid.get("configuration"), Mapping)
    ):
        raise _damaged(folder, "chunk_grid")
    if record.get("storage_transformers"):
        raise _damaged(folder, "storage_transformers")
    _check_codecs(record.get("codecs"), folder)
    chunks = _sizes(grid["configuration"].get("chunk_shape"), folder, "chunk_shape")
    return _sizes(record.get("shape"), folder, "shape"), chunks, np.dtype(str(kind)).itemsize


def _check_2(record: Mapping[str, Any], folder: Path) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    kind = record.get("dtype")
    if not isinstance(kind, str) or not _TYPES_2.fullmatch(kind):
        raise _no_numbers(folder, kind)
    with refusing(folder, _FORM):
        itemsize = np.dtype(kind).itemsize
    codecs = [codec for codec in (record.get("compressor"), *(record.get("filters") or ())) if codec is not None]
    for codec in codecs:
        _check_name(codec.get("id") if isinstance(codec, Mapping) else codec, folder)
    return _sizes(record.get("shape"), folder, "shape"), _sizes(record.get("chunks"), folder, "chunks"), itemsize


def _check_codecs(codecs: Any, folder: Path, depth: int = 0) -> None:
    if not isinstance(codecs, list) or depth > 2:
        raise _damaged(folder, "codecs")
    for codec in codecs:
        _check_name(codec.get("name") if isinstance(codec, Mapping) else codec, folder)
        settings = codec.get("configuration") if isinstance(codec, Mapping) else None
        for nested in ("codecs", "index_codecs"):
            if isinstance(settings, Mapping) and nested in settings:
                _check_codecs(settings[nested], folder, depth + 1)


def _check_name(name: Any, folder: Path) -> None:
    if not isinstance(name, str) or name.removeprefix("numcodecs.") not in _HARMLESS:
        raise InputError(
            f"{folder} is packed in a way that is not read", expected="a usual compression", found=f"{name!r:.60}"
        )


def _sizes(values: Any, folder: Path, key: str) -> tuple[int, ...]:
    if not isinstance(values, list) or not 0 < len(values) <= _MOST_AXES:
        raise _damaged(folder, key)
    if not all(type(value) is int and 0 < value <= _LONGEST_AXIS for value in values):
        raise _damaged(folder, key)
    return tuple(values)


def _check_sizes(folder: Path, shape: tuple[int, ...], chunks: tuple[int, ...], itemsize: int, whole: bool) -> None:
    if len(shape) != len(chunks):
        raise _damaged(folder, "chunks")
    chunk_bytes = math.prod(chunks) * itemsize
    if chunk_bytes > _LARGEST_CHUNK_BYTES:
        raise InputError(f"{folder} is stored in chunks that are too large", found=f"{chunk_bytes} bytes each")
    needed = math.prod(math.ceil(n / chunk) for n, chunk in zip(shape, chunks, strict=True))
    there = sum(bool(_CHUNK_NAME.fullmatch(name)) for _, _, names in os.walk(folder) for name in names)
    large = math.prod(shape) * itemsize > _ALWAYS_FINE_BYTES
    if there == 0 or (whole and there != needed) or (large and there < needed * _LEAST_SHARE):
        raise InputError(
            f"{folder} is not whole", expected=f"{needed} chunks", found=f"{there}", remedy="Copy or export it again"
        )


def _no_numbers(folder: Path, kind: Any) -> InputError:
    return InputError(f"{folder} holds no grey values", expected="whole or real numbers", found=f"{kind!r:.60}")


def _damaged(folder: Path, key: str) -> InputError:
    return InputError(f'{folder}: "{key}" in its metadata cannot be used', remedy="Copy or export it again")
