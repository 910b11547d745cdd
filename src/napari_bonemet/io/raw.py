"""What every format's reader gives back, and the checks they all need before they trust a header."""

import bz2
import gzip
import io
import json
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Protocol
from uuid import uuid4

import dask.array as da
import numpy as np

from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.geometry import Shape, Triple
from napari_bonemet.io.sidecar import Sidecar
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import Voxels

# Names under which files write a unit of length, in micrometres.
UNITS_UM = {
    "nm": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "μm": 1.0,
    "\\u00b5m": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "cm": 1e4,
    "m": 1e6,
    "inch": 25400.0,
}

# A voxel below an angstrom or above a metre is a damaged header, not a scan.
_PLAUSIBLE_UM = (1e-4, 1e6)
_FURTHEST_UM = 1e9

# Looking at one slice should not unpack many.
_CHUNK_BYTES = 2 * 2**20
_CHUNK_SLICES = 8
_CHATTY = ("tifffile", "nibabel", "nibabel.global", "pydicom")
_hushed: ContextVar[bool] = ContextVar("hushed", default=False)


class Stream(Protocol):
    """Gives its bytes in order, a part at a time."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class ScanWarning(UserWarning):
    """A scan was read, yet something about its files is worth knowing; its history says the same."""


@dataclass(frozen=True, eq=False)
class RawVolume:
    """What one format's reader found, before names and the user say whose scan it is.

    Parameters
    ----------
    voxels : array-like, (z, y, x)
        As stored, lazy where the format allows it.
    spacing : tuple of float, optional
        Voxel size (z, y, x), micrometres; None where the files do not state it.
    origin : tuple of float
        Centre of the first voxel (z, y, x), micrometres.
    step : Step
        The reading itself, for the history.
    warnings : tuple of str
        Sentences that the user must see; they go into the history too.
    record : Sidecar, optional
        What this package wrote beside or into the file.
    """

    voxels: Voxels
    spacing: Triple | None
    origin: Triple = (0.0, 0.0, 0.0)
    step: Step = field(default_factory=lambda: Step("read"))
    warnings: tuple[str, ...] = ()
    record: Sidecar | None = None


def read_step(path: Path, form: str, **found: Json) -> Step:
    """The history's entry for reading `path`; findings that are None are left out."""
    return Step("read", {"file": path.name, "format": form, **{k: v for k, v in found.items() if v is not None}})


@contextmanager
def refusing(path: Path, form: str) -> Iterator[None]:
    """Turn whatever a parser raises on damaged bytes into an InputError that names the file."""
    try:
        yield
    except BoneMetError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path} is not there", remedy="Check the path") from error
    except Exception as error:
        lines = str(error).strip().splitlines()
        reason = lines[0][:160] if lines else type(error).__name__
        raise InputError(
            f"{path.name} cannot be read as {form}",
            found=reason.rstrip("."),
            remedy="The file is damaged or of another kind; copy or export it again",
        ) from error


def _wanted(_record: logging.LogRecord) -> bool:
    return not _hushed.get()


for _name in _CHATTY:
    logging.getLogger(_name).addFilter(_wanted)


@contextmanager
def hush() -> Iterator[None]:
    """Keep the libraries' log lines from the user, in this thread alone."""
    token = _hushed.set(True)
    try:
        yield
    finally:
        _hushed.reset(token)


class _Hush:
    """Python's warnings switched off while anybody wants it so.

    They are one setting for all threads: the first in switches them off, the last out on again. The lock is
    held for the switching alone, since slices are read in threads while their file is being opened.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._before = warnings.catch_warnings()

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._before.__exit__(None, None, None)


_hush = _Hush()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' log lines and warnings from the user while a file is read."""
    _hush.enter()
    try:
        with hush():
            yield
    finally:
        _hush.leave()


class Bounded(io.BufferedReader):
    """A file whose reads never ask for more than is left, whatever length a damaged header names."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._size = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes, and no more memory than the file has left."""
        left = max(0, self._size - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left))


def volume_shape(path: Path, sizes: Sequence[int]) -> Shape:
    """The sizes (z, y, x) as a shape.

    Raises
    ------
    InputError
        When there are not three axes, each with a voxel at least.
    """
    shape = tuple(int(n) for n in sizes)
    if len(shape) != 3 or min(shape) < 1:
        raise InputError(
            f"{path.name} holds no volume",
            expected="three axes (z, y, x) with voxels along each",
            found=f"{len(shape)} with {' x '.join(map(str, shape))}",
        )
    return (shape[0], shape[1], shape[2])


def voxel_type(path: Path, dtype: Any) -> np.dtype:
    """The type of one voxel as numpy's.

    Raises
    ------
    InputError
        For anything but plain numbers of at most eight bytes (colours, complex numbers, records).
    """
    kind = np.dtype(dtype)
    if kind.kind not in "buif" or kind.itemsize > 8 or kind.names:
        raise InputError(f"{path.name} holds no grey values", expected="whole or real numbers", found=str(kind))
    return kind


def map_raw(path: Path, dtype: Any, shape: Shape, offset: int = 0) -> Voxels:
    """Voxels that lie as they are in a file from `offset` on, read only where they are looked at.

    Raises
    ------
    InputError
        When the header claims more voxels than the file holds.
    """
    kind = voxel_type(path, dtype)
    needed = math.prod(shape) * kind.itemsize
    there = path.stat().st_size - offset
    if offset < 0 or needed > there:
        raise _cut_short(path, needed, max(there, 0))
    return native(np.memmap(path, kind, mode="r", offset=offset, shape=shape))


def unpack(path: Path, dtype: Any, shape: Shape, stream: Stream) -> Voxels:
    """Voxels from an unpacking stream; memory follows what the file holds, not what its header claims.

    Raises
    ------
    InputError
        When the stream ends before the last voxel.
    """
    kind = voxel_type(path, dtype)
    needed = math.prod(shape) * kind.itemsize
    parts: list[bytes] = []
    there = 0
    while there < needed:
        part = stream.read(min(needed - there, 2**24))
        if not part:
            raise _cut_short(path, needed, there)
        parts.append(part)
        there += len(part)
    return native(np.frombuffer(b"".join(parts), kind).reshape(shape))


def unpacker(packed: BinaryIO, how: str) -> Stream:
    """The stream under gzip ("gzip", "gz") or bzip2 packing."""
    if how in ("gzip", "gz"):
        return gzip.GzipFile(fileobj=packed)
    return bz2.BZ2File(packed)


def _cut_short(path: Path, needed: int, there: int) -> InputError:
    return InputError(
        f"{path.name} is cut short",
        expected=f"{needed} bytes of voxels, as its header says",
        found=f"{there}",
        remedy="Copy or export it again",
    )


def native(voxels: Any) -> Voxels:
    """The voxels in this machine's byte order, turned round as they are read."""
    kind = np.dtype(voxels.dtype)
    if kind.isnative:
        return voxels
    return by_slabs(voxels, lambda block: block.astype(kind.newbyteorder("=")), kind.newbyteorder("="))


def by_slabs(voxels: Any, change: Callable[[np.ndarray], np.ndarray], dtype: Any) -> Voxels:
    """A lazy volume whose slabs of slices go through `change` when they are looked at."""
    lazy = da.from_array(voxels, chunks=("auto", -1, -1), name=False)
    return lazy.map_blocks(change, dtype=np.dtype(dtype))


def lazy_slices(count: int, shape: tuple[int, int], dtype: Any, read: Callable[[int], np.ndarray]) -> Voxels:
    """A lazy volume of `count` slices (y, x), a few to a chunk, each read by `read` when it is looked at."""
    kind = np.dtype(dtype)
    per_chunk = max(1, min(count, _CHUNK_SLICES, _CHUNK_BYTES // (shape[0] * shape[1] * kind.itemsize)))
    which = da.arange(count, chunks=per_chunk)

    def load(indices: np.ndarray) -> np.ndarray:
        stack = np.empty((len(indices), *shape), kind)
        for row, index in enumerate(indices):
            stack[row] = read(int(index))
        return stack

    chunks = (which.chunks[0], (shape[0],), (shape[1],))
    meta = np.empty((0, 0, 0), kind)
    # A name of its own: dask would make one of all that `read` knows, which takes longer than the headers.
    name = f"slices-{uuid4().hex}"
    return which.map_blocks(load, dtype=kind, new_axis=[1, 2], chunks=chunks, meta=meta, name=name)


def embedded(path: Path, text: object) -> Sidecar | None:
    """What this package wrote into the header of `path`, from its JSON text; None where there is none.

    Raises
    ------
    InputError
        When the text cannot be understood.
    """
    return Sidecar.from_record(json.loads(text), path.name) if isinstance(text, str) else None


def plain(value: float) -> float:
    """The number that was meant: 0.0607 where a 4-byte float's 0.060699999332427979 is stated."""
    narrow = np.float32(value) if math.isfinite(value) and abs(value) < 3e38 else np.float32(0)
    if value and abs(float(narrow) - value) <= 1e-14 * abs(value):
        return float(str(narrow))
    return float(value)


def scaled(values: Sequence[float], unit_um: float) -> Triple:
    """Three lengths in micrometres, scaled in decimals so that 0.0607 mm is 60.7, not 60.699999999999996."""
    factor = Decimal(repr(unit_um))
    z, y, x = (float(Decimal(repr(plain(float(v)))) * factor) if math.isfinite(float(v)) else math.nan for v in values)
    return (z, y, x)


def spacing_um(path: Path, zyx: Sequence[float], unit_um: float) -> Triple:
    """The voxel size in micrometres that a header states along (z, y, x).

    Raises
    ------
    InputError
        When a size is no length that a voxel can have.
    """
    z, y, x = scaled([abs(float(v)) for v in zyx], unit_um)
    low, high = _PLAUSIBLE_UM
    if not all(low <= size <= high for size in (z, y, x)):
        raise InputError(
            f"The voxel size that {path.name} states cannot be used",
            expected="positive lengths",
            found=f"{z:g}, {y:g}, {x:g} µm",
        )
    return (z, y, x)


def origin_um(path: Path, zyx: Sequence[float], unit_um: float) -> Triple:
    """The centre of the first voxel in micrometres that a header states.

    Raises
    ------
    InputError
        When it is no place within a kilometre.
    """
    z, y, x = scaled(zyx, unit_um)
    if not all(abs(place) <= _FURTHEST_UM for place in (z, y, x)):
        raise InputError(f"The origin that {path.name} states cannot be used", found=f"{z:g}, {y:g}, {x:g} µm")
    return (z, y, x)


def direction_of(columns: np.ndarray) -> list[list[float]] | None:
    """A direction matrix for the history, or None where it is the identity (voxels lie as axes point).

    Parameters
    ----------
    columns : ndarray, (3, 3)
        Column i is the unit vector (x, y, z; left, posterior, superior) along the file's axis i.
    """
    if np.allclose(columns, np.eye(3), atol=1e-5):
        return None
    return np.asarray(columns, dtype=float).round(9).tolist()


def file_beside(folder: Path, name: str, owner: Path) -> Path:
    """The file that a header names, which must lie in the header's own folder.

    Raises
    ------
    InputError
        When the name points outside the folder, or nothing is there.
    """
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise InputError(
            f"{owner.name} names a data file outside its folder", found=name, remedy="Put the two files side by side"
        )
    if not target.is_file():
        raise InputError(f"The data file of {owner.name} is not there", expected=name)
    return target
