"""How much room words take, so that none is clipped or runs into its neighbour."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from matplotlib.font_manager import FontProperties, findfont
from matplotlib.textpath import TextPath

from napari_bonemet.errors import InputError

FAMILY = "DejaVu Sans"
SHIPPED = (FAMILY, "DejaVu Serif", "DejaVu Sans Mono", "STIXGeneral")  # they come with matplotlib
_POINTS_PER_INCH = 72.0
_SLACK = 1.03  # letters on a pixel grid are a little wider than their outlines


# Of the figure that is drawn now, in this thread.
_FAMILY = ContextVar("family", default=FAMILY)


@contextmanager
def in_family(family: str) -> Iterator[None]:
    """Measure words in the letters of `family`.

    Raises
    ------
    InputError
        When this machine does not have it: other letters would be taken in silence, and the picture be another.
    """
    try:
        findfont(FontProperties(family=[family]), fallback_to_default=False)
    except (ValueError, OSError) as error:
        raise InputError(
            f"The letters {family[:60]!r} are not on this machine", remedy=f"Take others: {', '.join(SHIPPED)}"
        ) from error
    token = _FAMILY.set(family)
    try:
        yield
    finally:
        _FAMILY.reset(token)


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line of `text` in `size` points, inches."""
    return _width_of(text, size, bold, _FAMILY.get()) if text.strip() else 0.0


@lru_cache(maxsize=2048)
def _width_of(text: str, size: float, bold: bool, family: str) -> float:
    # A letter that the family lacks is drawn in another, as matplotlib does on the page.
    font = FontProperties(family=[family, FAMILY], weight="bold" if bold else "normal")
    return float(TextPath((0, 0), text, size=size, prop=font).get_extents().x1) / _POINTS_PER_INCH * _SLACK


def size_for(text: str, inches: float, size: float, least: float) -> float:
    """The largest font size, `least` to `size` points, in which `text` is no wider than `inches`."""
    wide = width_of(text, size)
    return size if wide <= inches else max(least, size * inches / wide)


def shortened(text: str, inches: float, size: float) -> str:
    """`text`, or as much of its beginning as fits, with an ellipsis."""
    if width_of(text, size) <= inches:
        return text
    while text and width_of(f"{text}…", size) > inches:
        text = text[:-1]
    return f"{text.rstrip()}…"


def wrapped(text: str, inches: float, size: float, *, bold: bool = False) -> list[str]:
    """`text` in lines no wider than `inches`, each as full as can be; a word that is wider keeps its line."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold=bold) <= inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def balanced(text: str, inches: float, size: float) -> list[str]:
    """`text` in as many lines as :func:`wrapped` needs, all about as long."""
    lines = wrapped(text, inches, size)
    narrower = inches
    while len(lines) > 1 and narrower > 0:
        narrower -= 0.02
        other = wrapped(text, narrower, size)
        if len(other) > len(lines):
            break
        lines = other
    return lines
