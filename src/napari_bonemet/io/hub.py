"""The published data set on the Hugging Face hub: which of its files are wanted, told by their names alone.

Its address is stated in the abstract of the BoneMet paper (https://huggingface.co/datasets/BoneMet/BoneMet).
"""

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, get_args

from napari_bonemet.errors import InputError
from napari_bonemet.io.hub_trouble import quiet_hub, refusals_in_words, require_hub
from napari_bonemet.io.names import NameParts, name_parts
from napari_bonemet.io.slice_files import FORMS
from napari_bonemet.options import Doc, Options
from napari_bonemet.progress import NO_PROGRESS, Progress

Component = Literal["Rotation-X-Ray", "Recon-CT", "Seg-CT", "Regist-CT", "RoI-CT", "MiceMediRec"]

# Tables of all animals: they are wanted whichever animals are.
_RECORDS: Component = "MiceMediRec"
_SEALED = re.compile(r"\.(zip|tar|tgz|tar\.gz|7z|rar)$", re.IGNORECASE)


@dataclass(frozen=True)
class FetchOptions(Options):
    """Which part of the data set is fetched, and from where."""

    components: Annotated[tuple[Component, ...], Doc("Components; all of them when not given.")] = ()
    animals: Annotated[tuple[str, ...], Doc("Animals by their numbers; all of them when not given.")] = ()
    weeks: Annotated[tuple[float, ...], Doc("Weeks since inoculation; all of them when not given.")] = ()
    repo: Annotated[str, Doc("The data set on the hub, OWNER/NAME.")] = "BoneMet/BoneMet"
    revision: Annotated[str, Doc("A branch, a tag or a commit of the data set.")] = "main"
    endpoint: Annotated[str | None, Doc("Address of another hub, a mirror say; huggingface.co when not given.")] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        strangers = [name for name in self.components if name not in get_args(Component)]
        if strangers:
            raise InputError(
                "There is no such component", expected=", ".join(get_args(Component)), found=", ".join(strangers)
            )


@dataclass(frozen=True)
class RemoteFile:
    """A file of the data set.

    Parameters
    ----------
    path : str
        Within the data set, with slashes.
    size : int
        Bytes.
    sha256 : str, optional
        Of the contents, where the hub states it.
    git : str
        Git's name for the contents, which the hub states for all files.
    """

    path: str
    size: int
    sha256: str | None
    git: str

    @property
    def identity(self) -> str:
        """What the contents are known by."""
        return self.sha256 or self.git


@dataclass(frozen=True)
class Selection:
    """The files that are wanted.

    Parameters
    ----------
    files : tuple of RemoteFile
        In the order of their paths.
    commit : str
        The state of the data set that they belong to.
    options : FetchOptions
        As asked for.
    """

    files: tuple[RemoteFile, ...]
    commit: str
    options: FetchOptions

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def sealed(self) -> tuple[str, ...]:
        """Archives among them, which have to be unpacked."""
        return tuple(file.path for file in self.files if _SEALED.search(file.path))


def select_files(options: FetchOptions, *, progress: Progress = NO_PROGRESS) -> Selection:
    """Ask the hub which files there are, and keep those whose names say that they are wanted.

    Folders whose names rule them out are not listed, so a few animals of a large data set are found quickly.

    Raises
    ------
    InputError
        When huggingface_hub is not installed, the data set or its revision is not there, or nothing is wanted.
    FetchError
        When the hub cannot be reached.
    """
    require_hub()
    from huggingface_hub import HfApi

    api = HfApi(endpoint=options.endpoint)
    with quiet_hub(), refusals_in_words(options.repo, options.endpoint):
        about = api.repo_info(options.repo, repo_type="dataset", revision=options.revision, expand=["sha"])
        commit = str(about.sha)
        files = tuple(sorted(_walk(api, options, commit, "", progress), key=lambda file: file.path))
    if not files:
        raise InputError(
            f"No file of {options.repo} is what was asked for",
            found=_wanted_in_words(options),
            remedy="Ask for other components, animals or weeks",
        )
    return Selection(files, commit, options)


def _walk(api: Any, options: FetchOptions, commit: str, folder: str, progress: Progress) -> Iterator[RemoteFile]:
    progress.check()
    progress.message(f"Looking into {folder or options.repo}")
    files: list[Any] = []
    folders: list[Any] = []
    place = {"path_in_repo": folder} if folder else {}
    for entry in api.list_repo_tree(options.repo, repo_type="dataset", revision=commit, **place):
        (files if hasattr(entry, "size") else folders).append(entry)
    yield from _wanted_files(files, folder, options)
    for entry in folders:
        if _may_hold(entry.path, options):
            yield from _walk(api, options, commit, entry.path, progress)


def _wanted_files(entries: Iterable[Any], folder: str, options: FetchOptions) -> Iterator[RemoteFile]:
    entries = list(entries)
    patterns = Counter(_pattern(entry.path) for entry in entries)
    for entry in entries:
        # The number of a slice is no animal: slices are what their folder is.
        is_slice = patterns[_pattern(entry.path)] > 1 and PurePosixPath(entry.path).suffix.lower() in FORMS
        if _is_wanted(folder if is_slice or entry.path.endswith("scan.json") else entry.path, options):
            yield RemoteFile(entry.path, int(entry.size), entry.lfs.sha256 if entry.lfs else None, entry.blob_id)


def _pattern(path: str) -> str:
    return re.sub(r"\d+", "#", path)


def component_of(path: str) -> Component | None:
    """The component that a path in the data set lies in, by its outermost folder that names one.

    Examples
    --------
    >>> component_of("4. Regist-CT/week 0/871 left tibia/slice_0001.png")
    'Regist-CT'
    """
    known = {_letters(name): name for name in get_args(Component)}
    for part in PurePosixPath(path).parts:
        plain = _letters(part)
        for letters, name in known.items():
            if plain.startswith(letters):
                found: Component = name
                return found
    return None


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def _stated(path: str) -> NameParts:
    home = Path("/data set")  # need not exist
    with warnings.catch_warnings():
        # Contradictions between names are told when the scans are read.
        warnings.simplefilter("ignore")
        return name_parts(home / path, root=home)


def _may_hold(folder: str, options: FetchOptions) -> bool:
    """Whether nothing in the name of a folder rules out that it holds what is wanted."""
    component, stated = component_of(folder), _stated(folder)
    return (
        (not options.components or component in (None, *options.components))
        and (stated.week is None or _fits_week(stated, options))
        and (stated.subject is None or _fits_animal(stated, options))
    )


def _is_wanted(path: str, options: FetchOptions) -> bool:
    component, stated = component_of(path), _stated(path)
    if options.components and component not in options.components:
        return False
    if component == _RECORDS:
        return True
    return _fits_week(stated, options) and _fits_animal(stated, options)


def _fits_week(stated: NameParts, options: FetchOptions) -> bool:
    return not options.weeks or stated.week in options.weeks


def _fits_animal(stated: NameParts, options: FetchOptions) -> bool:
    wanted = {animal.casefold() for animal in options.animals}
    return not wanted or (stated.subject or "").casefold() in wanted


def _wanted_in_words(options: FetchOptions) -> str:
    parts = [", ".join(options.components) or "all components"]
    parts.append("animals " + ", ".join(options.animals) if options.animals else "all animals")
    parts.append("weeks " + ", ".join(f"{week:g}" for week in options.weeks) if options.weeks else "all weeks")
    return "; ".join(parts)
