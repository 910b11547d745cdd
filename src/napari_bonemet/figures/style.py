"""How matplotlib draws for us, whatever the user's own settings say."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

import matplotlib.style

from napari_bonemet.figures.words import FAMILY

# Text stays text in SVG and PDF; ids in SVG do not change from run to run.
STYLE: dict[str, object] = {
    "font.family": "sans-serif",
    "font.sans-serif": [FAMILY],
    "svg.fonttype": "none",
    "svg.hashsalt": "napari-bonemet",
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
}

# matplotlib's settings are the whole process's: a preview and an export at once would draw with each other's.
_ONE_AT_A_TIME = RLock()


@contextmanager
def drawing(family: str = FAMILY) -> Iterator[None]:
    """Draw in our style, in letters of `family`; another thread that draws waits."""
    letters: dict[str, object] = {} if family == FAMILY else {"font.family": [family, FAMILY]}
    with _ONE_AT_A_TIME, matplotlib.style.context(["default", {**STYLE, **letters}]):
        yield
