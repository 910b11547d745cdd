"""``napari-bonemet evaluate``: score forecasts against the true week; of a classifier, see `evaluate_classifier`."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.series import ScanSeries

ABOUT = """Score each leg's forecast against the true week, with copying the last week in the same row.

With --checkpoint a trained classifier is scored instead; `evaluate --checkpoint FILE --help` shows its flags.

Example: napari-bonemet evaluate --predicted forecasts --truth registered --week 3 --out metrics.csv"""
STEPS = ()


@dataclass(frozen=True)
class Arguments:
    """What to compare."""

    predicted: Annotated[Path, Doc("The folder that `predict` or `run` wrote.")]
    truth: Annotated[Path, Doc("A folder of registered weeks that holds the true week and one before it.")]
    week: Annotated[float | None, Doc("The true week; the forecast's own when not given.")] = None
    bone_threshold: Annotated[float, Doc("Bone is above this grey value.")] = 75.0
    perceptual: Annotated[bool, Doc("Score by LPIPS, too, where its weights are on this machine.")] = True
    common: EveryCommand = field(default_factory=Common)


def chosen_by(argv: Sequence[str]) -> Any:
    """The command that `argv` asks for: a classifier is named by its checkpoint, forecasts by their folder."""
    given = any(word.split("=", 1)[0] == "--checkpoint" for word in argv)
    return importlib.import_module(f"napari_bonemet.cli.{'evaluate_classifier' if given else 'evaluate'}")


def run(own: Arguments, _chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Score leg after leg, and write one row for each.

    Raises
    ------
    InputError
        When no leg has both a forecast and a true week.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_grey_legs
    from napari_bonemet.cli.table import show_scores
    from napari_bonemet.io.atomic import write_table
    from napari_bonemet.study.found_forecasts import find_forecast

    out = own.common.new_place()
    legs = read_grey_legs(own.truth, own.common, PartOf(progress, 0.0, 0.1))
    rows: list[ForecastScores] = []
    for number, leg in enumerate(legs):
        part = PartOf(progress, 0.1 + 0.9 * number / len(legs), 0.1 + 0.9 * (number + 1) / len(legs))
        place = find_forecast(own.predicted, leg.leg)
        if place is None:
            terminal.warn(f"{leg.leg} has no forecast in {own.predicted}")
            continue
        progress.message(f"{leg.leg}: scoring")
        rows.append(_score(place, leg, own, part))
    if not rows:
        raise InputError(f"{own.predicted} holds no forecast of the legs in {own.truth}")
    write_table(out, [row.as_row() for row in rows])
    show_scores(terminal, rows)
    for note in {row.lpips_note for row in rows if own.perceptual and row.lpips is None}:
        terminal.warn(note)
    terminal.say(f"The table is {out}")
    return {"out": str(out), "rows": [row.as_row() for row in rows]}


def _score(place: Path, leg: ScanSeries, own: Arguments, progress: Progress) -> ForecastScores:
    from napari_bonemet.forecast.output import read_forecast
    from napari_bonemet.metrics.table import score
    from napari_bonemet.study.common import cut_series_to, cut_to, seen_in_every_week
    from napari_bonemet.study.device import choose_device

    forecast = read_forecast(place)
    week = forecast.week if own.week is None else own.week
    if week != forecast.week:
        raise InputError(
            f"{place} is a forecast of another week", expected=f"week {week:g}", found=f"week {forecast.week:g}"
        )
    leg.require_one_grid("Scoring")
    weeks = ScanSeries((*leg.until(week), leg.at_week(week)))
    # A forecast may cover a part of the weeks, and what no scanner saw is no truth; the same box as `run` scores.
    weeks = seen_in_every_week(cut_series_to(weeks, forecast.mean.grid), own.bone_threshold)
    truth, last = weeks[-1], weeks[-2]
    return score(
        cut_to(forecast.mean, truth.grid),
        truth,
        last,
        model=forecast.model,
        bone_threshold=own.bone_threshold,
        perceptual=own.perceptual,
        device=choose_device(own.common.device) if own.perceptual else "cpu",
        progress=progress,
    )
