"""Whose scan it is, read from the names of its file and of the folders around it.

The published BoneMet layouts differ (``<component>/week N/<id>``, ``<component>/<id> left tibia/week N``,
``871 week 0 left tibia``, ``851L proximal tibia``, ``4. Regist-CT``), so every name is read for whatever it
states, in any case and order, and the names are joined from the inside out.
"""

import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.scan import DAYS_PER_WEEK, Kind, Side

_SUFFIX = re.compile(
    r"\.(nii\.gz|nii|nrrd|nhdr|mha|mhd|tiff?|ome\.zarr|zarr|png|bmp|jpe?g|dcm|log|json|raw|h5|tfm)$", re.IGNORECASE
)
_START, _END = r"(?<![a-z0-9])", r"(?![a-z0-9])"
_NUMBER = r"(\d{1,3}(?:[.,]\d+)?)(?![\d])"
_NOISE = re.compile(rf"{_START}(proximal|distal|\d+[ -]*slices?|ct|scans?|slices?|rec|voi|weeks?){_END}")
_NUMBERED = re.compile(r"^\d+\s*[.)]\s*(?=\D)")
# "w5composite" and "w0w5" run on; "week 3", "wk3" and "day 21" end at a word's end.
_WEEK = re.compile(rf"(?:(?<![a-z0-9])|(?<=w\d)|(?<=w\d\d))(?:week|wk|w)[ -]*{_NUMBER}(?=w\d|composite|{_END})")
_DAY = re.compile(rf"{_START}day[ -]*{_NUMBER}{_END}")
_SIDE = re.compile(rf"{_START}(left|right|l|r){_END}")
_SIDE_BEHIND_ID = re.compile(rf"{_START}(\d+)([lr]){_END}")
_PART = re.compile(rf"{_START}(tibiae?|tibias|femur|femora|femurs|spine|hind[ -]*limbs?){_END}")
_KINDS: tuple[tuple[Kind, str], ...] = (
    (Kind.COMPOSITE, r"composites?"),
    (Kind.RECON, r"recon(?:structed|struction)?"),
    (Kind.SEG, r"seg(?:mented|mentation)?"),
    (Kind.REGIST, r"regist(?:ered|ration)?"),
    (Kind.ROI, r"roi"),
)
_KIND = {kind: re.compile(rf"(?:{_START}|(?<=\d)){word}(?:[ -]*ct)?{_END}") for kind, word in _KINDS}
_BARE_ID = re.compile(r"(?:(?:mouse|animal|subject|synthetic|rat|id)[ -]*#?)?\d{1,6}", re.IGNORECASE)

# A scan lies at most this deep below the component of its layout: component / week / leg / slices.
_LEVELS = 4
_DISPUTED = ("subject", "side", "week", "part")


@dataclass(frozen=True)
class NameParts:
    """What names state; None where they are silent.

    Parameters
    ----------
    subject : str, optional
        The animal, "871".
    side : {"left", "right"}, optional
        Which leg.
    week : float, optional
        Weeks since inoculation ("day 21" is week 3).
    kind : Kind, optional
        The component of the dataset.
    part : str, optional
        "tibia", "femur", "spine" or "hindlimb".
    """

    subject: str | None = None
    side: Side | None = None
    week: float | None = None
    kind: Kind | None = None
    part: str | None = None

    @property
    def day(self) -> float | None:
        """Days since inoculation."""
        return None if self.week is None else self.week * DAYS_PER_WEEK


def name_parts(path: str | Path, *, root: str | Path | None = None) -> NameParts:
    """What the name of `path` and of the folders above it state, the innermost statement winning.

    Parameters
    ----------
    path : path
        A file or folder; it need not exist.
    root : path, optional
        The study's folder. Names inside it that contradict each other raise a warning; it and the folders
        above it only fill in what the names inside leave open.

    Raises
    ------
    InputError
        When `path` is not inside `root`.

    Warns
    -----
    UserWarning
        When two names contradict each other; the inner one is believed.
    """
    place = Path(os.path.abspath(path))  # noqa: PTH100 -- resolve() would replace names by what links point to
    inner = _LEVELS - 1
    if root is not None:
        inner = len(inside(path, root).relative_to(os.path.abspath(root)).parts)  # noqa: PTH100
    parts = NameParts()
    levels = [place, *place.parents][: max(_LEVELS, inner)]
    for level, folder in enumerate(levels):
        within_week = level + 1 < len(levels) and parts_of_name(levels[level + 1].name).week is not None
        stated = parts_of_name(folder.name, within_week=within_week)
        if level < inner:
            _warn_of_contradictions(parts, stated, path)
        parts = _fill(parts, stated)
    return parts


def inside(path: str | Path, root: str | Path) -> Path:
    """`path` as an absolute path, once it is certain that it does not leave `root`, by ``..`` or by a link.

    Raises
    ------
    InputError
        When it does.
    """
    place, home = Path(os.path.abspath(path)), Path(os.path.abspath(root))  # noqa: PTH100
    if not place.is_relative_to(home) or not place.resolve().is_relative_to(home.resolve()):
        raise InputError(
            f"{path} points outside its folder {root}",
            found=str(place.resolve()),
            remedy="Copy the data into the folder, or name its own folder",
        )
    return place


def safe_name(name: str) -> str:
    """`name`, once it is certain that it can be the name of one file or folder.

    Raises
    ------
    InputError
        When it is empty, hidden, or would lead to another folder.
    """
    if not name.strip() or name.startswith(".") or re.search(r'[/\\:*?"<>|\x00-\x1f]', name):
        raise InputError(
            f"{name!r} cannot be the name of a file or folder",
            expected='a name that does not begin with a dot and holds none of / \\ : * ? " < > |',
        )
    return name


def week_name(day: float) -> str:
    """The name of a week's folder or file: "week 3", or "day 10", which "week 1.42857" would make day 9.99999."""
    week = day / DAYS_PER_WEEK
    return f"week {week:g}" if week.is_integer() else f"day {day!r}".removesuffix(".0")


def parts_of_name(name: str, *, within_week: bool = False) -> NameParts:
    """What one name states by itself; `within_week` when the folder around it is a week's."""
    text = _NUMBERED.sub("", _SUFFIX.sub("", name)).replace("_", " ")
    lower = text.lower()
    spans: list[tuple[int, int]] = [found.span() for found in _NOISE.finditer(lower)]
    kind = next((kind for kind, pattern in _KIND.items() if pattern.search(lower)), None)
    if kind is not None:
        spans += [found.span() for pattern in _KIND.values() for found in pattern.finditer(lower)]
    week, week_spans = _week(lower)
    side, side_spans = _side(lower)
    part_found = _PART.search(lower)
    spans += week_spans + side_spans + ([part_found.span()] if part_found else [])
    strong = bool(week_spans or side_spans or part_found or within_week)
    pieces = list(_pieces(text, spans))
    subject = None if kind is not None and not (side or part_found) else _subject(pieces, strong, side is not None)
    return NameParts(subject, side, week, kind, _part(part_found))


def _week(lower: str) -> tuple[float | None, list[tuple[int, int]]]:
    weeks, days = list(_WEEK.finditer(lower)), list(_DAY.finditer(lower))
    numbers = [float(found[1].replace(",", ".")) for found in weeks]
    numbers += [float(found[1].replace(",", ".")) / DAYS_PER_WEEK for found in days]
    # "w0w5composite" tells of two weeks; the scan is what became of the first by the last.
    return (max(numbers) if numbers else None), [found.span() for found in weeks + days]


def _side(lower: str) -> tuple[Side | None, list[tuple[int, int]]]:
    found = _SIDE.search(lower)
    # A lone letter is a side only beside an animal or a bone: "871 L", not the folder "r".
    if found and (len(found[1]) > 1 or re.search(r"\d", lower) or _PART.search(lower)):
        return _as_side(found[1]), [found.span()]
    behind = _SIDE_BEHIND_ID.search(lower)
    if behind:
        return _as_side(behind[2]), [behind.span(2)]
    return None, []


def _as_side(word: str) -> Side:
    return "left" if word.startswith("l") else "right"


def _part(found: re.Match[str] | None) -> str | None:
    return None if found is None else {"ti": "tibia", "fe": "femur", "sp": "spine", "hi": "hindlimb"}[found[1][:2]]


def _pieces(text: str, spans: list[tuple[int, int]]) -> Iterator[str]:
    start = 0
    for begin, end in [*sorted(spans), (len(text), len(text))]:
        if begin >= start:
            yield text[start:begin].strip(" -,.;")
        start = max(start, end)


def _subject(pieces: list[str], strong: bool, has_side: bool) -> str | None:
    """The piece of a name that is left when all else is understood; numbers first, words only beside a side."""
    numbered = [piece for piece in pieces if re.search(r"\d", piece)]
    if strong and numbered:
        return numbered[0]
    if has_side:
        return next((piece for piece in pieces if piece), None)
    return next((piece for piece in pieces if _BARE_ID.fullmatch(piece)), None)


def _fill(known: NameParts, stated: NameParts) -> NameParts:
    missing = {f.name: getattr(stated, f.name) for f in fields(known) if getattr(known, f.name) is None}
    return replace(known, **missing)


def _warn_of_contradictions(inner: NameParts, outer: NameParts, path: str | Path) -> None:
    for name in _DISPUTED:
        one, other = getattr(inner, name), getattr(outer, name)
        if one is None or other is None or other in (one, "hindlimb"):
            continue
        if name == "subject" and outer.side is None and outer.part is None:
            continue  # a folder named by a bare number may be a year, a batch, a project
        values = [f"{value:g}" if isinstance(value, float) else value for value in (one, other)]
        warnings.warn(
            f"{path}: its own name says {name} {values[0]}, a folder around it says {name} {values[1]}; "
            f"{values[0]} is taken",
            stacklevel=3,
        )
