"""Hidden names for what is being written, and the sweeping of what dead processes left under such names."""

import os
import platform
import re
import secrets
import shutil
import time
import zlib
from pathlib import Path

TEMPORARY = "tmp"
OLD = "old"

_DAY = 24 * 3600.0
_LONGEST_STEM = 120
_MINE: set[str] = set()
_MARK = re.compile(rf"(?P<role>{TEMPORARY}|{OLD})-(?P<host>[0-9a-f]{{8}})-(?P<process>\d+)-[0-9a-f]{{8}}")
_IN_WORDS = re.compile(rf"\.([^/\\]+)\.{_MARK.pattern}(?:\.\w+){{0,2}}")
_HOST = f"{zlib.crc32(platform.node().encode()):08x}"


def hidden_name(target: Path, role: str) -> Path:
    """A hidden path beside `target` for `role` (TEMPORARY or OLD), held by this process until :func:`forget`."""
    name = f".{_stem(target)}.{role}-{_HOST}-{os.getpid()}-{secrets.token_hex(4)}{_ending(target)}"
    _MINE.add(name)
    return target.with_name(name)


def forget(path: Path) -> None:
    """This process no longer uses the hidden `path`."""
    _MINE.discard(path.name)


def is_hidden_name(name: str) -> bool:
    """Whether `name` is one of :func:`hidden_name`'s: something unfinished, which no reader should take up."""
    return name.startswith(".") and _MARK.search(name) is not None


def with_final_names(text: str) -> str:
    """`text`, an error's words for instance, with the name that was asked for in the place of each hidden one."""
    return _IN_WORDS.sub(r"\1", text)


def remove(path: Path) -> None:
    """Delete a file, link or folder tree; a folder that resists stays behind under its hidden name."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def sweep(target: Path) -> None:
    """Delete what dead processes left of earlier writes to `target`.

    A folder that was moved aside and never replaced is put back first: it is the only copy.
    """
    start, ending = f".{_stem(target)}.", _ending(target)
    for entry in sorted(target.parent.iterdir()):
        if not (entry.name.startswith(start) and entry.name.endswith(ending)):
            continue
        found = _MARK.fullmatch(entry.name[len(start) : len(entry.name) - len(ending)])
        if found is None or not _is_dead(entry, found["host"], int(found["process"])):
            continue
        if found["role"] == OLD and not target.exists():
            entry.rename(target)
        else:
            remove(entry)


def _stem(target: Path) -> str:
    # Names may be 255 bytes long, and the hidden one is longer than the final one.
    if len(target.name.encode()) <= _LONGEST_STEM:
        return target.name
    return f"{target.name[:40]}-{zlib.crc32(target.name.encode()):08x}"


def _ending(target: Path) -> str:
    parts = target.suffixes[-2:] if target.suffix.lower() == ".gz" else target.suffixes[-1:]
    ending = "".join(parts)
    return ending if re.fullmatch(r"[.\w]{1,20}", ending) else ""


def _is_dead(entry: Path, host: str, process: int) -> bool:
    # The processes of another machine (a shared drive) or of Windows cannot be asked; their age can.
    if host != _HOST or os.name == "nt":
        return time.time() - entry.lstat().st_mtime > _DAY
    if process == os.getpid():
        return entry.name not in _MINE
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
