"""Nothing half-written: write beside the target, make it safe on the disk, then rename it into place.

A reader, or a process killed at any moment, sees the old target or the new one under the final name, never
a part of either. What a killed process leaves behind has a hidden name that tells whose it was
(``.NAME.tmp-HOST-PID-RANDOM``) and is swept away by the next write to the same target.
"""

import csv
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import Any

from napari_bonemet.errors import OutputError
from napari_bonemet.io.leftovers import OLD, TEMPORARY, forget, hidden_name, remove, sweep
from napari_bonemet.io.trouble import in_words


@contextmanager
def atomic_file(path: str | Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Give a temporary path in the target's folder; what was written there becomes `path` at the end.

    The temporary path ends like the target (``.nii.gz``, ``.png``), for writers that go by the suffix.

    Parameters
    ----------
    path : path
        The file to write; missing folders above it are made.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    OutputError
        When the file is there and may not be replaced, or the disk refuses (full, read-only, not allowed).
    """
    target = Path(path)
    with _refusals_in_words(target):
        temporary = _begin(target)
        try:
            _check_target(target, overwrite, folder=False)
            yield temporary
            if not temporary.is_file():
                raise OutputError(f"Nothing was written to {target}")
            _sync(temporary)
            _check_target(target, overwrite, folder=False)
            temporary.replace(target)
            _sync(target.parent)
        finally:
            remove(temporary)
            forget(temporary)


@contextmanager
def atomic_folder(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a new, empty, hidden folder; it becomes `path` at the end, with all that was written into it.

    An existing folder is moved aside, and deleted once the new one stands in its place; it is never merged
    with the new one, and put back if the new one cannot take its place.

    Parameters
    ----------
    path : path
        The folder to write; missing folders above it are made. An empty folder there counts as none.
    overwrite : bool
        Replace an existing folder.

    Raises
    ------
    OutputError
        When the folder is there and may not be replaced, or the disk refuses (full, read-only, not allowed).
    """
    target = Path(path)
    with _refusals_in_words(target):
        temporary = _begin(target)
        try:
            _check_target(target, overwrite, folder=True)
            temporary.mkdir()
            yield temporary
            _sync_tree(temporary)
            _check_target(target, overwrite, folder=True)
            _take_place(temporary, target)
            _sync(target.parent)
        finally:
            remove(temporary)
            forget(temporary)


def write_json(path: str | Path, record: Any, *, overwrite: bool = True) -> Path:
    """Write `record` as readable JSON, whole or not at all.

    Numbers that are not finite become null, which every JSON reader accepts; numpy values, paths and
    tuples become plain ones.

    Raises
    ------
    OutputError
        When the disk refuses.
    """
    text = dumps(_plain(record), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with atomic_file(path, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(path)


def write_table(
    path: str | Path, rows: Sequence[Mapping[str, object]], *, columns: Sequence[str] = (), overwrite: bool = True
) -> Path:
    """Write rows as CSV, whole or not at all.

    The columns are those given, which makes a head for no rows, and the keys, in the order in which they first appear.
    Missing and None values become empty cells.

    Raises
    ------
    OutputError
        When there are neither rows nor columns, or the disk refuses.
    """
    columns = list(dict.fromkeys([*columns, *(key for row in rows for key in row)]))
    if not columns:
        raise OutputError(f"There is nothing to write to {path}")
    with atomic_file(path, overwrite=overwrite) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows({key: _plain(value) for key, value in row.items()} for row in rows)
    return Path(path)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@contextmanager
def _refusals_in_words(target: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        told = in_words(error, target)
        if told is None:
            raise
        raise told from error


def _check_target(target: Path, overwrite: bool, *, folder: bool) -> None:
    if target.is_symlink():
        raise OutputError(
            f"{target} is a link, and writing would change what it points to or lose it",
            remedy="Write to the place itself, or remove the link",
        )
    if not target.exists():
        return
    if target.is_dir() != folder:
        raise OutputError(
            f"{target} cannot be replaced",
            expected="a folder" if folder else "a file",
            found="a folder" if target.is_dir() else "a file",
            remedy="Choose another name",
        )
    if folder and _is_empty(target):
        return
    if not overwrite:
        raise OutputError(f"{target} is there already", remedy="Choose another name, or allow it to be overwritten")
    here = Path.cwd().resolve()
    if folder and target.resolve() in {Path.home().resolve(), here, *here.parents}:
        raise OutputError(f"{target} holds more than results and is not replaced", remedy="Choose a folder inside it")


def _is_empty(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return next(entries, None) is None


def _begin(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target)
    return hidden_name(target, TEMPORARY)


def _take_place(temporary: Path, target: Path) -> None:
    if not target.exists():
        temporary.rename(target)
        return
    aside = hidden_name(target, OLD)
    try:
        target.rename(aside)
        try:
            temporary.rename(target)
        except BaseException:
            aside.rename(target)
            raise
        # Under this name a half-deleted folder is never taken for one to put back.
        discarded = aside.rename(hidden_name(target, TEMPORARY))
        remove(discarded)
        forget(discarded)
    finally:
        forget(aside)


def _sync_tree(folder: Path) -> None:
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            _sync(Path(place, name))
        _sync(Path(place))


def _sync(path: Path) -> None:
    """Have the disk keep what was written; folders only where the system can (Windows cannot)."""
    if path.is_symlink() or (path.is_dir() and os.name == "nt"):
        return
    # Windows syncs only what is open for writing.
    number = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
