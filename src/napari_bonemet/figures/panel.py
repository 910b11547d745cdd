"""What one panel of a figure shows."""

from dataclasses import dataclass
from typing import Literal

from napari_bonemet.figures.arrows import Arrow
from napari_bonemet.scan import Scan

PanelKind = Literal["grey", "composite", "difference", "probability"]


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a montage.

    Parameters
    ----------
    scan : Scan
        The volume that is cut.
    title : str
        Above the picture.
    kind : {"grey", "composite", "difference", "probability"}
        Grey values; the codes 0, 60, 180 and 240 of a composite; a signed difference of grey values; a share
        from 0 to 1.
    arrows : tuple of Arrow
        What to point at.
    group : str
        A heading that neighbouring panels of the same group share.
    note : str
        A line below the picture.
    label : str
        What the colour bar counts; the kind's usual words when empty.
    """

    scan: Scan
    title: str
    kind: PanelKind = "grey"
    arrows: tuple[Arrow, ...] = ()
    group: str = ""
    note: str = ""
    label: str = ""
