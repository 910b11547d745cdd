"""``napari-bonemet figure``: draw weeks, composite, samples of a forecast, truth and difference."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.options import Doc
from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.series import ScanSeries

ABOUT = """Draw each leg's weeks, bone lost and formed, and with --predicted the forecast beside the true week.

Several samples of a forecast are shown with their mean and the share of them that are bone. --layout futures draws
a row for each of several slices: weeks, true week, samples and that share.

--out is a folder, or for a single leg a file (.png, .pdf, .svg, .tiff); beside each figure lies a .json that
says how it was made.

Example: napari-bonemet figure registered --predicted forecasts --out figures

Example: napari-bonemet figure registered --predicted forecasts --layout futures --rows 4 --out futures.pdf"""
STEPS = (MontageOptions, CompositeOptions)


@dataclass(frozen=True)
class Arguments:
    """What to draw."""

    source: Annotated[Positional[Path], Doc("A folder of registered weeks.")]
    predicted: Annotated[Path | None, Doc("The folder that `predict` or `run` wrote.")] = None
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Draw and save every leg's figure.

    Raises
    ------
    InputError
        When the weeks are not on one grid, or the slice asked for is not there.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_grey_legs
    from napari_bonemet.figures.export import FORMATS, save_figure
    from napari_bonemet.io.names import safe_name

    out = own.common.new_place()
    legs = read_grey_legs(own.source, own.common, PartOf(progress, 0.0, 0.1))
    one_file = out.suffix.lower().lstrip(".") in (*FORMATS, "tif")
    if one_file and len(legs) > 1:
        raise InputError(f"{own.source} holds {len(legs)} legs, too many for one file", remedy="Give a folder as --out")
    files: list[str] = []
    for number, leg in enumerate(legs):
        progress.message(f"{leg.leg}: drawing")
        made = _draw(leg, own, chosen, terminal)
        for place in [out] if one_file else [out / f"{safe_name(leg.leg)}{end}" for end in (".png", ".pdf")]:
            files.append(str(save_figure(made.figure, place, made.record)))
            terminal.say(f"{leg.leg}: {place}")
        progress.advance(0.1 + 0.9 * (number + 1) / len(legs))
    return {"out": str(out), "files": files}


def _draw(leg: ScanSeries, own: Arguments, chosen: Chosen, terminal: Terminal) -> Any:
    from napari_bonemet.cli.forecasts import find_forecast
    from napari_bonemet.figures.study import study_figure
    from napari_bonemet.forecast.output import read_forecast
    from napari_bonemet.processing.composite import make_composite
    from napari_bonemet.study.common import cut_forecast_to, cut_series_to, seen_in_every_week

    options, noise = chosen(MontageOptions), chosen(CompositeOptions)
    leg.require_one_grid("A figure")
    forecast = None
    if own.predicted is not None:
        place = find_forecast(own.predicted, leg.leg)
        if place is None:
            terminal.warn(f"{leg.leg} has no forecast in {own.predicted}")
        else:
            forecast = read_forecast(place)
            leg = cut_series_to(leg, forecast.mean.grid)
    leg = seen_in_every_week(leg, options.bone_threshold)
    if forecast is not None:
        forecast = cut_forecast_to(forecast, leg.baseline.grid)
    truth = leg.at_week(forecast.week) if forecast and forecast.week in leg.weeks else None
    later = truth or leg[-1]
    composite = make_composite(leg.baseline, later, options=noise) if later is not leg.baseline else None
    return study_figure(leg, composite, forecast, truth, options=options)
