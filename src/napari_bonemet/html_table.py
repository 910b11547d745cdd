"""Tables of the pages that reports are."""

from collections.abc import Sequence
from html import escape


def html_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str = "", escaped: bool = False) -> str:
    """A table as HTML.

    Parameters
    ----------
    heads : sequence of str
        Of the columns, as plain words.
    rows : sequence of sequence of str
        The cells.
    caption : str
        Above it, as plain words.
    escaped : bool
        Whether the cells are HTML already; else they are plain words.
    """

    def cells(row: Sequence[str], tag: str, *, plain: bool) -> str:
        return "".join(f"<{tag}>{cell if not plain else escape(cell)}</{tag}>" for cell in row)

    body = "".join(f"<tr>{cells(row, 'td', plain=not escaped)}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{cells(heads, 'th', plain=True)}</tr></thead><tbody>{body}</tbody></table>"
