"""What one panel of a figure shows, and a row of them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from napari_bonemet.figures.arrows import Arrow
from napari_bonemet.scan import Scan

PanelKind = Literal["grey", "composite", "difference", "probability", "spread", "volume", "blank"]


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a montage.

    Parameters
    ----------
    scan : Scan
        The volume that is cut.
    title : str
        Above the picture.
    kind : {"grey", "composite", "difference", "probability", "spread", "volume", "blank"}
        Grey values; the codes 0, 60, 180 and 240 of a composite; a signed difference of grey values; a share
        from 0 to 1; a standard deviation of grey values; the shades of a volume seen from outside; nothing, in
        the place of what an animal of a table does not have.
    arrows : tuple of Arrow
        What to point at.
    group : str
        A heading that neighbouring panels of the same group share.
    note : str
        A line below the picture.
    label : str
        What the colour bar counts; the kind's usual words when empty.
    spots : ndarray of bool, (rows, columns), optional
        What arrows point at in the slice shown, and hence must not hide.
    bar : bool
        Whether the legend or colour bar stands below; the last of several rows says it for all.
    most : float, optional
        The largest spread that the colours have to show; that of the slice when None.
    """

    scan: Scan
    title: str
    kind: PanelKind = "grey"
    arrows: tuple[Arrow, ...] = ()
    group: str = ""
    note: str = ""
    label: str = ""
    spots: np.ndarray | None = None
    bar: bool = True
    most: float | None = None


@dataclass(frozen=True, eq=False)
class Row:
    """Panels side by side, all cut at one place.

    Parameters
    ----------
    panels : tuple of Panel
        At least one.
    slice_index : int
        The slice, counted in the scan of the figure's first panel, or in that of `counted_in`.
    label : str
        At the left of the row, upright.
    counted_in : Scan, optional
        A row of another animal counts its slice in a scan of its own, and is centred on its own bone.
    whole : bool
        Show the pictures whole, rather than the bone in them.
    """

    panels: tuple[Panel, ...]
    slice_index: int
    label: str = ""
    counted_in: Scan | None = None
    whole: bool = False
