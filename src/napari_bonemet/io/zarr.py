"""OME-Zarr: 0.4 and 0.5 are read, 0.5 is written, with smaller copies for quick looks and our record in it."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import zarr
from zarr.codecs import ZstdCodec

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, Shape, Triple
from napari_bonemet.io.atomic import atomic_folder
from napari_bonemet.io.halving import plan, smaller
from napari_bonemet.io.levelled import LevelledVoxels
from napari_bonemet.io.names import inside
from napari_bonemet.io.ngff import Image, Level, image_attributes, parse_image
from napari_bonemet.io.raw import RawVolume, origin_um, read_step, spacing_um
from napari_bonemet.io.sidecar import Sidecar, scan_record
from napari_bonemet.io.zarr_arrays import array_record, group_attributes, open_array
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Kind, Scan

RECORD = "bonemet"

_CHUNK: Shape = (32, 128, 128)


def read_zarr(path: Path) -> RawVolume:
    """Read the finest level of an OME-Zarr image, lazily; its smaller copies come with it, for quick looks.

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
    levelled = LevelledVoxels(voxels, _coarser(group, image, voxels.shape, whole=sidecar is not None))
    return RawVolume(levelled, spacing, origin, read_step(path, "OME-Zarr"), record=sidecar)


def _coarser(group: Path, image: Image, shape: tuple[int, ...], *, whole: bool) -> tuple[da.Array, ...]:
    """The smaller copies, largest first; a damaged one is left out, with those after it, since none is needed."""
    levels: list[da.Array] = []
    with contextlib.suppress(InputError):
        for level in image.levels[1:]:
            voxels = _level_voxels(group, image, level, whole=whole)
            if not all(0 < n <= m for n, m in zip(voxels.shape, shape, strict=True)) or voxels.shape == shape:
                break
            levels.append(voxels)
            shape = voxels.shape
    return tuple(levels)


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
    levels = plan(scan.grid, by_mean)
    ome = image_attributes(levels.grids, method="mean" if by_mean else "nearest", name=name)
    attributes = {"ome": ome, RECORD: scan_record(scan)}
    group = zarr.create_group(store=str(folder), zarr_format=3, attributes=attributes)
    total = sum(int(np.prod(grid.shape)) for grid in levels.grids)
    done, finer = 0, scan.voxels
    for number, (factor, grid) in enumerate(zip(levels.factors, levels.grids, strict=True)):
        level = _create(group, str(number), grid.shape, scan.voxels.dtype)
        for start in range(0, grid.shape[0], _CHUNK[0]):
            progress.advance(done / total)
            stop = min(start + _CHUNK[0], grid.shape[0])
            slab = np.asarray(finer[start * factor[0] : stop * factor[0]])
            level[start:stop] = smaller(slab, factor, by_mean)
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
