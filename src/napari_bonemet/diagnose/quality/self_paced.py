"""Self-paced learning: from easy slices to hard ones (section 2.2, after Kumar et al. 2010)."""

import math
from typing import Any

import numpy as np

from napari_bonemet.diagnose.quality.options import QualityOptions


def closed_form_weights(losses: Any, threshold: float) -> Any:
    """The weights that minimise ``sum(v * losses) - threshold * sum(v)`` over v in [0, 1] (equations 2 and 3).

    Parameters
    ----------
    losses : tensor or ndarray, (n,)
        Of each slice, with the network as it is.
    threshold : float
        The paper's lambda: a slice with a smaller loss is easy, and is learned from.

    Returns
    -------
    tensor or ndarray, (n,) bool
        1 where the loss is below the threshold, else 0.
    """
    return losses < threshold


class EasyFirst:
    """The threshold over a training: it lets in a growing share of the slices.

    The paper does not say how its lambda grows. Here it is, in each epoch, the quantile of the losses that the slices
    had in the epoch before, so that it follows the network; in the first epoch all are in.

    Parameters
    ----------
    options : QualityOptions
        The shares to begin and to end with, and when the end is reached.
    """

    def __init__(self, options: QualityOptions) -> None:
        self._options = options
        self._seen: list[np.ndarray] = []
        self.threshold = math.inf

    def share(self, done: float) -> float:
        """Which share of the slices is let in when `done` of the training (0 to 1) is over."""
        options = self._options
        way = 1.0 if options.easy_until <= 0 else min(1.0, done / options.easy_until)
        return options.easy_first + (options.easy_last - options.easy_first) * way

    def note(self, losses: np.ndarray) -> None:
        """Take note of the losses of some slices in this epoch."""
        self._seen.append(np.asarray(losses))

    def next_epoch(self, done: float) -> None:
        """Set the threshold for the next epoch by the losses of this one."""
        if self._options.self_paced and self._seen:
            self.threshold = float(np.quantile(np.concatenate(self._seen), self.share(done)))
        self._seen = []
