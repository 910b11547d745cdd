"""Multipage TIFF, with the voxel size that ImageJ, OME or this package left in it; by tifffile."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import tifffile

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Shape, Triple
from napari_bonemet.io.raw import (
    UNITS_UM,
    RawVolume,
    embedded,
    lazy_slices,
    map_raw,
    read_step,
    refusing,
    spacing_um,
    volume_shape,
    voxel_type,
)
from napari_bonemet.io.sidecar import Sidecar
from napari_bonemet.io.slice_files import SliceHeader, check_chain, checked, grey_page, read_tiff_page
from napari_bonemet.scan import Scan, Voxels

_KEY = "napari_bonemet"
_IMAGEJ_TYPES = ("uint8", "uint16", "float32")
_IMAGEJ_BYTES = 3 * 2**30
_LONGEST_TEXT = 2**22


def read_tiff(path: Path) -> RawVolume:
    """Read a multipage TIFF, a few pages to a chunk; pages that are not packed stay on disk.

    Parameters
    ----------
    path : Path
        A .tif or .tiff file with one page a slice (or ImageJ's single page with all slices behind it).

    Returns
    -------
    RawVolume
        Voxels (z, y, x). The spacing is None unless ImageJ or OME metadata state all three sizes and
        their unit; the resolution tags alone say nothing of z.

    Raises
    ------
    InputError
        For a damaged or truncated file, a single slice, colours, or more than three axes.
    """
    with refusing(path, "TIFF"), tifffile.TiffFile(path) as tiff:
        check_chain(path, tiff)
        shape = _shape(path, tiff)
        step = read_step(path, "TIFF", compression=tiff.pages.first.compression.name)
        record = _record(path, tiff)
        # The format itself has no place for an origin.
        origin = (record and record.origin) or (0.0, 0.0, 0.0)
        return RawVolume(_voxels(path, tiff, shape), stated_spacing(path, tiff), origin, step, record=record)


def _shape(path: Path, tiff: Any) -> Shape:
    if len(tiff.series) != 1:
        raise InputError(
            f"{path.name} holds pages of several sizes or types", found=f"{len(tiff.series)} stacks in one file"
        )
    series = tiff.series[0]
    sizes = [int(n) for n in series.shape]
    if len(sizes) == 2:
        raise InputError(
            f"{path.name} is a single slice, and a volume needs several", remedy="Open the folder of the slices"
        )
    shape = volume_shape(path, sizes)
    size = path.stat().st_size
    page = grey_page(path, series.keyframe, size)
    if page != shape[1:]:
        raise InputError(f"{path.name} holds no volume", expected="one page a slice", found=str(series.axes))
    return shape


def _voxels(path: Path, tiff: Any, shape: Shape) -> Voxels:
    series = tiff.series[0]
    kind = voxel_type(path, series.dtype)
    if series.dataoffset is not None and kind.kind != "b" and series.keyframe.photometric == 1:
        return map_raw(path, kind.newbyteorder(tiff.byteorder), shape, int(series.dataoffset))
    if len(tiff.pages) != shape[0]:
        raise InputError(f"{path.name} is cut short", expected=f"{shape[0]} slices", found=f"{len(tiff.pages)} pages")
    dtype = np.dtype(np.uint8) if kind.kind == "b" else kind.newbyteorder("=")
    header = SliceHeader((shape[1], shape[2]), dtype)
    _check_pages(path, tiff)
    return _lazy(path, shape, header)


def _check_pages(path: Path, tiff: Any) -> None:
    size = path.stat().st_size
    for page in tiff.pages:
        ends = [offset + count for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True)]
        if not ends or max(ends) > size:
            raise InputError(f"{path.name} is cut short", expected=f"{max(ends, default=1)} bytes", found=str(size))


def _lazy(path: Path, shape: Shape, header: SliceHeader) -> Voxels:
    def page(index: int) -> np.ndarray:
        with refusing(path, "TIFF"):
            return checked(read_tiff_page(path, index), path, header)

    return lazy_slices(shape[0], header.shape, header.dtype, page)


def stated_spacing(path: Path, tiff: Any) -> Triple | None:
    """The voxel size (z, y, x) in micrometres that a TIFF's metadata state in full, else None."""
    return _stated_by_imagej(path, tiff) or _stated_by_ome(path, tiff)


def _stated_by_imagej(path: Path, tiff: Any) -> Triple | None:
    imagej: Mapping[str, Any] = tiff.imagej_metadata or {}
    unit = str(imagej.get("unit", "")).strip().lower()
    depth = imagej.get("spacing")
    tags = tiff.pages.first.tags
    per_unit = [_ratio(tags.get(name)) for name in ("YResolution", "XResolution")]
    if unit not in UNITS_UM or not isinstance(depth, (int, float)) or None in per_unit:
        return None
    sizes = [float(depth), *(1.0 / (ratio or 1.0) for ratio in per_unit)]
    return spacing_um(path, sizes, UNITS_UM[unit])


def _ratio(tag: Any) -> float | None:
    above, below = tag.value if tag is not None and isinstance(tag.value, tuple) and len(tag.value) == 2 else (0, 0)
    return above / below if above and below else None


def _stated_by_ome(path: Path, tiff: Any) -> Triple | None:
    text = tiff.ome_metadata
    if not text or len(text) > _LONGEST_TEXT or "<!ENTITY" in text:
        return None
    pixels = ET.fromstring(text).find(".//{*}Pixels")  # noqa: S314  (no entities, of bounded length)
    if pixels is None or any(pixels.get(f"PhysicalSize{axis}") is None for axis in "ZYX"):
        return None
    factors = [UNITS_UM.get(pixels.get(f"PhysicalSize{axis}Unit", "µm").lower()) for axis in "ZYX"]
    if None in factors:
        return None
    sizes = [float(pixels.get(f"PhysicalSize{axis}", "nan")) for axis in "ZYX"]
    return spacing_um(path, [size * (factor or math.nan) for size, factor in zip(sizes, factors, strict=True)], 1.0)


def _record(path: Path, tiff: Any) -> Sidecar | None:
    described = tiff.shaped_metadata
    return embedded(path, (described[0] if described else tiff.imagej_metadata or {}).get(_KEY))


def write_tiff(scan: Scan, path: Path, record: dict[str, Any]) -> None:
    """Write `scan` as one multipage TIFF, a page a slice, with the voxel size where ImageJ looks for it.

    Types that ImageJ does not know, and files beyond its size, are written as plain (Big)TIFF.

    Parameters
    ----------
    scan : Scan
        Voxels of any whole or real type of at most eight bytes.
    path : Path
        Where to.
    record : dict
        What else is known of the scan; kept in the description.
    """
    kind = np.dtype(scan.voxels.dtype).newbyteorder("=")
    z, y, x = scan.spacing
    size = math.prod(scan.shape) * kind.itemsize
    imagej = kind.name in _IMAGEJ_TYPES and size < _IMAGEJ_BYTES
    notes: dict[str, Any] = {"axes": "ZYX", "unit": "um", "spacing": z, _KEY: json.dumps(record)}
    tifffile.imwrite(
        path,
        _pages(scan, kind),
        shape=scan.shape,
        dtype=kind,
        imagej=imagej,
        bigtiff=not imagej and size >= _IMAGEJ_BYTES,
        photometric="minisblack",
        resolution=(1.0 / x, 1.0 / y),
        metadata=notes,
    )


def _pages(scan: Scan, kind: np.dtype) -> Iterator[np.ndarray]:
    for z in range(scan.shape[0]):
        yield np.ascontiguousarray(scan.voxels[z], dtype=kind)
