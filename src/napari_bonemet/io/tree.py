"""Where the scans lie in a folder of folders, found by looking at names alone."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.io.dicom import is_dicom
from napari_bonemet.io.names import inside, parts_of_name
from napari_bonemet.io.slice_files import FORMS
from napari_bonemet.io.zarr_arrays import array_record, group_attributes
from napari_bonemet.progress import NO_PROGRESS, Progress

_VOLUMES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".isq", ".aim")
_ZARR_MARKS = {"zarr.json", ".zgroup", ".zattrs", ".zarray"}
_TIFF = (".tif", ".tiff")
_PASSED_OVER = {"__MACOSX", "$RECYCLE.BIN", "System Volume Information"}
_DEEPEST = 10


@dataclass
class _Look:
    """What lies in one folder."""

    images: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    zarr: bool = False


def find_scans(root: Path, *, progress: Progress = NO_PROGRESS) -> Iterator[Path]:
    """Every scan in `root`, or `root` itself if it is one; a slice folder and a .zarr are not looked into.

    Hidden files and folders, which include what is being written, are passed over; so are single images
    (figures) and zarr groups that hold no image.

    Raises
    ------
    InputError
        When a link leads out of `root`, or a folder cannot be listed.
    """
    if root.is_dir():
        yield from _scans(root, root, set(), progress)
    else:
        yield root


def _scans(folder: Path, root: Path, seen: set[Path], progress: Progress) -> Iterator[Path]:
    progress.check()
    # A link back to a folder above would lead round for ever.
    real = folder.resolve()
    if real in seen or len(folder.relative_to(root).parts) > _DEEPEST:
        return
    seen.add(real)
    look = _look(folder, root)
    if look.zarr:
        if _holds_image(folder):
            yield folder
        return
    stack = _is_stack(folder, look)
    named = parts_of_name(folder.name)
    if stack and (not look.folders or named.week is not None or named.side is not None):
        yield folder
        return
    below = [folder / name for name in look.volumes + _multipage(folder, look)]
    for name in look.folders:
        below.extend(_scans(folder / name, root, seen, progress))
    if below:
        yield from below
    elif stack or (look.images and named.week is not None):
        yield folder


def _look(folder: Path, root: Path) -> _Look:
    look = _Look()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                _sort_in(entry, look, root)
    except OSError as error:
        raise InputError(f"{folder} cannot be listed", found=error.strerror or "an error of the disk") from error
    return look


def _sort_in(entry: os.DirEntry[str], look: _Look, root: Path) -> None:
    if entry.name in _ZARR_MARKS:
        look.zarr = True
    if entry.name.startswith(".") or entry.name in _PASSED_OVER:
        return
    if entry.is_symlink():
        inside(entry.path, root)
    if entry.is_dir():
        look.folders.append(entry.name)
    elif entry.is_file():
        suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 -- a Path for each of 100,000 slices is slow
        preview = entry.name[: len(entry.name) - len(suffix)].lower().endswith("_spr")
        if suffix in FORMS and not preview:
            look.images.append(entry.name)
        elif entry.name.lower().endswith(_VOLUMES):
            look.volumes.append(entry.name)
        elif suffix in ("", ".dcm", ".ima"):
            look.others.append(entry.name)


def _is_stack(folder: Path, look: _Look) -> bool:
    """Whether the images are slices: two at least whose names differ by their numbers alone."""
    patterns = Counter(re.sub(r"\d+", "#", name) for name in look.images)
    if patterns and patterns.most_common(1)[0][1] > 1:
        return not _multipage(folder, look)
    return len(look.others) > 1 and not look.images and is_dicom(folder / min(look.others))


def _multipage(folder: Path, look: _Look) -> list[str]:
    """The TIFF files that hold a volume each; where the first is a single page, the others are too."""
    names = sorted(name for name in look.images if name.lower().endswith(_TIFF))
    return names if names and _has_pages(folder / names[0]) else []


def _has_pages(path: Path) -> bool:
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            return len(file.pages) > 1
    except (OSError, ValueError, KeyError, tifffile.TiffFileError):
        return False


def _holds_image(folder: Path) -> bool:
    try:
        if array_record(folder) is not None:
            return True
        attributes = group_attributes(folder)
    except InputError:
        return True  # reading it tells what is wrong
    ome = attributes.get("ome", attributes)
    return "multiscales" in ome or "bioformats2raw.layout" in ome
