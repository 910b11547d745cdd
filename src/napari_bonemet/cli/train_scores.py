"""A trained forecaster on the animals that were held out, beside copying their last week."""

from collections.abc import Sequence

from napari_bonemet.cli.table import show_scores
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.study.training import held_out_words

# More rows than this are summed up alone.
_MOST_ROWS = 12


def tell_scores(scores: Sequence[ForecastScores], samples: int, terminal: Terminal) -> None:
    """A table where the legs are few, and one line for all of them; nothing where none was held out."""
    if not scores:
        return
    if len(scores) <= _MOST_ROWS:
        show_scores(terminal, scores)
    terminal.say(held_out_words(scores, samples))
