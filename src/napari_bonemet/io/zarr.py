"""OME-Zarr: 0.4 and 0.5 are read, 0.5 is written, with smaller copies for quick looks and our record in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import zarr
from zarr.codecs import ZstdCodec

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, Shape, Triple
from napari_bonemet.io.atomic import atomic_folder
from napari_bonemet.io.names import inside
from napari_bonemet.io.ngff import Image, Level, image_attributes, parse_image
from napari_bonemet.io.raw import RawVolume, origin_um, read_step, spacing_um
from napari_bonemet.io.sidecar import Sidecar, scan_record
from napari_bonemet.io.zarr_arrays import array_record, group_attributes, open_array
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Kind, Scan

RECORD = "bonemet"

_CHUNK: Shape = (32, 128, 128)
_SMALL = 128
_FEW = 64


@dataclass(frozen=True)
class _Plan:
    """The levels of a pyramid: by what each is smaller than the one before, and where its voxels lie."""

    factors: tuple[Shape, ...]
    grids: tuple[Grid, ...]


def read_zarr(path: Path) -> RawVolume:
    """Read the finest level of an OME-Zarr image, lazily.

    Axes t and c of length one are dropped. A plain array without OME-Zarr's metadata states no voxel size.

    Raises
    ------
    InputError
        When it is damaged, of another version, has several times or channels, or is no volume.
    """
    if array_record(path) is not None:
        voxels = open_array(path)
        if voxels.ndim != 3:
            raise _no_volume(path, tuple(voxels.shape))
        return RawVolume(voxels, None, step=read_step(path, "zarr"))
    group, attributes = _image_group(path)
    image = parse_image(attributes, path.name)
    record = attributes.get(RECORD)
    sidecar = None if record is None else Sidecar.from_record(record, path.name)
    voxels = _level_voxels(group, image, image.levels[0], whole=sidecar is not None)
    if isinstance(record, Mapping):
        _check_recorded_shape(record.get("shape_zyx"), list(voxels.shape), path)
    spacing, origin = _geometry(path, image, image.levels[0])
    return RawVolume(voxels, spacing, origin, read_step(path, "OME-Zarr"), record=sidecar)


def read_levels(path: Path) -> tuple[tuple[da.Array, Grid], ...]:
    """Every level of an OME-Zarr image, finest first: lazy voxels (z, y, x), and where they lie.

    Raises
    ------
    InputError
        As :func:`read_zarr`; also when a unit is missing.
    """
    group, attributes = _image_group(path)
    image = parse_image(attributes, path.name)
    levels = []
    for level in image.levels:
        voxels = _level_voxels(group, image, level, whole=RECORD in attributes)
        spacing, origin = _geometry(path, image, level)
        if spacing is None:
            raise InputError(f"{path.name} states no unit of length")
        levels.append((voxels, Grid((voxels.shape[0], voxels.shape[1], voxels.shape[2]), spacing, origin)))
    return tuple(levels)


def write_zarr(scan: Scan, path: str | Path, *, overwrite: bool = False, progress: Progress = NO_PROGRESS) -> Path:
    """Write `scan` as OME-Zarr 0.5 with smaller levels, whole or not at all.

    Each level halves the axes longer than 64 voxels by the mean of the voxels (codes and masks by their first
    voxel, since a mean of codes is none), until none is longer than 128. Subject, day, kind and history stand
    under "bonemet" in the group's attributes. Lazy voxels pass through memory a few slices at a time.

    Raises
    ------
    OutputError
        When it is there and may not be replaced, or the disk refuses.
    """
    path = Path(path)
    with atomic_folder(path, overwrite=overwrite) as temporary:
        fill_zarr(scan, temporary, name=path.name.removesuffix(".zarr"), progress=progress)
    return path


def fill_zarr(scan: Scan, folder: Path, *, name: str, progress: Progress = NO_PROGRESS) -> None:
    """Write `scan` into an empty folder, which somebody else puts in its place."""
    by_mean = scan.kind is not Kind.COMPOSITE and np.dtype(scan.voxels.dtype).kind != "b"
    plan = _plan(scan.grid, by_mean)
    ome = image_attributes(plan.grids, method="mean" if by_mean else "nearest", name=name)
    attributes = {"ome": ome, RECORD: scan_record(scan)}
    group = zarr.create_group(store=str(folder), zarr_format=3, attributes=attributes)
    total = sum(int(np.prod(grid.shape)) for grid in plan.grids)
    done, finer = 0, scan.voxels
    for number, (factor, grid) in enumerate(zip(plan.factors, plan.grids, strict=True)):
        level = _create(group, str(number), grid.shape, scan.voxels.dtype)
        for start in range(0, grid.shape[0], _CHUNK[0]):
            progress.advance(done / total)
            stop = min(start + _CHUNK[0], grid.shape[0])
            slab = np.asarray(finer[start * factor[0] : stop * factor[0]])
            level[start:stop] = _smaller(slab, factor, by_mean)
            done += (stop - start) * grid.shape[1] * grid.shape[2]
        finer = level
    progress.advance(1.0)


def _create(group: Any, name: str, shape: Shape, dtype: Any) -> Any:
    chunks = tuple(map(min, _CHUNK, shape))
    # Chunks of zeros are written too: then a missing one shows that a copy is not whole.
    config = {"write_empty_chunks": True}
    return group.create_array(
        name,
        shape=shape,
        chunks=chunks,
        dtype=np.dtype(dtype),
        dimension_names=("z", "y", "x"),
        # The checksum finds the bit that a tired disk turns over.
        compressors=ZstdCodec(level=3, checksum=True),
        config=config,
    )


def _plan(grid: Grid, by_mean: bool) -> _Plan:
    factors, grids = [(1, 1, 1)], [grid]
    while max(grids[-1].shape) > _SMALL:
        last = grids[-1]
        z, y, x = (2 if n > _FEW else 1 for n in last.shape)
        factor = (z, y, x)
        shape = tuple(-(-n // f) for n, f in zip(last.shape, factor, strict=True))
        spacing = tuple(s * f for s, f in zip(last.spacing, factor, strict=True))
        # The mean of two voxels lies between them; the first of two lies where it lay.
        first = tuple((f - 1) / 2 if by_mean else 0.0 for f in factor)
        factors.append(factor)
        grids.append(Grid((shape[0], shape[1], shape[2]), (spacing[0], spacing[1], spacing[2]), last.to_um(first)))
    return _Plan(tuple(factors), tuple(grids))


def _smaller(voxels: np.ndarray, factor: Shape, by_mean: bool) -> np.ndarray:
    if factor == (1, 1, 1):
        return voxels
    z, y, x = factor
    if not by_mean:
        return voxels[::z, ::y, ::x]
    # An odd last voxel is averaged with itself.
    padded = np.pad(voxels, [(0, -n % f) for n, f in zip(voxels.shape, factor, strict=True)], mode="edge")
    blocks = padded.reshape(padded.shape[0] // z, z, padded.shape[1] // y, y, padded.shape[2] // x, x)
    mean = blocks.mean(axis=(1, 3, 5), dtype=np.float64 if voxels.dtype.itemsize > 2 else np.float32)
    return (np.rint(mean) if voxels.dtype.kind in "iu" else mean).astype(voxels.dtype)


def _image_group(path: Path) -> tuple[Path, Mapping[str, Any]]:
    """The group that holds the image: the folder itself, or the only image that bioformats2raw put inside."""
    attributes = group_attributes(path)
    ome = attributes.get("ome", attributes)
    if isinstance(ome, Mapping) and "bioformats2raw.layout" in ome and "multiscales" not in ome:
        if (path / "1").is_dir():
            raise InputError(f"{path.name} holds several images", remedy=f"Choose one of them, such as {path / '0'}")
        return path / "0", group_attributes(path / "0")
    return path, attributes


def _level_voxels(group: Path, image: Image, level: Level, *, whole: bool) -> da.Array:
    if not level.path or Path(level.path).is_absolute():
        raise InputError(f"{group.name} names an array outside its folder", found=level.path[:80])
    voxels = open_array(inside(group / level.path, group), whole=whole)
    if voxels.ndim != len(image.axes):
        raise _no_volume(group, tuple(voxels.shape))
    others = {axis: n for axis, n in zip(image.axes, voxels.shape, strict=True) if axis not in ("z", "y", "x")}
    if any(n > 1 for n in others.values()):
        raise InputError(
            f"{group.name} holds more than one volume",
            expected="one time and one channel",
            found=", ".join(f"{axis} of length {n}" for axis, n in others.items()),
            remedy="Export the times or channels one by one",
        )
    volume = voxels[tuple(0 if axis in others else slice(None) for axis in image.axes)]
    left: Sequence[str] = [axis for axis in image.axes if axis not in others]
    return volume.transpose([left.index(axis) for axis in ("z", "y", "x")])


def _geometry(path: Path, image: Image, level: Level) -> tuple[Triple | None, Triple]:
    units = image.units_um()
    if units is None:
        return None, (0.0, 0.0, 0.0)
    scale, place = image.spatial(level.scale), image.spatial(level.translation)
    if min(scale) <= 0:
        raise InputError(
            f"The voxel size that {path.name} states cannot be used", expected="positive", found=f"{scale}"
        )
    sizes = [spacing_um(path, (s,) * 3, unit)[0] for s, unit in zip(scale, units, strict=True)]
    places = [origin_um(path, (p,) * 3, unit)[0] for p, unit in zip(place, units, strict=True)]
    return (sizes[0], sizes[1], sizes[2]), (places[0], places[1], places[2])


def _check_recorded_shape(recorded: object, found: list[int], path: Path) -> None:
    if recorded not in (None, found):
        raise InputError(
            f"{path.name} has another size than was written",
            expected=f"{recorded!r:.60}",
            found=f"{found}",
            remedy="Copy or export it again",
        )


def _no_volume(path: Path, shape: tuple[int, ...]) -> InputError:
    return InputError(
        f"{path.name} holds no volume", expected="three axes (z, y, x)", found=" x ".join(map(str, shape))
    )
