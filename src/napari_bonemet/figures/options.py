"""How a figure is drawn."""

from dataclasses import dataclass
from typing import Annotated, Literal

from typing_extensions import Doc

from napari_bonemet.figures.palette import CompositeStyle
from napari_bonemet.figures.slices import Plane
from napari_bonemet.options import Between, Options, Unit

Layout = Literal["overview", "futures"]


@dataclass(frozen=True)
class MontageOptions(Options):
    """How a figure is drawn; the same options give the same file, byte for byte."""

    plane: Annotated[Plane, Doc("The plane that is shown.")] = "transverse"
    slice_index: Annotated[
        int | None, Doc("The slice that is shown; the one with the most newly lost bone when not given.")
    ] = None
    layout: Annotated[
        Layout,
        Doc("Overview: all there is of one slice. Futures: a row for each of several slices: weeks, truth, samples."),
    ] = "overview"
    rows: Annotated[int, Doc("Slices in the layout of futures."), Between(1, 12)] = 3
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
    dpi: Annotated[int, Doc("Pixels per inch of PNG and TIFF."), Between(50, 1200)] = 200
