"""Where everything lies on a figure's page, in inches from its top left corner."""

from dataclasses import dataclass

_EDGE = 0.14
_GAP = 0.1
_TITLE = 0.34
_GROUPS = 0.24
_PANEL_TITLE = 0.22
_BELOW = 0.46
_LEGEND = 0.24
_FOOTER = 0.24
_WIDEST_ROW = 8


@dataclass(frozen=True)
class Box:
    """A rectangle: left, top, width and height in inches, top counted downwards."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Page:
    """The layout of `count` panels of one size.

    Parameters
    ----------
    count : int
        Number of panels.
    columns : int
        Panels in a row; 0 puts up to eight in one.
    width, height : float
        Of one picture, inches.
    grouped : bool
        Whether headings stand over groups of panels.
    """

    count: int
    columns: int
    width: float
    height: float
    grouped: bool

    @property
    def per_row(self) -> int:
        """Panels in a full row."""
        return min(self.columns or _WIDEST_ROW, self.count)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return -(-self.count // self.per_row)

    @property
    def _row_height(self) -> float:
        return (_GROUPS if self.grouped else 0.0) + _PANEL_TITLE + self.height + _BELOW

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page, inches."""
        wide = 2 * _EDGE + self.per_row * self.width + (self.per_row - 1) * _GAP
        return (wide, _TITLE + self.rows * self._row_height + _LEGEND + _FOOTER)

    def picture(self, index: int) -> Box:
        """Where panel `index` is drawn."""
        row, column = divmod(index, self.per_row)
        top = _TITLE + row * self._row_height + (_GROUPS if self.grouped else 0.0) + _PANEL_TITLE
        return Box(_EDGE + column * (self.width + _GAP), top, self.width, self.height)

    def fraction(self, box: Box) -> tuple[float, float, float, float]:
        """`box` as matplotlib wants it: left, bottom, width, height as shares of the page."""
        wide, high = self.size
        return (box.left / wide, 1 - (box.top + box.height) / high, box.width / wide, box.height / high)

    def at(self, left: float, top: float) -> tuple[float, float]:
        """A point in inches as shares of the page."""
        wide, high = self.size
        return (left / wide, 1 - top / high)

    @property
    def title(self) -> tuple[float, float]:
        """Where the title stands (its left end, middle height), shares of the page."""
        return self.at(_EDGE, _TITLE / 2)

    @property
    def legend_top(self) -> float:
        """Middle height of the line that explains the arrows, inches."""
        return self.size[1] - _FOOTER - _LEGEND / 2

    @property
    def footer_top(self) -> float:
        """Middle height of the last line, inches."""
        return self.size[1] - _FOOTER / 2

    @property
    def edge(self) -> float:
        """Empty border, inches."""
        return _EDGE
