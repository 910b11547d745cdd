"""Where the scans and forecasts of a figure lie on disk, and reading them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.forecast.output import read_forecast
from napari_bonemet.geometry import Triple, as_triple
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.series import ScanSeries
from napari_bonemet.strict import inside_or_absolute
from napari_bonemet.study.found_forecasts import find_forecast
from napari_bonemet.study.grey_legs import only_greys

__all__ = ["FigureSources", "FoundLeg", "read_sources"]

_MOST_NAMES = 1000


@dataclass(frozen=True)
class FigureSources:
    """Where a figure's data lie.

    Parameters
    ----------
    folder : Path
        Of registered weeks, one leg or several.
    predicted : tuple of Path
        What `predict` or `run` wrote; the first is the forecast that the figure is about.
    legs : tuple of str
        "871 left tibia"; all of them when empty.
    spacing : tuple of float, optional
        Voxel size (z, y, x), micrometres, of files that state none.
    """

    folder: Path
    predicted: tuple[Path, ...] = ()
    legs: tuple[str, ...] = ()
    spacing: Triple | None = None

    def as_record(self, beside: Path) -> dict[str, Json]:
        """Plain JSON values; what lies within the folder `beside` is named from there, so that both can be moved."""
        return {
            "folder": _named(self.folder, beside),
            "predicted": [_named(place, beside) for place in self.predicted],
            "legs": list(self.legs),
            "spacing_um_zyx": None if self.spacing is None else list(self.spacing),
        }

    @classmethod
    def from_record(cls, record: Any, beside: Path) -> "FigureSources":
        """The sources that a record in the folder `beside` names.

        Raises
        ------
        InputError
            When a value is of another type, or a relative path leads out of that folder.
        """
        if not isinstance(record, Mapping) or not record:
            raise InputError(
                "The record names no scans",
                remedy="Records of figures that `figure` or the panel drew do; draw this one again with them",
            )
        strangers = sorted(set(map(str, record)) - {"folder", "predicted", "legs", "spacing_um_zyx"})
        if strangers:
            raise InputError("The record's sources hold what is not known", found=", ".join(strangers)[:200])
        predicted, legs = record.get("predicted", []), record.get("legs", [])
        for names, what in ((predicted, "predicted"), (legs, "legs")):
            texts = isinstance(names, list) and len(names) <= _MOST_NAMES and all(isinstance(n, str) for n in names)
            if not texts:
                raise InputError(f"The record's {what} cannot be used", expected="a list of names")
        spacing = record.get("spacing_um_zyx")
        return cls(
            folder=inside_or_absolute(record.get("folder"), beside, "the scans"),
            predicted=tuple(inside_or_absolute(name, beside, "a forecast") for name in predicted),
            legs=tuple(legs),
            spacing=None if spacing is None else _spacing(spacing),
        )


def _named(place: Path, beside: Path) -> str:
    full, beside = place.resolve(), beside.resolve()
    return full.relative_to(beside).as_posix() if full.is_relative_to(beside) else str(full)


def _spacing(value: Any) -> Triple:
    numbers = isinstance(value, list) and len(value) == 3 and all(type(v) in (int, float) for v in value)
    if not numbers or not all(0 < v < 1e6 for v in value):
        raise InputError("The record's voxel size cannot be used", expected="three numbers, µm", found=str(value)[:80])
    return as_triple(value)


@dataclass(frozen=True, eq=False)
class FoundLeg:
    """The weeks of a leg, and the forecasts of it."""

    series: ScanSeries
    forecasts: tuple[Forecast, ...] = ()

    @property
    def name(self) -> str:
        """The leg in the dataset's words."""
        return self.series.leg


def read_sources(sources: FigureSources, *, progress: Progress = NO_PROGRESS) -> tuple[FoundLeg, ...]:
    """Read the legs, lazily where their format allows it, and their forecasts.

    Raises
    ------
    InputError
        When something is not there or cannot be read, or a leg that is named is not among those found.
    """
    from napari_bonemet.io import find_legs, read_series

    if not sources.folder.exists():
        raise InputError(f"{sources.folder} is not there", remedy="Check the name, and the folder that you are in")
    files = find_legs(sources.folder, progress=progress)
    there = [one.leg for one in files]
    missing = [name for name in sources.legs if name not in there]
    if missing:
        raise InputError(
            f"{sources.folder} has no {', '.join(missing)}", expected=", ".join(dict.fromkeys(there)) or "a leg"
        )
    wanted = [one for one in files if not sources.legs or one.leg in sources.legs]
    read = []
    for number, one in enumerate(wanted):
        progress.message(f"reading {one.leg}")
        part = PartOf(progress, number / len(wanted), (number + 1) / len(wanted))
        read.append(read_series(one, spacing=sources.spacing, progress=part))
    legs = only_greys(read, sources.folder)
    order = {name: number for number, name in enumerate(sources.legs)}
    legs = tuple(sorted(legs, key=lambda leg: order.get(leg.leg, 0)))
    return tuple(FoundLeg(leg, _forecasts(sources, leg.leg)) for leg in legs)


def _forecasts(sources: FigureSources, leg: str) -> tuple[Forecast, ...]:
    places = (find_forecast(folder, leg) for folder in sources.predicted)
    return tuple(read_forecast(place) for place in places if place is not None)
