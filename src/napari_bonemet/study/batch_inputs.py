"""What a leg is made from, so that a second start knows whether its result still stands."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from napari_bonemet.io.bonemet import LegFiles
from napari_bonemet.progress import NO_PROGRESS, Progress


def stamp_of(leg: LegFiles, reference: Path | None = None) -> str:
    """A quick look at the files of a leg and of the reference: names, sizes and times of last change.

    Returns
    -------
    str
        64 hexadecimal digits. Equal stamps mean equal files; after a copy the times differ and the files may not.
    """
    digest = hashlib.sha256()
    for label, place in _places(leg, reference):
        for name, path in _files(place):
            about = path.stat()
            digest.update(f"{label}\0{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def contents_of(leg: LegFiles, reference: Path | None = None, *, progress: Progress = NO_PROGRESS) -> dict[str, str]:
    """What the files of a leg hold, each week hashed byte by byte.

    Returns
    -------
    dict of str
        SHA-256 by week ("week 0"), and of the reference where there is one.
    """
    return {label: _hash(place, progress) for label, place in _places(leg, reference)}


def _places(leg: LegFiles, reference: Path | None) -> Iterator[tuple[str, Path]]:
    for week, place in leg.weeks:
        yield f"week {week:g}", place
    if reference is not None:
        yield "reference", reference


def _files(place: Path) -> Iterable[tuple[str, Path]]:
    """Names within the scan, and where they lie; what is hidden is being written, or is no part of it."""
    if place.is_file():
        return [(place.name, place)]
    found = [path for path in place.rglob("*") if path.is_file()]
    named = [(path.relative_to(place).as_posix(), path) for path in found]
    # A .zarr of version 2 keeps its description in hidden files.
    kept = [pair for pair in named if not _is_hidden(pair[0])]
    return sorted(kept)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") and not part.startswith(".z") for part in name.split("/"))


def _hash(place: Path, progress: Progress) -> str:
    digest = hashlib.sha256()
    for name, path in _files(place):
        progress.check()
        with path.open("rb") as file:
            inner = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{name}\0{inner}\n".encode())
    return digest.hexdigest()
