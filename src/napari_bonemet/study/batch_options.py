"""What a batch does to each leg."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.measure import MeasureOptions
from napari_bonemet.options import Doc, Options
from napari_bonemet.study.options import StudyOptions


@dataclass(frozen=True)
class BatchOptions(Options):
    """What is made of each leg, and how it is written."""

    whole_chain: Annotated[
        bool, Doc("Forecast, score, diagnose and draw, too, each leg by itself, as the command run does.")
    ] = False
    weeks: Annotated[bool, Doc("Write the registered weeks.")] = True
    composites: Annotated[bool, Doc("Lay every later week over the earliest, and write the composites.")] = True
    measures: Annotated[
        bool, Doc("Measure every week, and write a table, plots and statistics of all legs at the end.")
    ] = False
    format: Annotated[Literal["png", "zarr"], Doc("How registered weeks and regions of interest are written.")] = "png"
    study: Annotated[StudyOptions, Doc("How each step works.")] = field(default_factory=StudyOptions)
    measuring: Annotated[MeasureOptions, Doc("How bone is measured.")] = field(default_factory=MeasureOptions)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.whole_chain and self.format != "png":
            raise InputError("The whole chain writes weeks as slices", expected="--format png", found=self.format)
