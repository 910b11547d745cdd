"""A trained forecaster on the animals that were held out, beside copying their last week."""

from collections.abc import Sequence

import numpy as np

from napari_bonemet.cli.table import show_scores
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.cli.train_data import count_legs
from napari_bonemet.forecast.forecaster import Forecaster
from napari_bonemet.metrics.table import ForecastScores, score
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.series import ScanSeries

# More rows than this are summed up alone.
_MOST_ROWS = 12


def score_held_out(
    model: Forecaster,
    legs: Sequence[ScanSeries],
    week: float,
    bone_threshold: float,
    *,
    terminal: Terminal,
    progress: Progress,
    samples: int = 1,
) -> list[ForecastScores]:
    """Forecast `week` of every leg, score it, and tell how it went: the mean of `samples` futures, without LPIPS."""
    scores = []
    for number, leg in enumerate(legs):
        part = PartOf(progress, number / len(legs), (number + 1) / len(legs))
        part.message(f"{leg.leg}: scoring what was held out")
        seen = leg.until(week)
        forecast = model.predict(seen, week, samples=samples, progress=PartOf(part, 0.0, 0.8))
        truth, last = leg.at_week(week), seen[-1]
        scores.append(
            score(forecast.mean, truth, last, model=model.name, bone_threshold=bone_threshold, perceptual=False)
        )
    if scores:
        _tell(scores, samples, terminal)
    return scores


def _tell(scores: Sequence[ForecastScores], samples: int, terminal: Terminal) -> None:
    if len(scores) <= _MOST_ROWS:
        show_scores(terminal, scores)
    gains = np.array([row.psnr - row.copy_psnr for row in scores])
    of = f"the mean of {samples} futures" if samples > 1 else "the forecast"
    terminal.say(
        f"On {count_legs(scores)} held out, {of} is {gains.mean():+.2f} dB from copying the last week "
        f"({gains.min():+.2f} to {gains.max():+.2f}), better on {int((gains > 0).sum())}."
    )
