"""How a long step says how far it is, and is asked to stop.

The core knows this protocol alone; a terminal bar, a napari bar and silence implement it elsewhere.
"""

from dataclasses import dataclass
from typing import Protocol


class Cancelled(Exception):
    """The user asked to stop; nothing was half-written. Deliberately not an error."""


class Progress(Protocol):
    """Listens to one running step. Every call may raise :class:`Cancelled`."""

    def advance(self, fraction: float) -> None:
        """Take note that `fraction` (0 to 1) of the whole step is done."""

    def message(self, text: str) -> None:
        """Show what is being done now, in a few words."""

    def check(self) -> None:
        """Raise :class:`Cancelled` if the user asked to stop; call it inside tight loops."""


class _Silent:
    def advance(self, fraction: float) -> None:
        """Nobody listens."""

    def message(self, text: str) -> None:
        """Nobody listens."""

    def check(self) -> None:
        """Nobody can cancel."""


NO_PROGRESS: Progress = _Silent()


@dataclass(frozen=True)
class PartOf:
    """Progress of a part, shown as the stretch from `start` to `stop` of the whole's bar.

    Examples
    --------
    >>> half = PartOf(NO_PROGRESS, 0.0, 0.5)
    >>> half.advance(1.0)  # the whole is half done
    """

    whole: Progress
    start: float
    stop: float

    def advance(self, fraction: float) -> None:
        """Advance the whole by this part's share."""
        self.whole.advance(self.start + fraction * (self.stop - self.start))

    def message(self, text: str) -> None:
        """Pass the words on."""
        self.whole.message(text)

    def check(self) -> None:
        """Pass the question on."""
        self.whole.check()


@dataclass(frozen=True)
class Reading:
    """A figure that a step reads off while it runs, such as the metric after each iteration."""

    name: str
    value: float


def report(progress: Progress, item: object) -> None:
    """Hand `item` (a :class:`Reading`) to a listener that has a method `report`; the others never see it."""
    while isinstance(progress, PartOf):
        progress = progress.whole
    listener = getattr(progress, "report", None)
    if listener is not None:
        listener(item)


def wants_end(progress: Progress) -> bool:
    """Whether the listener asks a step that betters its result as it goes to end now, and to give what it has.

    A listener without a method `wants_end` never does. Unlike Cancel it leaves a result: a training stops after the
    step at hand, and keeps the best network so far.
    """
    while isinstance(progress, PartOf):
        progress = progress.whole
    asked = getattr(progress, "wants_end", None)
    return bool(asked is not None and asked())
