"""Options of the whole chain: those of its steps, and which steps are taken."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.forecast.ridge import RidgeOptions
from napari_bonemet.options import Between, Doc, Options
from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.processing.register.result import RegistrationOptions
from napari_bonemet.processing.roi import RoiOptions

ForecasterName = Literal["copy-last-week", "ridge", "stvae", "tvae", "tvae-gate"]


@dataclass(frozen=True)
class StudyOptions(Options):
    """One leg from its weekly scans to the figure."""

    skip_registration: Annotated[
        bool, Doc("The weeks are on one grid already. Weeks from a registered folder are never registered again.")
    ] = False
    crop_to_roi: Annotated[bool, Doc("Crop the registered weeks to the region of interest.")] = False
    forecaster: Annotated[
        ForecasterName,
        Doc("What makes the forecast; stvae, tvae and tvae-gate are networks that come with the package."),
    ] = "copy-last-week"
    target_week: Annotated[
        float | None, Doc("The week to forecast, from the weeks before it; the last one scanned when not given.")
    ] = None
    samples: Annotated[int, Doc("Futures to draw; a deterministic forecaster draws one."), Between(1, 1000)] = 1
    seed: Annotated[int, Doc("The same seed gives the same result."), Between(0, 2**31 - 2)] = 0
    diagnose: Annotated[bool, Doc("Look for lesions in every week, by the network that comes with the package.")] = (
        False
    )
    perceptual: Annotated[bool, Doc("Score the forecast by LPIPS, too, where its weights are on this machine.")] = True
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], Doc("Where networks run.")] = "auto"
    registration: Annotated[RegistrationOptions, Doc("How weeks are registered.")] = field(
        default_factory=RegistrationOptions
    )
    roi: Annotated[RoiOptions, Doc("Which region is of interest.")] = field(default_factory=RoiOptions)
    composite: Annotated[CompositeOptions, Doc("How bone formed and lost is told from noise.")] = field(
        default_factory=CompositeOptions
    )
    ridge: Annotated[RidgeOptions, Doc("How the ridge forecaster is fitted.")] = field(default_factory=RidgeOptions)
    figure: Annotated[MontageOptions, Doc("How the figure is drawn.")] = field(default_factory=MontageOptions)
