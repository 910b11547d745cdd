"""Animals on disk: made once, read whenever a row is trained or scored; what is there is never made again."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from napari_bonemet.forecast.benchmark.animal import Animal, read_animal, write_animal
from napari_bonemet.forecast.benchmark.pool import over
from napari_bonemet.io.names import safe_name
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries


class Source(Protocol):
    """Where the animals of one set come from; made again by :meth:`make`, always the same."""

    @property
    def names(self) -> tuple[str, ...]:
        """The animals."""

    @property
    def record(self) -> Mapping[str, Json]:
        """What makes them what they are, but for how many there are."""

    def make(self, name: str) -> Animal:
        """One of them."""

    def future(self, name: str, seed: int) -> Scan:
        """Another last week of the same past."""


@dataclass(frozen=True, eq=False)
class Cohort:
    """The animals of a source, in a folder.

    Parameters
    ----------
    folder : Path
        One zarr group per animal.
    source : Source
        Where they came from.
    """

    folder: Path
    source: Source

    def __len__(self) -> int:
        return len(self.source.names)

    def __iter__(self) -> Iterator[Animal]:
        return (self.animal(name) for name in self.source.names)

    def animal(self, name: str) -> Animal:
        """One of them, from the disk."""
        return read_animal(_place(self.folder, name))

    def legs(self) -> tuple[ScanSeries, ...]:
        """All weeks of all animals, in memory."""
        return tuple(animal.weeks for animal in self)


def key_of(source: Source) -> str:
    """Names a source by what makes it what it is, so that other options or another generator get a folder of their own.

    How many animals there are has no part in it: animal n is the same however many there are.
    """
    text = json.dumps(dict(source.record), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def keep(source: Source, root: Path, *, workers: int = 1, words: str = "", progress: Progress = NO_PROGRESS) -> Cohort:
    """The cohort of `source` under `root`; animals that are not there are made.

    Raises
    ------
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop; animals that are made stay.
    """
    folder = root / key_of(source)
    missing = [name for name in source.names if not _place(folder, name).is_dir()]
    make = partial(_make, source, folder)
    for _ in over(make, missing, workers=workers, words=f"making animals: {words}", progress=progress):
        progress.check()
    progress.advance(1.0)
    return Cohort(folder, source)


def _make(source: Source, folder: Path, name: str) -> None:
    write_animal(source.make(name), _place(folder, name), source.record)


def _place(folder: Path, name: str) -> Path:
    return folder / f"{safe_name(name)}.zarr"
