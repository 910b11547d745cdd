"""What the response network has to be better than: a threshold on one measure, and a logistic regression on a few."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from napari_bonemet.diagnose.logistic import LogisticRule
from napari_bonemet.diagnose.response.cases import ResponseCase

__all__ = ["BASELINES", "baseline_opinions"]

# By title, the measures of a leg. With one measure the regression is a threshold: its probability is one half where
# both kinds of legs balance.
BASELINES: Mapping[str, Callable[[ResponseCase], np.ndarray]] = {
    "bone volume, first to last week": lambda case: np.array([case.bone.kept]),
    "volume and grey of bone, each week": lambda case: case.bone.row,
}


def baseline_opinions(learned: Sequence[ResponseCase], asked: Sequence[ResponseCase]) -> Mapping[str, np.ndarray]:
    """What each baseline, fitted to some legs, says of others: probabilities (asked,) of a response, by title."""
    truth = [case.responds for case in learned]
    return {
        title: LogisticRule.fit([measures(case) for case in learned], truth).probability(
            [measures(case) for case in asked]
        )
        for title, measures in BASELINES.items()
    }
