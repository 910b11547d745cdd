"""A session in one readable file: written beside and renamed, the one before kept, and what is read is checked."""

import contextlib
import json
import os
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.io.atomic import atomic_file
from napari_bonemet.study.session import Session
from napari_bonemet.study.session_check import REMEDY, plain, read_as

__all__ = [
    "SUFFIX",
    "OutsideError",
    "backup_of",
    "path_for",
    "place_in",
    "read_last_good",
    "read_session",
    "to_text",
    "write_session",
]

SUFFIX = ".bonemet.json"
SCHEMA = 1
FORMAT = "napari-bonemet session"
MOST_BYTES = 2**26


class OutsideError(InputError):
    """A session of a stranger names a place outside its folder."""


def now() -> str:
    """This moment as sessions state it, to the second."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def backup_of(path: str | Path) -> Path:
    """Where the session that was at `path` before the last save is kept."""
    return Path(f"{path}.bak")


def to_text(session: Session) -> str:
    """The session as the text of its file: indented JSON, long lists of numbers a row a line."""
    record = {"format": FORMAT, "schema": SCHEMA, **plain(session)}
    return f"{_pretty(record, 0)}\n"


def write_session(session: Session, path: str | Path) -> Path:
    """Write a session, whole or not at all; a good one that was there before is kept as ``NAME.bak``.

    Parameters
    ----------
    session : Session
        Its `saved` becomes this moment.
    path : path
        Named ``….bonemet.json``.

    Raises
    ------
    OutputError
        When the disk refuses.
    InputError
        When the session holds what could not be read again: too much, or numbers that are not finite.
    """
    target = Path(path)
    text = to_text(replace(session, saved=now()))
    # What could not be read again is not worth the place of what can.
    _parse(text.encode(), target)
    with contextlib.suppress(InputError):
        if target.is_file():
            read_session(target)
            with atomic_file(backup_of(target)) as beside:
                shutil.copyfile(target, beside)
    with atomic_file(target) as beside:
        beside.write_text(text, encoding="utf-8")
    return target


def read_session(path: str | Path) -> Session:
    """Read a session and check all that is in it; no path in it is followed.

    Raises
    ------
    InputError
        When the file is not there, too large, no session, of a newer schema, or holds what no session holds.
    """
    place = Path(path)
    if not place.is_file():
        raise InputError(f"There is no session {place}", remedy="Check the path")
    size = place.stat().st_size
    if size > MOST_BYTES:
        raise InputError(
            f"{place.name} is too large for a session",
            expected=f"at most {MOST_BYTES >> 20} MiB",
            found=f"{size >> 20} MiB",
        )
    try:
        with place.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{place} cannot be read", found=error.strerror or str(error)) from error
    return _parse(raw, place)


def read_last_good(path: str | Path) -> tuple[Session, str]:
    """The session at `path`, or, where that is broken or gone, the one before it; and a note that says so.

    Raises
    ------
    InputError
        Of the session itself, when the one before it is not there or broken too.
    """
    try:
        return read_session(path), ""
    except InputError as error:
        try:
            before = read_session(backup_of(path))
        except InputError:
            raise error from None
        return before, f"{error} The session saved before it, of {before.saved}, was opened instead."


def _parse(raw: bytes, place: Path) -> Session:
    try:
        record = json.loads(raw.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place.name} is no session", expected="a JSON file", found=str(error)[:200]) from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise InputError(
            f"{place.name} is no session of BoneMet",
            expected=f'a file that starts with "format": "{FORMAT}"',
            remedy="Choose a file that was saved in the dock Session",
        )
    schema = record.pop("schema", None)
    record.pop("format")
    if schema != SCHEMA or isinstance(schema, bool):
        raise InputError(
            f"{place.name} cannot be read by this version",
            expected=f"schema {SCHEMA}",
            found=f"schema {schema!r:.40}",
            remedy="Install the version of napari-bonemet that saved it, or a newer one",
        )
    return read_as(Session, record)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no finite number")


def path_for(place: str | Path, session: str | Path) -> str:
    """How a session names a file or folder: relative to its own folder where it lies inside, else in full."""
    full, home = Path(place).resolve(), Path(session).resolve().parent
    return full.relative_to(home).as_posix() if full.is_relative_to(home) else str(full)


def place_in(text: str, session: str | Path, *, outside: bool = True) -> Path:
    """The file or folder that a session names, which may not be there.

    Parameters
    ----------
    outside : bool
        Whether a full path may lead out of the session's folder: yes for sessions that were saved here, no for those
        of strangers until the user says so.

    Raises
    ------
    OutsideError
        When a full path leads out of it, and may not.
    InputError
        When a relative path leaves the session's folder, by ``..`` or over a link, or a full one is the root of a
        file system or holds ``..``.
    """
    path, home = Path(text), Path(session).resolve().parent
    steps = (*PurePosixPath(text).parts, *PureWindowsPath(text).parts)
    foreign = os.name != "nt" and (PureWindowsPath(text).drive or text.startswith("\\"))
    if not text or ".." in steps or foreign or (path.is_absolute() and path == Path(path.anchor)):
        raise _outside(text, "a path without '..' on this machine")
    if path.is_absolute():
        if not outside and not path.resolve().is_relative_to(home):
            raise OutsideError(
                "The session was not saved on this machine, and names a place outside its folder",
                expected=f"a path inside {home}",
                found=text[:200],
                remedy="If you trust it, press 'Follow it there'; or give the folder that holds the scans here",
            )
        return path
    place = (home / path).resolve()
    if not place.is_relative_to(home):
        raise _outside(text, f"a path inside {home}")
    return place


def _outside(text: str, expected: str) -> InputError:
    return InputError("The session names a place that it may not", expected=expected, found=text[:200], remedy=REMEDY)


def _pretty(value: Any, depth: int) -> str:
    """JSON, indented; what is plain numbers inside stays on one line, or a long file could not be read by people."""
    pad, inner = "  " * depth, "  " * (depth + 1)
    if isinstance(value, dict) and value:
        rows = [
            f"{inner}{json.dumps(key, ensure_ascii=False)}: {_pretty(item, depth + 1)}" for key, item in value.items()
        ]
        return "{\n" + ",\n".join(rows) + f"\n{pad}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(f"{inner}{_pretty(item, depth + 1)}" for item in value) + f"\n{pad}]"
    return _dumps(value)


def _dumps(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise InputError("The session holds a number that is not finite, and cannot be saved") from error
