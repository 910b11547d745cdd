"""``napari-bonemet fetch``: a part of the published data set onto this disk."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.io.hub import FetchOptions, Selection
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress

ABOUT = """Get chosen components, animals and weeks of the published BoneMet data set (67 TB in all).

Says how much it is, and asks before it fetches. Writes the files into OUT as they lie in the data set, and
OUT/fetched.json. Started again it goes on where it stopped, in the middle of a file, too.
Needs the package huggingface_hub: pip install 'napari-bonemet[fetch]'

Example: napari-bonemet fetch --components Seg-CT --animals 871 872 --weeks 0 1 2 --dry-run --out BoneMet"""
STEPS = (FetchOptions,)

_LISTED = 0.1


@dataclass(frozen=True)
class Arguments:
    """Whether to fetch at once."""

    yes: Annotated[bool, Doc("Fetch without asking.")] = False
    dry_run: Annotated[bool, Doc("Only say what would be fetched, and how much it is.")] = False
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Find the files, say how much they are, and fetch them.

    Raises
    ------
    InputError
        When huggingface_hub is not installed, nothing is what was asked for, or nobody said yes.
    FetchError
        When the hub cannot be reached.
    OutputError
        When the disk has too little room.
    """
    from napari_bonemet.io.fetch import bytes_left, fetch_files, left_to_fetch
    from napari_bonemet.io.hub import select_files
    from napari_bonemet.io.hub_trouble import in_bytes

    if own.common.out is None:
        raise InputError("The place for the files is missing", remedy="Give it: --out FOLDER")
    out = own.common.out
    selection = select_files(chosen(FetchOptions), progress=progress)
    left = left_to_fetch(selection, out, progress=PartOf(progress, 0.0, _LISTED))
    size = bytes_left(left, out)
    _show(terminal, selection)
    there = "" if size == selection.size else f", {in_bytes(size)} of them still to be fetched"
    sentence = f"{len(selection.files)} files, {in_bytes(selection.size)}{there}."
    terminal.say(sentence)
    record = {
        "out": str(out),
        "commit": selection.commit,
        "files": len(selection.files),
        "bytes": selection.size,
        "bytes_to_fetch": size,
        "fetched": 0,
    }
    if own.dry_run:
        return record
    if left and not _agreed(own, f"Fetch {in_bytes(size)} into {out}?", progress):
        terminal.say("Nothing was fetched.")
        return record
    fetched = fetch_files(selection, out, left=left, progress=PartOf(progress, _LISTED, 1.0))
    terminal.say(f"{fetched.files} files fetched, {fetched.there} were there; they are in {out}.")
    if selection.sealed:
        terminal.warn(f"{len(selection.sealed)} of them are archives, {selection.sealed[0]} say: unpack them to go on")
    else:
        terminal.say(f"What they hold: napari-bonemet info {out} --spacing UM")
    return {**record, "fetched": fetched.files, "there": fetched.there}


def _show(terminal: Terminal, selection: Selection) -> None:
    """A row for each component."""
    from rich.table import Table

    from napari_bonemet.io.hub import component_of
    from napari_bonemet.io.hub_trouble import in_bytes

    table = Table("component", "files", "size")
    sizes: dict[str, list[int]] = {}
    for file in selection.files:
        sizes.setdefault(component_of(file.path) or "other", []).append(file.size)
    for component, each in sizes.items():
        table.add_row(component, str(len(each)), in_bytes(sum(each)))
    terminal.show(table)


def _agreed(own: Arguments, question: str, progress: Progress) -> bool:
    ask = getattr(progress, "ask", None)
    if own.yes:
        return True
    if own.common.json or ask is None or not sys.stdin.isatty():
        raise InputError("Nobody is there to say yes, and nothing was fetched", remedy="Give --yes, or --dry-run")
    return bool(ask(question))
