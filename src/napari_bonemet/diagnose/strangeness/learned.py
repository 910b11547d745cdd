"""What the scans of a training were like, seen by the network that learned from them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.slices import Bag, this_week
from napari_bonemet.diagnose.strangeness.familiar import Cloud, Familiar
from napari_bonemet.diagnose.strangeness.statistics import scan_statistics, slice_statistics

if TYPE_CHECKING:
    pass

# Scans, and slices of each, that are enough to know a cloud.
_MOST_SCANS, _MOST_SLICES = 400, 24


def familiar_with(
    network: Any, bags: Sequence[Bag], others: Sequence[Bag], options: ClassifierOptions, device: str
) -> Familiar:
    """The clouds of a trained network's features and of plain statistics.

    Parameters
    ----------
    network : torch.nn.Module
        Trained.
    bags : sequence of Bag
        What it learned from.
    others : sequence of Bag
        Scans of other animals, which set the limit.
    options, device
        Of the classifier.
    """
    from napari_bonemet.diagnose.training import middle_of, strongest_of

    tables = []
    for group in (_some(bags), _some(others)):
        features = strongest_of(network, group, options, device)
        each = [_statistics(this_week(middle_of(bag, options)), options.bone_threshold) for bag in group]
        tables.append((features.astype(np.float64), np.stack(each)))
    (features, figures), (held_features, held_figures) = tables
    return Familiar(Cloud.of(features, held_features), Cloud.of(figures, held_figures))


def _some(bags: Sequence[Bag]) -> list[Bag]:
    step = -(-len(bags) // _MOST_SCANS)
    return list(bags[::step])


def _statistics(squares: np.ndarray, bone_threshold: float) -> np.ndarray:
    step = -(-len(squares) // _MOST_SLICES)
    return scan_statistics(slice_statistics(squares[::step], bone_threshold))
