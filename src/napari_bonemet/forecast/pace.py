"""How far a training is, and how fast it learns by then."""

import math
import time


def share_done(epochs: float, of: int, began: float, minutes: float) -> float:
    """How much of a training is over, 0 to 1: by epochs or by the clock, whichever is further.

    Parameters
    ----------
    epochs, of : float, int
        Epochs done, and to be done.
    began : float
        ``time.monotonic()`` at the start.
    minutes : float
        The time that it may take; 0 sets no limit.
    """
    elapsed = (time.monotonic() - began) / 60 / minutes if minutes else 0.0
    return min(1.0, max(epochs / of, elapsed))


def pace(share: float, warm_up: float = 0.0) -> float:
    """The learning rate's share of its highest, when `share` of the training is over: up a line, down a cosine."""
    if share < warm_up:
        return max(share / warm_up, 0.01)
    return 0.5 * (1 + math.cos(math.pi * (share - warm_up) / max(1 - warm_up, 1e-9)))
