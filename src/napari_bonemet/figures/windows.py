"""The part of the plane that each row of a figure shows, and the letter that names each panel."""

from collections.abc import Sequence
from itertools import count
from string import ascii_lowercase

from napari_bonemet.figures.options import Letters, MontageOptions
from napari_bonemet.figures.panel import Row
from napari_bonemet.figures.slices import Slice, Window, around_bone

_MARGIN = 0.16


def windows_of(rows: Sequence[Row], slices: Sequence[Sequence[Slice]], options: MontageOptions) -> list[Window]:
    """A window for each row, all of one size, so that all pictures are drawn at one scale.

    Rows of one animal show the same part of the plane; a row that counts its slices in a scan of its own is
    centred on its own bone.
    """
    own = [row.counted_in is not None for row in rows]
    shared = [n for n, alone in enumerate(own) if not alone]
    found = {n: _window([rows[n]], [slices[n]], options) for n in range(len(rows)) if own[n]}
    if shared:
        together = _window([rows[n] for n in shared], [slices[n] for n in shared], options)
        found |= dict.fromkeys(shared, together)
    height = max(window.height for window in found.values())
    width = max(window.width for window in found.values())
    return [_widened(found[n], height, width) for n in range(len(rows))]


def _window(rows: Sequence[Row], slices: Sequence[Sequence[Slice]], options: MontageOptions) -> Window:
    pairs = [pair for row, cuts in zip(rows, slices, strict=True) for pair in zip(row.panels, cuts, strict=True)]
    solid = [picture for panel, picture in pairs if panel.kind == "volume"]
    if any(row.whole for row in rows):
        return slices[0][0].window
    if solid:
        return around_bone(solid, 0.0, _MARGIN / 4)
    if not options.crop_to_bone:
        return slices[0][0].window
    grey = [picture for panel, picture in pairs if panel.kind == "grey"]
    return around_bone(grey or [slices[0][0]], options.bone_threshold, _MARGIN)


def _widened(window: Window, height: float, width: float) -> Window:
    more_height, more_width = (height - window.height) / 2, (width - window.width) / 2
    return Window(
        window.top - more_height, window.bottom + more_height, window.left - more_width, window.right + more_width
    )


def lettered(rows: Sequence[Row], letters: Letters) -> dict[tuple[int, int], str]:
    """The letter of each picture that has one, by its row and column."""
    if letters == "none":
        return {}
    numbers = count()
    return {
        (row, column): _letter(next(numbers))
        for row, drawn in enumerate(rows)
        for column, panel in enumerate(drawn.panels)
        if panel.kind != "blank" and (letters == "panels" or column == 0)
    }


def _letter(number: int) -> str:
    most = len(ascii_lowercase)
    return (
        ascii_lowercase[number % most]
        if number < most
        else _letter(number // most - 1) + ascii_lowercase[number % most]
    )
