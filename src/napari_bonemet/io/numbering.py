"""The order of the slices of a folder, and whether one is missing."""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from natsort import natsorted, ns

from napari_bonemet.errors import InputError

_DIGITS = re.compile(r"\d+")
_NAMED = 5


def in_order(folder: Path, names: Sequence[str], *, step: int = 1) -> list[str]:
    """The names in natural order, 2 before 10.

    Parameters
    ----------
    folder : Path
        Where they lie, for the words of an error.
    names : sequence of str
        File names.
    step : int
        How far the numbers of neighbours may lie apart, beside one (a scanner that kept every other section).

    Raises
    ------
    InputError
        When a number is missing or there twice, or the names belong to several stacks.
    """
    ordered = natsorted(names, alg=ns.IGNORECASE)
    stacks: dict[str, list[str]] = defaultdict(list)
    for name in ordered:
        stacks[_DIGITS.sub("#", Path(name).stem.lower())].append(name)
    several = [members for members in stacks.values() if len(members) > 1]
    if several and len(stacks) > 1:
        odd = min(stacks.values(), key=len)[0]
        usual = max(stacks.values(), key=len)[0]
        raise InputError(
            f"{folder.name} holds slices of more than one stack",
            found=f"{usual} and {odd}",
            remedy="Keep one stack in a folder",
        )
    if several:
        _check_numbers(folder, ordered, step)
    return ordered


def _check_numbers(folder: Path, ordered: Sequence[str], step: int) -> None:
    groups = list(zip(*(_DIGITS.findall(Path(name).stem) for name in ordered), strict=True))
    running = [i for i, group in enumerate(groups) if len({int(digits) for digits in group}) > 1]
    if not running:
        raise InputError(
            f"{folder.name} holds a slice twice", found=f"{ordered[0]} and {ordered[1]}", remedy="Keep one of them"
        )
    if len(running) > 1:
        raise InputError(
            f"{folder.name} holds slices of more than one stack",
            found=f"{ordered[0]} and {ordered[-1]}, which differ in more than one number",
            remedy="Keep one stack in a folder",
        )
    digits = groups[running[0]]
    for earlier, later, before, after in zip(ordered, ordered[1:], digits, digits[1:], strict=False):
        if int(before) == int(after):
            raise InputError(
                f"{folder.name} holds a slice twice", found=f"{earlier} and {later}", remedy="Keep one of them"
            )
    distances = {int(after) - int(before) for before, after in pairwise(digits)}
    if distances not in ({1}, {step}):
        _raise_missing(folder, ordered, [int(number) for number in digits])


def _raise_missing(folder: Path, ordered: Sequence[str], numbers: Sequence[int]) -> None:
    missing = [(before + 1, after - 1) for before, after in pairwise(numbers) if after > before + 1]
    spans = [str(first) if first == last else f"{first} to {last}" for first, last in missing]
    named = ", ".join(spans[:_NAMED]) + (" and more" if len(spans) > _NAMED else "")
    where = next(i for i, (before, after) in enumerate(pairwise(numbers)) if after > before + 1)
    raise InputError(
        f"In {folder.name} a slice is missing between {ordered[where]} and {ordered[where + 1]}",
        expected=f"number {named}",
        remedy="Copy the missing slices, or number the rest without a gap",
    )
