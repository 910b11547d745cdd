"""A trained forecaster on the animals that were held out, beside copying their last week."""

from collections.abc import Sequence

import numpy as np

from napari_bonemet.cli.table import show_scores
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.study.holding_out import count_legs

# More rows than this are summed up alone.
_MOST_ROWS = 12


def tell_scores(scores: Sequence[ForecastScores], samples: int, terminal: Terminal) -> None:
    """A table where the legs are few, and one line for all of them; nothing where none was held out."""
    if not scores:
        return
    if len(scores) <= _MOST_ROWS:
        show_scores(terminal, scores)
    gains = np.array([row.psnr - row.copy_psnr for row in scores])
    of = f"the mean of {samples} futures" if samples > 1 else "the forecast"
    terminal.say(
        f"On {count_legs(scores)} held out, {of} is {gains.mean():+.2f} dB from copying the last week "
        f"({gains.min():+.2f} to {gains.max():+.2f}), better on {int((gains > 0).sum())}."
    )
