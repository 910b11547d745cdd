"""How much room words take, so that none is clipped or runs into its neighbour."""

from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

FAMILY = "DejaVu Sans"
_POINTS_PER_INCH = 72.0
_SLACK = 1.03  # letters on a pixel grid are a little wider than their outlines


@lru_cache(maxsize=2048)
def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line of `text` in `size` points, inches."""
    if not text.strip():
        return 0.0
    font = FontProperties(family=FAMILY, weight="bold" if bold else "normal")
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
