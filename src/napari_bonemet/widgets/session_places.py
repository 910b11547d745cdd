"""Where sessions are remembered on this machine: the list of recent ones, and what viewers keep in case they crash."""

import contextlib
import json
import os
import platform
import secrets
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.io.atomic import write_json
from napari_bonemet.study.session import Session
from napari_bonemet.study.session_check import read_as
from napari_bonemet.study.session_file import SUFFIX, backup_of, read_last_good

__all__ = ["Recent", "crashed", "forget_recent", "new_place", "recent", "remember", "remove_kept"]

APP = "napari-bonemet"
MOST_RECENT = 12
# On systems where processes cannot be asked, a viewer that did not touch its file for so long is gone.
SILENT_S = 300.0
_HOST = f"{zlib.crc32(platform.node().encode()):08x}"
_LARGEST_LIST = 2**20


@dataclass(frozen=True)
class Recent:
    """A session that was saved or opened here: its file, what it is of, and when."""

    path: str
    title: str
    when: str


def _list() -> Path:
    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "recent.json"


def recent() -> tuple[Recent, ...]:
    """The recent sessions, newest first; none where the list is not there or broken."""
    with contextlib.suppress(OSError, ValueError, InputError, RecursionError):
        if _list().stat().st_size <= _LARGEST_LIST:
            items = json.loads(_list().read_text(encoding="utf-8"))
            return tuple(read_as(Recent, item, "recent") for item in items[:MOST_RECENT])
    return ()


def remember(path: Path, title: str, when: str) -> None:
    """Put a session at the top of the list; a list that cannot be written is no reason to fail."""
    mine = Recent(str(path.resolve()), title, when)
    others = [one for one in recent() if one.path != mine.path]
    _keep([mine, *others])


def forget_recent(path: str) -> None:
    """Take a session off the list; its file stays."""
    _keep([one for one in recent() if one.path != path])


def _keep(items: list[Recent]) -> None:
    rows = [{"path": one.path, "title": one.title, "when": one.when} for one in items[:MOST_RECENT]]
    with contextlib.suppress(BoneMetError, OSError):
        write_json(_list(), rows)


def _folder() -> Path:
    return Path(platformdirs.user_state_dir(APP, appauthor=False)) / "recovery"


def new_place() -> Path:
    """A file of its own for what one viewer of this process keeps."""
    return _folder() / f"{_HOST}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"


def remove_kept(path: Path) -> None:
    """Forget what a viewer kept: it was closed properly, or its session was taken up or discarded."""
    for file in (path, backup_of(path)):
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def crashed() -> tuple[tuple[Path, Session], ...]:
    """What viewers of this machine kept that are no longer there, newest first."""
    found = []
    with contextlib.suppress(OSError):
        for path in _folder().glob(f"{_HOST}-*{SUFFIX}"):
            if _is_gone(path):
                with contextlib.suppress(InputError, OSError):
                    found.append((path, read_last_good(path)[0]))
    return tuple(sorted(found, key=lambda one: one[1].saved, reverse=True))


def _is_gone(path: Path) -> bool:
    process = path.name.split("-")[1]
    if not process.isdigit() or int(process) == os.getpid():
        return False
    if os.name == "nt":
        return time.time() - path.stat().st_mtime > SILENT_S
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
