"""One animal of the benchmark: its weeks, and what is known of them; kept on disk as a zarr group."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import as_triple
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import DAYS_PER_WEEK, Kind, Scan
from napari_bonemet.series import ScanSeries

FORMAT = "napari-bonemet benchmark animal 1"
TARGET = 3.0
SEEN = 2

_ARRAYS = ("weeks", "clean", "still", "lesions")


@dataclass(frozen=True, eq=False)
class Animal:
    """An animal with a known end.

    Parameters
    ----------
    name : str
        Of the animal.
    tumour : bool
        Whether lesions grow; the others are controls.
    weeks : ScanSeries
        Weeks 0 to 3 on one grid, as registration leaves them; the last is the one to be forecast.
    clean : Scan
        The last week as it lies there, without noise: copying to this is the whole way.
    still : Scan
        The last week without noise and without misregistration: how far a forecast can come that knows all but
        where registration will leave the week.
    lesions : ndarray of bool, (2, z, y, x)
        Bone that lesions took since the last seen week, and since the first one, by what made them.
    """

    name: str
    tumour: bool
    weeks: ScanSeries
    clean: Scan
    still: Scan
    lesions: np.ndarray

    @property
    def seen(self) -> ScanSeries:
        """The weeks that a forecast may look at."""
        return self.weeks.until(TARGET)

    @property
    def truth(self) -> Scan:
        """The week that came."""
        return self.weeks.at_week(TARGET)


def write_animal(animal: Animal, folder: Path, about: Mapping[str, Json]) -> None:
    """Keep an animal, whole or not at all.

    Raises
    ------
    OutputError
        When the disk refuses.
    """
    import zarr

    from napari_bonemet.io.atomic import atomic_folder

    first = animal.weeks.baseline
    attributes = {
        "format": FORMAT,
        "name": animal.name,
        "tumour": animal.tumour,
        "weeks": list(animal.weeks.weeks),
        "spacing_um": list(first.spacing),
        "origin_um": list(first.origin),
        "side": first.side,
        "part": first.part,
        "synthetic": first.synthetic,
        "about": dict(about),
    }
    with atomic_folder(folder, overwrite=True) as place:
        group = zarr.open_group(str(place), mode="w", zarr_format=3, attributes={"napari_bonemet": attributes})
        weeks = np.stack([scan.to_numpy() for scan in animal.weeks])
        known = {"clean": animal.clean.to_numpy(), "still": animal.still.to_numpy(), "lesions": animal.lesions}
        volumes = {"weeks": weeks, **known}
        for name, voxels in volumes.items():
            array = group.create_array(name, shape=voxels.shape, dtype=voxels.dtype, chunks=voxels.shape)
            array[...] = voxels


def read_animal(folder: Path) -> Animal:
    """An animal that :func:`write_animal` kept.

    Raises
    ------
    InputError
        When the folder holds none, or a damaged one.
    """
    import zarr

    try:
        group: Any = zarr.open_group(str(folder), mode="r")
        attributes = dict(group.attrs["napari_bonemet"])
        if attributes["format"] != FORMAT:
            raise InputError(f"{folder} is of another make", expected=FORMAT, found=str(attributes["format"]))
        weeks, clean, still, lesions = (np.asarray(group[name][...]) for name in _ARRAYS)
        scan = Scan(
            weeks[0],
            as_triple(attributes["spacing_um"]),
            as_triple(attributes["origin_um"]),
            subject=attributes["name"],
            side=attributes["side"],
            part=attributes["part"],
            kind=Kind.REGIST,
            synthetic=bool(attributes["synthetic"]),
            history=(Step("benchmark animal", attributes["about"]),),
        )
        scans = [
            replace(scan, voxels=voxels, day=week * DAYS_PER_WEEK)
            for week, voxels in zip(attributes["weeks"], weeks, strict=True)
        ]
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise InputError(
            f"{folder} is no animal of a benchmark, or a damaged one", remedy="Delete it: it is made again"
        ) from error
    truth = next(scan for scan in scans if scan.week == TARGET)
    known = (replace(truth, voxels=clean), replace(truth, voxels=still), lesions)
    return Animal(attributes["name"], bool(attributes["tumour"]), ScanSeries(tuple(scans)), *known)
