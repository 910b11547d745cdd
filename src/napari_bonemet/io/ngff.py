"""What OME-Zarr's metadata says about axes, units and levels, and the metadata that this package writes.

Source: OME-NGFF specification 0.4 and 0.5, sections "axes", "coordinateTransformations" and "multiscales".
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import AXES, Grid, Triple, as_triple
from napari_bonemet.io.raw import UNITS_UM
from napari_bonemet.provenance import Json

VERSIONS = ("0.4", "0.5")

# As the specification spells them (UDUNITS-2), beside the spellings found in the wild.
_UNITS_UM = {
    **UNITS_UM,
    "angstrom": 1e-4,
    "nanometer": 1e-3,
    "nanometre": 1e-3,
    "centimeter": 1e4,
    "decimeter": 1e5,
    "meter": 1e6,
    "metre": 1e6,
}
_MOST_LEVELS = 64
_MOST_AXES = 5


@dataclass(frozen=True)
class Level:
    """One resolution of an image: its array's path, and where voxels lie, in the order of the image's axes."""

    path: str
    scale: tuple[float, ...]
    translation: tuple[float, ...]


@dataclass(frozen=True)
class Image:
    """A multiscale image: the names of its axes, its units (None where unstated) and its levels, finest first."""

    axes: tuple[str, ...]
    units: tuple[str | None, ...]
    levels: tuple[Level, ...]

    def spatial(self, values: Sequence[float]) -> tuple[float, float, float]:
        """The values of the axes z, y and x, in that order."""
        z, y, x = (values[self.axes.index(axis)] for axis in AXES)
        return (z, y, x)

    def units_um(self) -> Triple | None:
        """Micrometres per unit along (z, y, x), or None where a unit is missing or no length."""
        names = [self.units[self.axes.index(axis)] for axis in AXES]
        factors = [_UNITS_UM.get(name.strip().lower()) if name else None for name in names]
        return None if None in factors else as_triple([float(f or 0.0) for f in factors])


def parse_image(attributes: Mapping[str, Any], name: str) -> Image:
    """The first multiscale image that the attributes of a zarr group describe.

    Parameters
    ----------
    attributes : mapping
        Of the group; 0.5 keeps its own under "ome".
    name : str
        The group, for errors.

    Raises
    ------
    InputError
        When there is none, it is of another version, or it is damaged.
    """
    ome = attributes.get("ome", attributes)
    if not isinstance(ome, Mapping):
        raise _damaged(name, "ome")
    multiscales = ome.get("multiscales")
    if not isinstance(multiscales, list) or not multiscales or not isinstance(multiscales[0], Mapping):
        raise InputError(f"{name} holds no OME-Zarr image", expected='"multiscales" in its attributes')
    first = multiscales[0]
    version = ome.get("version", first.get("version", VERSIONS[0]))
    if version not in VERSIONS:
        raise InputError(
            f"{name} is OME-Zarr of another version", expected=" or ".join(VERSIONS), found=f"{version!r:.20}"
        )
    axes, units = _axes(first.get("axes"), name)
    datasets = first.get("datasets")
    if not isinstance(datasets, list) or not 0 < len(datasets) <= _MOST_LEVELS:
        raise _damaged(name, "datasets")
    shared = _transformation(first.get("coordinateTransformations"), len(axes), name)
    return Image(axes, units, tuple(_level(dataset, shared, len(axes), name) for dataset in datasets))


def image_attributes(grids: Sequence[Grid], *, method: str, name: str) -> dict[str, Json]:
    """The "ome" attributes (version 0.5) of an image whose levels lie on `grids`, at the paths "0", "1", ..."""
    datasets: list[Json] = [
        {
            "path": str(number),
            "coordinateTransformations": [
                {"type": "scale", "scale": list(grid.spacing)},
                {"type": "translation", "translation": list(grid.origin)},
            ],
        }
        for number, grid in enumerate(grids)
    ]
    axes: list[Json] = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in AXES]
    image: dict[str, Json] = {"name": name, "axes": axes, "datasets": datasets, "type": method}
    return {"version": VERSIONS[-1], "multiscales": [image]}


def _axes(axes: Any, name: str) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    if not isinstance(axes, list) or not all(isinstance(axis, Mapping) for axis in axes) or len(axes) > _MOST_AXES:
        raise _damaged(name, "axes")
    names = tuple(str(axis.get("name")).lower() for axis in axes)
    if not set(AXES) <= set(names) or len(set(names)) != len(names):
        raise InputError(f"{name} holds no volume", expected="axes z, y and x", found=", ".join(names)[:80])
    units = tuple(axis.get("unit") if isinstance(axis.get("unit"), str) else None for axis in axes)
    return names, units


def _level(dataset: Any, shared: tuple[np.ndarray, np.ndarray], axes: int, name: str) -> Level:
    if not isinstance(dataset, Mapping) or not isinstance(dataset.get("path"), str):
        raise _damaged(name, "datasets")
    scale, translation = _transformation(dataset.get("coordinateTransformations"), axes, name)
    scale, translation = shared[0] * scale, shared[0] * translation + shared[1]
    return Level(dataset["path"], tuple(scale.tolist()), tuple(translation.tolist()))


def _transformation(steps: Any, axes: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Scale and translation of a list of coordinateTransformations, applied in their order."""
    scale, translation = np.ones(axes), np.zeros(axes)
    if steps is None:
        return scale, translation
    if not isinstance(steps, list) or not all(isinstance(step, Mapping) for step in steps):
        raise _damaged(name, "coordinateTransformations")
    for step in steps:
        kind = step.get("type")
        if kind == "identity":
            continue
        if kind not in ("scale", "translation"):
            raise _damaged(name, "coordinateTransformations")
        values = _numbers(step.get(kind), axes, name)
        if kind == "scale":
            scale, translation = scale * values, translation * values
        else:
            translation = translation + values
    return scale, translation


def _numbers(values: Any, axes: int, name: str) -> np.ndarray:
    fine = isinstance(values, list) and len(values) == axes
    if not fine or not all(isinstance(v, (int, float)) and abs(v) < 1e30 and math.isfinite(v) for v in values):
        raise _damaged(name, "coordinateTransformations")
    return np.asarray(values, dtype=float)


def _damaged(name: str, key: str) -> InputError:
    return InputError(f'{name}: "{key}" in its OME-Zarr attributes cannot be used', remedy="Copy or export it again")
