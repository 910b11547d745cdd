"""A DICOM series, one file a slice, put in order by position; by pydicom."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.io.raw import (
    Bounded,
    RawVolume,
    direction_of,
    lazy_slices,
    origin_um,
    quiet,
    read_step,
    refusing,
    spacing_um,
)
from napari_bonemet.scan import Voxels

_SUFFIXES = (".dcm", ".ima", ".dicom")
_UM = 1e3

# Gaps between slices that differ by more than this share of the usual one are uneven.
_UNEVEN = 0.01
_TILT_DEGREES = 0.1
_HEADER = (
    "TransferSyntaxUID",
    "SeriesInstanceUID",
    "InstanceNumber",
    "NumberOfFrames",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "GantryDetectorTilt",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "PixelSpacing",
    "SpacingBetweenSlices",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "RescaleSlope",
    "RescaleIntercept",
)


@dataclass(frozen=True)
class _Slice:
    """What one file's header says; lengths in millimetres, axes x, y, z (left, posterior, superior)."""

    path: Path
    series: str
    number: int | None
    shape: tuple[int, int]
    stored: np.dtype
    scale: tuple[float, float]
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel: tuple[float, ...] | None
    between: float | None
    tilt: float
    inverted: bool

    @property
    def alike(self) -> tuple[Any, ...]:
        """What all slices of a volume share."""
        return (self.shape, self.stored, self.pixel)


def is_dicom(path: Path) -> bool:
    """Whether a file is DICOM by its suffix or, without one, by the mark at byte 128."""
    if path.name.startswith(".") or path.name.upper() == "DICOMDIR" or not path.is_file():
        return False
    if path.suffix.lower() in _SUFFIXES:
        return True
    if path.suffix and not path.suffix[1:].isdigit():
        return False
    try:
        with path.open("rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return False


def read_dicom_file(path: Path) -> RawVolume:
    """Refuse a single slice in words; its folder is what can be read."""
    raise InputError(
        f"{path.name} is one slice of a DICOM series",
        expected="a volume",
        remedy=f"Open its folder, {path.absolute().parent.name}, instead",
    )


def read_dicom(folder: Path) -> RawVolume:
    """Read the DICOM series in a folder, ordered by position along the normal of the slices.

    Parameters
    ----------
    folder : Path
        A folder with the files of one series.

    Returns
    -------
    RawVolume
        Voxels (z, y, x), lazy. The rescale slope and intercept are applied only where they change
        something. Uneven gaps, a tilted gantry and inverted greys are told in `warnings`.

    Raises
    ------
    InputError
        For damaged or truncated files, several series, slices of two sizes or at one place, colours,
        or several frames in one file.
    """
    with refusing(folder, "a DICOM series"):
        paths = sorted(path for path in folder.iterdir() if is_dicom(path))
        if not paths:
            raise InputError(f"There are no DICOM files in {folder.name}")
        slices = [_header(path) for path in paths]
        _check_alike(folder, slices)
        ordered, gap, warnings = _in_order(folder, slices)
        first = ordered[0]
        spacing = None if gap is None or first.pixel is None else spacing_um(first.path, (gap, *first.pixel), _UM)
        place = first.position
        origin = (0.0, 0.0, 0.0) if spacing is None or place is None else origin_um(first.path, place[::-1], _UM)
        if first.inverted:
            warnings = (*warnings, f"The greys of {folder.name} are inverted (MONOCHROME1): dense is dark in them")
        step = read_step(
            folder, "DICOM", slices=len(ordered), direction_lps=_direction(first), rescale=_rescale(ordered)
        )
        return RawVolume(_lazy(ordered), spacing, origin, step, warnings)


def _header(path: Path) -> _Slice:
    import pydicom

    with refusing(path, "a DICOM slice"):
        if path.stat().st_size == 0:
            raise InputError(f"{path.name} is empty", remedy="Export this slice again")
        with Bounded(path) as stream:
            found = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=list(_HEADER))
        if int(found.get("NumberOfFrames") or 1) != 1:
            raise InputError(
                f"{path.name} holds several frames in one file", remedy="Export the series with one file a slice"
            )
        if int(found.get("SamplesPerPixel", 1)) != 1 or not str(found.PhotometricInterpretation).startswith("MONO"):
            raise InputError(f"{path.name} holds colours", found=str(found.PhotometricInterpretation))
        shape = (int(found.Rows), int(found.Columns))
        stored = np.dtype(f"{'i' if int(found.PixelRepresentation) else 'u'}{int(found.BitsAllocated) // 8}")
        compressed = (
            bool(found.file_meta.TransferSyntaxUID.is_compressed) if "TransferSyntaxUID" in found.file_meta else False
        )
        needed = shape[0] * shape[1] * stored.itemsize
        there = path.stat().st_size
        if min(shape) < 1 or (needed > there and not compressed) or needed > 2**20 + 1100 * there:
            raise InputError(
                f"{path.name} is cut short", expected=f"{needed} bytes of pixels", found=f"a file of {there} bytes"
            )
        return _Slice(
            path=path,
            series=str(found.get("SeriesInstanceUID", "")),
            number=None if found.get("InstanceNumber") is None else int(found.InstanceNumber),
            shape=shape,
            stored=stored,
            scale=(_one(found, "RescaleSlope", 1.0), _one(found, "RescaleIntercept", 0.0)),
            position=_several(path, found, "ImagePositionPatient", 3),
            orientation=_several(path, found, "ImageOrientationPatient", 6),
            pixel=_several(path, found, "PixelSpacing", 2),
            between=_one(found, "SpacingBetweenSlices", 0.0) or None,
            tilt=_one(found, "GantryDetectorTilt", 0.0),
            inverted=str(found.PhotometricInterpretation).strip() == "MONOCHROME1",
        )


def _one(found: Any, name: str, otherwise: float) -> float:
    value = found.get(name)
    return otherwise if value is None or value == "" else float(value)


def _several(path: Path, found: Any, name: str, count: int) -> tuple[float, ...] | None:
    value = found.get(name)
    if value is None or value == "":
        return None
    numbers = tuple(float(number) for number in value)
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise InputError(f"{name} of {path.name} cannot be used", expected=f"{count} numbers", found=str(value))
    return numbers


def _check_alike(folder: Path, slices: Sequence[_Slice]) -> None:
    if len({item.series for item in slices}) > 1:
        raise InputError(f"{folder.name} holds several DICOM series", remedy="Keep the files of one series in a folder")
    if len(slices) == 1:
        raise InputError(f"{folder.name} holds a single slice, {slices[0].path.name}, and a volume needs several")
    usual = [item.alike for item in slices]
    common = max(usual, key=usual.count)
    for item in slices:
        if item.alike != common:
            raise InputError(
                f"{item.path.name} has another size or type than the other slices of {folder.name}",
                expected=f"{common[0]} of {common[1]}",
                found=f"{item.shape} of {item.stored}, pixels of {item.pixel} mm",
            )
    first = slices[0]
    for item in slices:
        if not _same_direction(first.orientation, item.orientation):
            raise InputError(f"{item.path.name} is turned against the other slices of {folder.name}")


def _same_direction(one: tuple[float, ...] | None, other: tuple[float, ...] | None) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.allclose(one, other, atol=1e-4))


def _in_order(folder: Path, slices: Sequence[_Slice]) -> tuple[list[_Slice], float | None, tuple[str, ...]]:
    first = slices[0]
    if first.orientation is None or any(item.position is None for item in slices):
        return _by_number(folder, slices)
    normal = _normal(first)
    heights = [float(np.dot(item.position or (), normal)) for item in slices]
    order = np.argsort(heights, kind="stable")
    ordered = [slices[i] for i in order]
    gaps = np.diff(np.asarray(heights)[order])
    usual = float(np.median(gaps))
    for (one, other), gap in zip(pairwise(ordered), gaps, strict=True):
        if gap <= 1e-6 * max(usual, 1e-6):
            raise InputError(
                f"Two slices of {folder.name} lie at one place", found=f"{one.path.name} and {other.path.name}"
            )
    path = np.subtract(ordered[-1].position or (), ordered[0].position or ())
    warnings = []
    if np.abs(gaps - usual).max() > _UNEVEN * usual:
        where = ordered[int(np.abs(gaps - usual).argmax())].path.name
        warnings.append(
            f"The gaps between the slices of {folder.name} are uneven ({gaps.min():g} to {gaps.max():g} mm, the "
            f"most unlike behind {where}): lengths along z are right only on average"
        )
        usual = float(gaps.mean())
    tilt = float(np.degrees(np.arccos(np.clip(np.dot(path, normal) / np.linalg.norm(path), -1, 1))))
    tilt = tilt if tilt > _TILT_DEGREES else abs(first.tilt)
    if tilt > _TILT_DEGREES:
        warnings.append(
            f"The gantry was tilted by {tilt:.2g} degrees while {folder.name} was scanned: the volume is sheared"
        )
    # Differences of decimals carry the noise of binary numbers: 0.0607, not 0.060699999999999974.
    return ordered, round(usual, 10), tuple(warnings)


def _by_number(folder: Path, slices: Sequence[_Slice]) -> tuple[list[_Slice], float | None, tuple[str, ...]]:
    numbers = [item.number for item in slices]
    if None in numbers or len(set(numbers)) < len(numbers):
        raise InputError(f"The DICOM files of {folder.name} state neither their places nor their order")
    warning = f"The slices of {folder.name} do not state their places: they were ordered by their numbers"
    return sorted(slices, key=lambda item: item.number or 0), slices[0].between, (warning,)


def _normal(item: _Slice) -> np.ndarray:
    axes = np.asarray(item.orientation, dtype=float).reshape(2, 3)
    lengths = np.linalg.norm(axes, axis=1)
    normal = np.cross(axes[0], axes[1])
    if not np.allclose(lengths, 1, atol=1e-2) or np.linalg.norm(normal) < 0.99:
        raise InputError(f"The orientation that {item.path.name} states cannot be used", found=str(item.orientation))
    return np.asarray(normal / np.linalg.norm(normal))


def _direction(item: _Slice) -> list[list[float]] | None:
    if item.orientation is None:
        return None
    row, column = np.asarray(item.orientation, dtype=float).reshape(2, 3)
    return direction_of(np.stack([row, column, _normal(item)], axis=1))


def _rescale(slices: Sequence[_Slice]) -> list[float] | None:
    """The slope and intercept in use, None where they change nothing."""
    scales = {item.scale for item in slices}
    if not np.isfinite([*scales]).all():
        raise InputError(f"The rescale slope of {slices[0].path.name} cannot be used")
    return None if scales == {(1.0, 0.0)} else list(min(scales))


def _lazy(slices: Sequence[_Slice]) -> Voxels:
    rescaled = _rescale(slices) is not None
    dtype = np.dtype(np.float32) if rescaled else slices[0].stored

    def load(index: int) -> np.ndarray:
        item = slices[index]
        values = _pixels(item)
        return (values * item.scale[0] + item.scale[1]).astype(dtype) if rescaled else values

    return lazy_slices(len(slices), slices[0].shape, dtype, load)


def _pixels(item: _Slice) -> np.ndarray:
    import pydicom

    with refusing(item.path, "a DICOM slice"), quiet():
        with Bounded(item.path) as stream:
            values = pydicom.dcmread(stream).pixel_array
        if values.shape != item.shape or values.dtype != item.stored:
            raise InputError(
                f"{item.path.name} is not what its header says",
                expected=f"{item.shape} of {item.stored}",
                found=f"{values.shape} of {values.dtype}",
            )
        return np.asarray(values)
