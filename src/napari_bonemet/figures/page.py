"""Where everything lies on a figure's page, in inches from its top left corner."""

from dataclasses import dataclass

EDGE = 0.14


@dataclass(frozen=True)
class Box:
    """A rectangle: left, top, width and height in inches, top counted downwards."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Strip:
    """A row of pictures: how many, and the room for words above and below them, inches."""

    count: int
    head: float
    foot: float


@dataclass(frozen=True)
class Page:
    """Rows of pictures of one size between a title and the last lines.

    Parameters
    ----------
    strips : tuple of Strip
        The rows, from the top.
    width, height : float
        Of one picture, inches.
    gap : float
        Between neighbouring pictures, inches.
    side : float
        Room for words at the left of the rows, inches.
    title, tail : float
        Room for words above all rows, and below, inches.
    """

    strips: tuple[Strip, ...]
    width: float
    height: float
    gap: float
    side: float
    title: float
    tail: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page, inches."""
        count = max(strip.count for strip in self.strips)
        wide = 2 * EDGE + self.side + count * self.width + (count - 1) * self.gap
        return (wide, self.title + sum(self._height(strip) for strip in self.strips) + self.tail)

    def _height(self, strip: Strip) -> float:
        return strip.head + self.height + strip.foot

    def picture(self, row: int, column: int) -> Box:
        """Where a picture is drawn."""
        top = self.title + sum(self._height(strip) for strip in self.strips[:row]) + self.strips[row].head
        return Box(EDGE + self.side + column * (self.width + self.gap), top, self.width, self.height)

    def fraction(self, box: Box) -> tuple[float, float, float, float]:
        """`box` as matplotlib wants it: left, bottom, width, height as shares of the page."""
        wide, high = self.size
        return (box.left / wide, 1 - (box.top + box.height) / high, box.width / wide, box.height / high)

    def at(self, left: float, top: float) -> tuple[float, float]:
        """A point in inches as shares of the page."""
        wide, high = self.size
        return (left / wide, 1 - top / high)

    @property
    def tail_top(self) -> float:
        """Where the last lines begin, inches."""
        return self.size[1] - self.tail
