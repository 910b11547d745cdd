"""What a network is held against: bone volume with a threshold, a regression on bone measures, slices one by one."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import optimize

from napari_bonemet.diagnose.measures import calibration

Row = dict[str, Any]
# Gives of each row a score that is called a lesion from 0.
Scorer = Callable[[Sequence[Row]], np.ndarray]


def lesion_of(rows: Sequence[Row]) -> np.ndarray:
    """Whether each scan truly shows a lesion."""
    return np.array([row["lost_mm3"] > 0 for row in rows])


def volume_change(known: Sequence[Row]) -> Scorer:
    """Share of the first week's bone that is gone, above the threshold of the best balanced accuracy on `known`."""
    ill, lost = lesion_of(known), _gone(known)
    balanced = [((lost[ill] >= at).mean() + (lost[~ill] < at).mean()) / 2 for at in np.unique(lost)]
    threshold = np.unique(lost)[int(np.argmax(balanced))]
    return lambda rows: _gone(rows) - threshold


def _gone(rows: Sequence[Row]) -> np.ndarray:
    return np.array([1 - row["measures"][0] / row["first"][0] for row in rows])


def regression(known: Sequence[Row]) -> Scorer:
    """Logistic regression on the bone measures and their change since the first week, both kinds weighed alike."""
    table, ill = _table(known), lesion_of(known)
    mean, scale = table.mean(axis=0), table.std(axis=0) + 1e-9
    weight = np.where(ill, 0.5 / ill.sum(), 0.5 / (~ill).sum())

    def columns(rows: np.ndarray) -> np.ndarray:
        return np.column_stack([np.clip((rows - mean) / scale, -6, 6), np.ones(len(rows))])

    x, sign = columns(table), np.where(ill, 1.0, -1.0)

    def cost(at: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (x @ at)
        pull = 1e-3 * np.r_[at[:-1], 0]
        slope = -(x * (weight * sign / (1 + np.exp(np.clip(margin, -500, 500))))[:, None]).sum(axis=0)
        return float((weight * np.logaddexp(0, -margin)).sum() + 0.5 * at @ pull), slope + pull

    at = optimize.minimize(cost, np.zeros(x.shape[1]), jac=True).x
    return lambda rows: columns(_table(rows)) @ at


def _table(rows: Sequence[Row]) -> np.ndarray:
    now, first = (np.array([row[name] for row in rows]) for name in ("measures", "first"))
    return np.column_stack([now, now - first])


def slice_by_slice(known: Sequence[Row], name: str) -> Scorer:
    """Mean log odds over the slices, calibrated on `known`: no maximum anywhere."""

    def mean(rows: Sequence[Row]) -> np.ndarray:
        return np.array([row[name]["mean_log_odds"] for row in rows])

    factor, shift = calibration(mean(known), lesion_of(known))
    return lambda rows: factor * mean(rows) + shift


def network(name: str) -> Scorer:
    """The log odds of a classifier, as it says them."""

    def said(rows: Sequence[Row]) -> np.ndarray:
        p = np.clip([row[name]["probability"] for row in rows], 1e-7, 1 - 1e-7)
        return np.log(p) - np.log1p(-p)

    return said
