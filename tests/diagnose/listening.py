"""A progress that keeps what it is told, and may want to stop."""

from typing import Any

from napari_bonemet.progress import Cancelled


class Listener:
    """Stops after so many calls, or never; keeps what it is told."""

    def __init__(self, stop_after: float = float("inf")) -> None:
        self.left = stop_after
        self.fractions: list[float] = []
        self.items: list[Any] = []

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled

    def advance(self, fraction: float) -> None:
        self.check()
        self.fractions.append(fraction)

    def message(self, _text: str) -> None:
        self.check()

    def report(self, item: object) -> None:
        self.items.append(item)
