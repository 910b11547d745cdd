"""Watches that the screen never stands still for long because of us.

A timer of the screen's own thread beats every few milliseconds. While it does not, another thread knocks, and the
screen's thread tells what it is doing as soon as it runs Python again: its stack is looked at by itself alone, since
what another thread holds on to is destroyed there, which Qt's objects do not survive. A block is ours as far as our
code was on the stack and had not handed on to napari's adding and removing of layers, or to drawing, which take longer
here and are told apart.
"""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from qtpy.QtCore import Qt, QTimer

import napari_bonemet

OURS = str(Path(napari_bonemet.__file__).parent)
LONGEST_MS = 200.0
_BEAT_MS, _LOOK_S = 5, 0.005
_KNOCK = signal.SIGUSR1
# Where napari adds and removes layers and builds their controls, and where pictures are drawn.
_APART_FILES = ("/vispy/", "/napari/_vispy/", "/napari/_qt/", "/napari/layers/", "/napari/components/layerlist.py")
_APART_NAMES = {"add_layer", "add_image", "add_labels", "add_plugin_dock_widget", "screenshot", "export_figure"}


@dataclass(frozen=True)
class Block:
    """A while in which the screen stood still.

    Parameters
    ----------
    ms : float
        How long, without the time in which the machine ran something else.
    ours_ms : float
        As far as our code was at work.
    where : str
        Where most of that was: "compare/dock.py:198 _lay_out (120 ms)".
    step : str
        What the test was doing.
    """

    ms: float
    ours_ms: float
    where: str
    step: str

    def __str__(self) -> str:
        return f"{self.step}: {self.ours_ms:.0f} of {self.ms:.0f} ms in {self.where or 'napari'}"


class Watchdog:
    """Looks at the screen's thread; make it there, and stop it there."""

    def __init__(self) -> None:
        self.step = ""
        self.blocks: list[Block] = []
        self._screen = threading.get_ident()
        self._waited = _Waited()
        self._beat, self._delay = time.perf_counter(), self._waited.ms()
        self._seen: Counter[str] = Counter()
        self._told = self._beat
        self._done = threading.Event()
        self._before = signal.signal(_KNOCK, self._tell)
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beats)
        self._timer.start(_BEAT_MS)
        self._thread = threading.Thread(target=self._knock, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._beats()
        self._timer.stop()
        self._done.set()
        self._thread.join()
        signal.signal(_KNOCK, self._before)

    @contextmanager
    def during(self, step: str) -> Iterator[None]:
        """Name what is done meanwhile; what the test itself did before does not count."""
        self._beats()
        self.step = step
        yield
        self._beats()
        self.step = ""

    def too_long(self) -> list[Block]:
        """The blocks that were ours, longest first."""
        return sorted((b for b in self.blocks if b.ours_ms > LONGEST_MS), key=lambda block: -block.ours_ms)

    def apart(self) -> list[Block]:
        """The longest blocks that were not."""
        others = [b for b in self.blocks if b.ours_ms <= LONGEST_MS < b.ms]
        return sorted(others, key=lambda block: -block.ms)

    def _beats(self) -> None:
        now, delay = time.perf_counter(), self._waited.ms()
        ms = (now - self._beat) * 1e3 - (delay - self._delay)
        if ms > LONGEST_MS and self.step:
            self.blocks.append(self._block(ms, now))
        self._beat = self._told = now
        self._delay = delay
        self._seen = Counter()

    def _block(self, ms: float, now: float) -> Block:
        seen = {place: 1e3 * seconds for place, seconds in self._seen.most_common() if place}
        whole = 1e3 * (now - self._beat)
        where = ", ".join(f"{place} ({took:.0f} ms)" for place, took in list(seen.items())[:3])
        # Of the time that the machine ran something else, each has its share.
        return Block(ms, sum(seen.values()) * ms / whole, where, self.step)

    def _knock(self) -> None:
        while not self._done.wait(_LOOK_S):
            if (time.perf_counter() - self._beat) * 1e3 > 4 * _BEAT_MS:
                signal.pthread_kill(self._screen, _KNOCK)

    def _tell(self, _signal: int, frame: FrameType | None) -> None:
        now = time.perf_counter()
        self._seen[whose(frame)] += now - self._told  # type: ignore[assignment]
        self._told = now


class _Waited:
    """How long this thread was ready to run and was not let, by other programs on the machine; Linux alone tells."""

    def __init__(self) -> None:
        self._path = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")

    def ms(self) -> float:
        try:
            return int(self._path.read_text().split()[1]) / 1e6
        except (OSError, IndexError, ValueError):
            return 0.0


def whose(frame: FrameType | None) -> str:
    """The innermost place of ours on a stack, or nothing where we are not on it or have handed on."""
    while frame is not None:
        name, file = frame.f_code.co_name, frame.f_code.co_filename
        if file.startswith(OURS):
            return f"{file[len(OURS) + 1 :]}:{frame.f_lineno} {name}"
        if name in _APART_NAMES or any(part in file for part in _APART_FILES):
            return ""
        frame = frame.f_back
    return ""
