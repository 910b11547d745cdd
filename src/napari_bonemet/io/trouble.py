"""What the disk refuses, in words with a remedy."""

import errno
import shutil
from pathlib import Path

from napari_bonemet.errors import OutputError
from napari_bonemet.io.leftovers import is_hidden_name

_ROOM = "Free some space or choose another disk, then run the step again"
_FULL = {
    getattr(errno, "EDQUOT", errno.ENOSPC): "your share of the disk is full",
    errno.ENOSPC: "the disk is full",
    errno.EFBIG: "the file is larger than the disk or its limit allows",
}
_REFUSED = {
    errno.EROFS: ("the disk is read-only", "Choose another place"),
    errno.EACCES: ("you may not write there", "Choose another place, or ask for the right to write there"),
    errno.EPERM: ("you may not write there", "Choose another place, or ask for the right to write there"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Choose another place"),
    errno.EISDIR: ("there is a folder of that name", "Choose another name"),
    errno.EEXIST: ("something of that name is there already", "Choose another name"),
    errno.ENOTEMPTY: ("something of that name appeared while writing", "Run the step again"),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name"),
    errno.EINVAL: ("the name cannot be used on this disk", "Choose another name"),
    errno.ENOENT: ("the folder vanished while writing", "Check the disk, then run the step again"),
    errno.EIO: ("the disk failed", "Check the disk, then run the step again"),
    errno.EMFILE: ("too many files are open", "Close other programs, then run the step again"),
}
_NEARLY_NOTHING = 2**20


def in_words(error: BaseException, target: Path) -> OutputError | None:
    """The refusal of the disk to write `target` as an OutputError, or None where `error` is no such refusal.

    Libraries that write in C++ tell a full disk as any other failure; there the disk itself is asked.
    """
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL:
        return OutputError(f"{target} could not be written: {_FULL[number]}", remedy=_ROOM)
    if number in _REFUSED and _concerns(error, target):
        why, remedy = _REFUSED[number]
        return OutputError(f"{target} could not be written: {why}", remedy=remedy)
    if number is None and _no_room(target):
        return OutputError(f"{target} could not be written: the disk is full", remedy=_ROOM)
    return None


def _concerns(error: BaseException, target: Path) -> bool:
    # A lazy source that cannot be read while writing is no trouble of the target's.
    name = getattr(error, "filename", None)
    if name is None:
        return True
    place, goal = Path(str(name)).absolute(), target.absolute()
    if place == goal or place in goal.parents:
        return True
    inside = place.relative_to(goal.parent).parts if goal.parent in place.parents else ()
    return bool(inside) and (inside[0] == goal.name or is_hidden_name(inside[0]))


def _no_room(target: Path) -> bool:
    try:
        return shutil.disk_usage(target.parent).free < _NEARLY_NOTHING
    except OSError:
        return False
