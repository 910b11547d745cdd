"""Fetching files of the published data set: each is whole or not there, and a second start goes on in the middle.

A file is written beside its place as ``.NAME.part-IDENTITY``, which readers pass over, compared with the hash that
the hub states, and renamed. Nothing that is fetched is ever executed or unpickled.
"""

import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from napari_bonemet.errors import InputError
from napari_bonemet.io.atomic import write_json
from napari_bonemet.io.hub import RemoteFile, Selection
from napari_bonemet.io.hub_trouble import FetchError, no_room, quiet_hub, refusals_in_words, require_hub
from napari_bonemet.io.names import inside
from napari_bonemet.io.sidecar import read_json
from napari_bonemet.io.trouble import in_words
from napari_bonemet.progress import NO_PROGRESS, Cancelled, Progress

RECORD = "fetched.json"

# As many as the hub's own package takes at a time.
_AT_A_TIME = 8
_BLOCK = 2**20


@dataclass(frozen=True)
class Fetched:
    """What came of fetching.

    Parameters
    ----------
    files : int
        How many were fetched now.
    bytes : int
        And how much was sent for it.
    there : int
        How many had been there before.
    """

    files: int
    bytes: int
    there: int


def left_to_fetch(selection: Selection, out: str | Path, *, progress: Progress = NO_PROGRESS) -> list[RemoteFile]:
    """Those of the files that are not in `out` yet; what is there and is not on record is compared by its hash.

    Raises
    ------
    InputError
        When the name of a file would lead out of `out`, or something else has it.
    """
    home = Path(out)
    known = _known(home)
    left = []
    for number, file in enumerate(selection.files):
        progress.check()
        progress.advance(number / len(selection.files))
        target = place_of(file, home)
        if not target.exists():
            left.append(file)
        elif not (_on_record(file, target, known) or _is(file, target)):
            raise InputError(
                f"{target} is there and is another file than the data set has now",
                remedy="Move it away, or fetch into another folder with --out",
            )
    return left


def _on_record(file: RemoteFile, target: Path, known: Mapping[str, str]) -> bool:
    return known.get(file.path) == file.identity and target.is_file() and target.stat().st_size == file.size


def bytes_left(files: list[RemoteFile], out: str | Path) -> int:
    """How much is still to be sent for some files, less what is there of them."""
    home = Path(out)
    return sum(file.size - _so_far(_part(file, place_of(file, home))) for file in files)


def fetch_files(
    selection: Selection, out: str | Path, *, left: list[RemoteFile] | None = None, progress: Progress = NO_PROGRESS
) -> Fetched:
    """Fetch what is not there yet.

    Parameters
    ----------
    selection : Selection
        From :func:`napari_bonemet.io.hub.select_files`.
    out : path
        The files lie in it as in the data set.
    left : list of RemoteFile, optional
        From :func:`left_to_fetch`; asked for here when None.

    Raises
    ------
    OutputError
        When the disk has too little room, or refuses.
    FetchError
        When the hub cannot be reached, or sends something else than it has announced.
    Cancelled
        When the user asked to stop; what was sent so far is kept for the next time.
    """
    require_hub()
    home = Path(out)
    left = left_to_fetch(selection, home) if left is None else left
    needed = bytes_left(left, home)
    home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(home).free
    if needed > free:
        raise no_room(needed, free, home)
    known = dict(_known(home)) | {file.path: file.identity for file in selection.files if file not in left}
    run = _Run(selection, home, needed, progress)
    try:
        with quiet_hub():
            run.to_the_end(left)
    finally:
        known |= {file.path: file.identity for file in run.done}
        if known:
            write_json(home / RECORD, _record(selection, known))
    return Fetched(len(run.done), run.sent, len(selection.files) - len(left))


def place_of(file: RemoteFile, home: Path) -> Path:
    """Where a file goes, once it is certain that this is inside `home`.

    Raises
    ------
    InputError
        When its name leads elsewhere, or is hidden.
    """
    parts = PurePosixPath(file.path).parts
    if not parts or any(part in ("..", "/") or "\\" in part or ":" in part for part in parts):
        raise InputError(f"The data set holds a file whose name leads out of its folder: {file.path!r}")
    return inside(home.joinpath(*parts), home)


class _Run:
    """Fetches files, several at a time."""

    def __init__(self, selection: Selection, home: Path, needed: int, progress: Progress) -> None:
        self._options, self._commit, self._home = selection.options, selection.commit, home
        self._needed, self._progress = max(needed, 1), progress
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self.sent = 0
        self.done: list[RemoteFile] = []

    def to_the_end(self, files: list[RemoteFile]) -> None:
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            waiting: dict[Future[None], RemoteFile] = {pool.submit(self._fetch, file): file for file in files}
            try:
                while waiting:
                    ready, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                    for future in ready:
                        file = waiting.pop(future)
                        future.result()
                        self.done.append(file)
                    self._progress.message(f"{len(self.done)} of {len(files)} files")
                    self._progress.advance(min(1.0, self.sent / self._needed))
                    self._progress.check()
            except BaseException:
                self._stopping.set()
                for future in waiting:
                    future.cancel()
                raise

    def _fetch(self, file: RemoteFile) -> None:
        target = place_of(file, self._home)
        part = _part(file, target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with refusals_in_words(self._options.repo, self._options.endpoint):
                self._fill(file, part)
                if not _is(file, part):
                    # Two that fetched at once may have mixed their halves; once more from the beginning.
                    part.unlink()
                    self._fill(file, part)
            if not _is(file, part):
                part.unlink()
                raise FetchError(f"{file.path} came damaged twice", remedy="Try again later, or another --endpoint")
            part.replace(target)
        except OSError as error:
            told = in_words(error, target)
            if told is None:
                raise FetchError(f"{file.path} broke off", found=str(error)[:120], remedy="Run it again") from error
            raise told from error

    def _fill(self, file: RemoteFile, part: Path) -> None:
        from huggingface_hub import hf_hub_url
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers

        so_far = _so_far(part)
        if so_far > file.size:
            part.unlink()
            so_far = 0
        if so_far == file.size and part.exists():
            return
        url = hf_hub_url(
            self._options.repo,
            file.path,
            repo_type="dataset",
            revision=self._commit,
            endpoint=self._options.endpoint,
        )
        with part.open("ab") as end:
            if file.size:
                listened: Any = _Listened(end, self._hear)
                http_get(url, listened, resume_size=so_far, headers=build_hf_headers(), expected_size=file.size)
            end.flush()
            os.fsync(end.fileno())

    def _hear(self, count: int) -> None:
        if self._stopping.is_set():
            raise Cancelled
        with self._lock:
            self.sent += count


class _Listened:
    """A file that tells how much is written to it."""

    def __init__(self, file: BinaryIO, hear: Callable[[int], None]) -> None:
        self._file, self._hear = file, hear

    def write(self, data: bytes) -> int:
        self._hear(len(data))
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _part(file: RemoteFile, target: Path) -> Path:
    return target.with_name(f".{target.name[:120]}.part-{file.identity[:16]}")


def _so_far(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _is(file: RemoteFile, path: Path) -> bool:
    """Whether a file on the disk has the contents that the hub announced."""
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(f"blob {file.size}\0".encode())  # noqa: S324 -- Git's
    with path.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest() == file.identity


def _known(home: Path) -> Mapping[str, str]:
    """What was fetched into a folder before, by its record; nothing where there is no sound one."""
    path = home / RECORD
    try:
        record = read_json(path) if path.is_file() else {}
        return {str(name): str(identity) for name, identity in record.get("files", {}).items()}
    except (InputError, AttributeError):
        return {}


def _record(selection: Selection, known: Mapping[str, str]) -> dict[str, Any]:
    return {
        "repository": selection.options.repo,
        "endpoint": selection.options.endpoint,
        "revision": selection.options.revision,
        "commit": selection.commit,
        "files": dict(sorted(known.items())),
    }
