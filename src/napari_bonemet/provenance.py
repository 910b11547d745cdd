"""Where a result came from: the steps that made it, their options, and hashes of what went in."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

Json = None | bool | int | float | str | list[Any] | dict[str, Any]

_SLAB_BYTES = 64 * 2**20


def _installed_version() -> str:
    try:
        return version("napari-bonemet")
    except PackageNotFoundError:
        return "0+unknown"


__version__ = _installed_version()


@dataclass(frozen=True)
class Source:
    """Something that went into a step: its name for people, its hash for machines."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Step:
    """One thing that was done to a scan.

    Parameters
    ----------
    name : str
        The step in plain words: "read", "crop", "register".
    parameters : mapping
        Its options, as plain JSON values.
    sources : tuple of Source
        What went in beside the scan itself.
    version : str
        Version of the code that did it.
    """

    name: str
    parameters: Mapping[str, Json] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    version: str = __version__

    def as_record(self) -> dict[str, Json]:
        """The step as plain JSON values."""
        return {**asdict(self), "parameters": dict(self.parameters), "sources": [asdict(s) for s in self.sources]}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Step":
        """Make the step again from :meth:`as_record`."""
        sources = tuple(Source(**source) for source in record.get("sources", ()))
        return cls(record["name"], dict(record.get("parameters", {})), sources, record.get("version", ""))


def _slabs(voxels: Any) -> Iterator[np.ndarray]:
    rows = max(1, voxels.shape[0]) if voxels.ndim else 1
    total = int(np.prod(voxels.shape, dtype=np.int64)) * np.dtype(voxels.dtype).itemsize
    step = max(1, rows * _SLAB_BYTES // max(total, 1))
    for start in range(0, rows, step):
        yield np.ascontiguousarray(voxels[start : start + step])


def fingerprint(voxels: Any) -> str:
    """Hash an array's type, shape and values, a slab at a time so that lazy volumes stay lazy.

    Parameters
    ----------
    voxels : array-like, any shape with at least one axis
        numpy, dask or zarr.

    Returns
    -------
    str
        64 hexadecimal digits (SHA-256).
    """
    digest = hashlib.sha256(f"{np.dtype(voxels.dtype).str} {tuple(voxels.shape)}".encode())
    for slab in _slabs(voxels):
        digest.update(slab.data if slab.size else b"")
    return digest.hexdigest()
