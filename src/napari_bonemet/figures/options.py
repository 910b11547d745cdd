"""How a figure is drawn."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from typing_extensions import Doc

from napari_bonemet.errors import InputError
from napari_bonemet.figures.palette import CompositeStyle
from napari_bonemet.figures.slices import Plane
from napari_bonemet.figures.theme import Theme
from napari_bonemet.options import Between, Options, Unit

Layout = Literal["overview", "futures", "table"]
Column = Literal[
    "weeks", "composite", "truth", "predicted", "models", "samples", "mean", "probability", "spread", "difference"
]
RowOf = Literal["slices", "animals"]
Choice = Literal["lesions", "failures"]
Letters = Literal["none", "rows", "panels"]

COLUMNS: tuple[Column, ...] = get_args(Column)
# What has a surface, and can be seen from outside.
SOLID: tuple[Column, ...] = ("weeks", "truth", "predicted", "models", "samples", "mean")
# Widths of journals' columns, millimetres.
WIDTHS_MM = {"single column": 85.0, "one and a half columns": 114.0, "double column": 174.0, "whole page": 180.0}


@dataclass(frozen=True)
class MontageOptions(Options):
    """How a figure is drawn; the same options give the same file, byte for byte."""

    plane: Annotated[Plane, Doc("The plane that is shown.")] = "transverse"
    slice_index: Annotated[
        int | None, Doc("The slice that is shown; the one with the most newly lost bone when not given.")
    ] = None
    layout: Annotated[
        Layout,
        Doc(
            "Overview: all there is of one slice. Futures: a row for each of several slices: weeks, truth, samples. "
            "Table: the columns that are asked for, a row for each slice or animal."
        ),
    ] = "overview"
    show: Annotated[tuple[Column, ...], Doc("Columns of the table, from the left.")] = ("weeks", "truth", "predicted")
    row_of: Annotated[
        RowOf, Doc("What a row of the table shows: a slice of one animal, or an animal; one alone is shown by slices.")
    ] = "slices"
    rows: Annotated[int, Doc("Slices in the layouts of futures and of the table."), Between(1, 12)] = 3
    choose: Annotated[
        Choice,
        Doc(
            "Slices taken where none is asked for: with the most newly lost bone, or the most of it predicted wrongly."
        ),
    ] = "lesions"
    as_volumes: Annotated[bool, Doc("Show the table's volumes from outside, shaded, rather than slices.")] = False
    azimuth: Annotated[
        float | None,
        Doc("From where volumes are seen: turned about the bone's axis; to see most of the lost bone when not given."),
        Between(-360, 360),
        Unit("°"),
    ] = None
    elevation: Annotated[
        float, Doc("From where volumes are seen: from above the bone's middle."), Between(-90, 90), Unit("°")
    ] = 15.0
    shown_samples: Annotated[
        int,
        Doc("The most samples of a forecast that are shown, spread from the least bone lost to the most."),
        Between(1, 12),
    ] = 3
    show_spread: Annotated[bool, Doc("Show the samples' standard deviation, too.")] = False
    contrast: Annotated[tuple[float, float], Doc("Grey values drawn black and white.")] = (0.0, 255.0)
    composite_style: Annotated[
        CompositeStyle, Doc("Composites in colours, or in the published grey values 60, 180 and 240.")
    ] = "colour"
    arrows: Annotated[bool, Doc("Arrows: blue on true lesions and hits, red on wrong predictions.")] = True
    arrow_count: Annotated[int, Doc("The most arrows on one panel."), Between(1, 12)] = 4
    arrow_least_pixels: Annotated[int, Doc("Spots smaller than this get no arrow."), Between(1, 1_000_000)] = 4
    lesion_opening: Annotated[
        int, Doc("Losses thinner than twice this plus one are surface noise and get no arrow."), Between(0, 10)
    ] = 1
    verdicts: Annotated[
        tuple[str, ...],
        Doc(
            "Words below the pictures of one leg's weeks, WEEK=WORDS with _ for a space: 3=lesion_0.97; "
            "4p=... stands below what is predicted for week 4."
        ),
    ] = ()
    crop_to_bone: Annotated[bool, Doc("Show the bone and a margin rather than the whole slice.")] = True
    bone_threshold: Annotated[float, Doc("Bone is above this grey value."), Between(0, 65535)] = 75.0
    scale_bar_mm: Annotated[
        float | None, Doc("Length of the scale bar; a round one when not given."), Between(0.001, 1000), Unit("mm")
    ] = None
    columns: Annotated[int, Doc("Panels in a row; 0 takes as many as fit."), Between(0, 24)] = 0
    panel_inches: Annotated[
        float | None,
        Doc("Width of a panel. When not given: 1.75, or what makes a figure of several samples 180 mm wide."),
        Between(0.3, 10),
        Unit("inches"),
    ] = None
    width_mm: Annotated[
        float | None,
        Doc("Width of the whole figure; 85 is a single column of many journals, 114 one and a half, 174 two."),
        Between(20, 1000),
        Unit("mm"),
    ] = None
    theme: Annotated[Theme, Doc("Dark words on light paper, or light words on dark.")] = "light"
    font: Annotated[str, Doc("Family of the letters; one that is not on this machine is refused.")] = "DejaVu Sans"
    font_size: Annotated[
        float, Doc("Size of the panels' titles; all other words in proportion."), Between(3, 30), Unit("pt")
    ] = 7.5
    letters: Annotated[Letters, Doc("A letter for each row, or each panel, to name it by.")] = "none"
    titles: Annotated[bool, Doc("A title above each panel.")] = True
    heading: Annotated[bool, Doc("The title of the whole figure, and the notes below it.")] = True
    scale_bar: Annotated[bool, Doc("A scale bar in the first panel.")] = True
    colour_bars: Annotated[bool, Doc("Colour bars and legends below the panels.")] = True
    dpi: Annotated[int, Doc("Pixels per inch of PNG and TIFF."), Between(50, 1200)] = 200

    @property
    def slices_shown(self) -> int:
        """How many slices of one animal the figure shows."""
        by_slices = self.layout == "table" and self.row_of == "slices" and not self.as_volumes
        return self.rows if self.layout == "futures" or by_slices else 1

    def __post_init__(self) -> None:
        super().__post_init__()
        strangers = [name for name in self.show if name not in COLUMNS]
        if strangers or not self.show or len(set(self.show)) < len(self.show):
            raise InputError(
                "The columns cannot be shown",
                expected=f"each once, from {', '.join(COLUMNS)}",
                found=" ".join(map(str, self.show)) or "none",
            )
        flat = [name for name in self.show if name not in SOLID]
        if self.as_volumes and self.layout == "table" and flat:
            raise InputError(
                f"Volumes seen from outside have no {' and no '.join(flat)}",
                expected=f"columns from {', '.join(SOLID)}",
                remedy="Leave these columns out, or show slices",
            )
        low, high = self.contrast
        if not low < high:
            raise InputError(
                "The contrast cannot be used", expected="a darker and a brighter grey", found=f"{low:g} and {high:g}"
            )
