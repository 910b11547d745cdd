"""A folder of slices (PNG, TIFF, BMP, JPG) as one lazy volume."""

from collections.abc import Sequence
from pathlib import Path

import tifffile

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Triple
from napari_bonemet.io.numbering import in_order
from napari_bonemet.io.raw import RawVolume, lazy_slices, read_step, refusing
from napari_bonemet.io.sidecar import read_sidecar
from napari_bonemet.io.skyscan import SkyScanLog, find_log
from napari_bonemet.io.slice_files import FORMS, SliceHeader, checked, probe, read_slice
from napari_bonemet.io.tiff import stated_spacing


def slice_names(folder: Path) -> list[str]:
    """The names of the slices in a folder, unordered; hidden files and NRecon's previews are left out."""
    return [
        entry.name
        for entry in folder.iterdir()
        if entry.suffix.lower() in FORMS
        and not entry.name.startswith(".")
        and not entry.stem.lower().endswith("_spr")
        and entry.is_file()
    ]


def read_slices(folder: Path) -> RawVolume:
    """Read a folder of slices, in the natural order of their names, a few slices to a chunk.

    Only the headers are read at once; a slice that turns out damaged raises an InputError that names it
    when it is looked at.

    Parameters
    ----------
    folder : Path
        The folder; subfolders are not looked into.

    Returns
    -------
    RawVolume
        Voxels (z, y, x). The spacing comes from a SkyScan log, else from what TIFF slices state, else
        it is None.

    Raises
    ------
    InputError
        For a folder without slices, a gap in the numbering, slices of two sizes or types, of colours,
        of two stacks, or damaged ones.
    """
    with refusing(folder, "a folder of slices"):
        names = slice_names(folder)
        _check_kinds(folder, names)
        log = find_log(folder, names)
        ordered = in_order(folder, names, step=log.slice_step if log else 1)
        paths = [folder / name for name in ordered]
        header = _check_alike([(path, probe(path)) for path in paths])
        form = FORMS[paths[0].suffix.lower()]
        record = read_sidecar(folder)
        # What this package wrote beside the slices knows of their rescaling; the scanner's log does not.
        log = None if record and record.spacing else log
        spacing = log.spacing if log else _stated_by_slice(paths[0], form)
        voxels = lazy_slices(
            len(paths), header.shape, header.dtype, lambda i: checked(read_slice(paths[i]), paths[i], header)
        )
        step = read_step(
            folder,
            f"{form} slices",
            slices=len(paths),
            first=ordered[0],
            last=ordered[-1],
            log=log.path.name if log else None,
            settings=log.settings() if log else None,
        )
        origin = (record and record.origin) or (0.0, 0.0, 0.0)
        return RawVolume(voxels, spacing, origin, step, warnings=_doubts(log, header, len(paths)), record=record)


def _check_kinds(folder: Path, names: Sequence[str]) -> None:
    if not names:
        folders = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
        remedy = (
            f"Open a folder of slices, such as {folders[0]} in it" if folders else "Choose the folder of the slices"
        )
        raise InputError(f"There are no slices in {folder.name}", expected="PNG, TIFF, BMP or JPG files", remedy=remedy)
    examples = {FORMS[Path(name).suffix.lower()]: name for name in names}
    if len(examples) > 1:
        raise InputError(
            f"{folder.name} holds slices of several types",
            found=" and ".join(examples.values()),
            remedy="Keep one type in a folder",
        )
    if len(names) == 1:
        raise InputError(f"{folder.name} holds a single slice, {names[0]}, and a volume needs several")


def _check_alike(slices: Sequence[tuple[Path, SliceHeader]]) -> SliceHeader:
    headers = [header for _, header in slices]
    usual = max(set(headers), key=headers.count)
    for path, header in slices:
        if header != usual:
            what = "size" if header.shape != usual.shape else "type"
            raise InputError(
                f"{path.name} has another {what} than the other slices of {path.parent.name}",
                expected=str(usual),
                found=str(header),
            )
    return usual


def _stated_by_slice(path: Path, form: str) -> Triple | None:
    if form != "TIFF":
        return None
    with tifffile.TiffFile(path) as tiff:
        return stated_spacing(path, tiff)


def _doubts(log: SkyScanLog | None, header: SliceHeader, count: int) -> tuple[str, ...]:
    size = log.image_size if log else None
    if log is None or size is None or size == header.shape:
        return ()
    doubt = (
        f"{log.path.name} speaks of slices of {size[0]} x {size[1]} pixels, the {count} slices there have "
        f"{header.shape[0]} x {header.shape[1]}: its voxel size holds if they were cropped, not if they were rescaled"
    )
    return (doubt,)
