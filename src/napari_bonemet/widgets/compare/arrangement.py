"""What was asked to be compared, as it can be asked for again."""

from dataclasses import dataclass

__all__ = ["Arrangement"]


@dataclass(frozen=True)
class Arrangement:
    """What was asked to be seen, as it can be asked for again.

    Parameters
    ----------
    mode : str or None
        A mode of the single view; None for cells.
    layout : str
        Its name.
    keys : tuple of str
        What was ticked.
    difference : bool
        Whether the difference had a cell.
    pair : tuple of str
        The two that were subtracted or laid over each other.
    """

    mode: str | None
    layout: str
    keys: tuple[str, ...]
    difference: bool
    pair: tuple[str, str]
