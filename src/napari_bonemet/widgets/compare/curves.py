"""How alike two volumes are, slice by slice: PSNR, SSIM, LPIPS, and how far the newly lost bone overlaps."""

from collections.abc import Callable, Sequence

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.metrics.lesions import dice, newly_lost_bone
from napari_bonemet.metrics.perceptual import lpips_distance
from napari_bonemet.metrics.similarity import psnr, ssim
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.widgets.compare.items import Item
from napari_bonemet.widgets.futures_drawn import BONE_THRESHOLD
from napari_bonemet.widgets.looks import grey_limits

__all__ = ["CURVES", "LESIONS", "LPIPS", "PSNR", "SSIM", "curve"]

PSNR, SSIM, LPIPS, LESIONS = "PSNR, dB", "SSIM", "LPIPS", "lesion overlap, Dice"
CURVES = (PSNR, SSIM, LPIPS, LESIONS)
_MEASURES: dict[str, Callable[..., float]] = {PSNR: psnr, SSIM: ssim}


def curve(
    measure: str, pair: tuple[Item, Item], items: Sequence[Item] = (), progress: Progress = NO_PROGRESS
) -> np.ndarray:
    """One value for each slice; not a number, or infinite, where there is none.

    Parameters
    ----------
    measure : {"PSNR, dB", "SSIM", "LPIPS", "lesion overlap, Dice"}
        What is measured.
    pair : tuple of Item
        What is predicted, and what it is held to.
    items : sequence of Item
        Among them the last seen week, which newly lost bone is counted from.

    Returns
    -------
    ndarray of float, (z,)

    Raises
    ------
    InputError
        When there is no week that bone could have been lost since, or slices are too small.
    MissingWeightsError
        When LPIPS has no weights.
    """
    first, second = (item.scan.to_numpy() for item in pair)
    low, high = grey_limits([item.scan for item in pair])
    reach = max(high - low, 1e-6)
    if measure == LPIPS:
        return lpips_distance(first, second, data_range=reach, progress=progress)
    if measure == LESIONS:
        return _lesions(first, second, _before(pair, items), progress)
    values = np.empty(len(first))
    for z, (one, other) in enumerate(zip(first, second, strict=True)):
        progress.advance(z / len(first))
        values[z] = _MEASURES[measure](one, other, data_range=reach)
    return values


def _before(pair: tuple[Item, Item], items: Sequence[Item]) -> np.ndarray:
    """The week that bone is lost since: the last one seen, or the first where nothing is forecast."""
    weeks = [item for item in items if item.is_week]
    seen = next((item for item in weeks if item.is_last_seen), weeks[0] if weeks else None)
    if seen is None or any(seen.key == item.key for item in pair):
        raise InputError(
            "Newly lost bone is counted from a week before both",
            expected="two volumes after the last seen week, the predicted and the true one for example",
            found=" and ".join(item.label for item in pair),
            remedy="Choose two others below the cells",
        )
    return seen.scan.to_numpy()


def _lesions(first: np.ndarray, second: np.ndarray, before: np.ndarray, progress: Progress) -> np.ndarray:
    bone = before > BONE_THRESHOLD
    progress.advance(0.2)
    lost = [newly_lost_bone(volume > BONE_THRESHOLD, bone, opening=1) for volume in (first, second)]
    progress.advance(0.8)
    found = [dice(one, other) for one, other in zip(*lost, strict=True)]
    return np.array([np.nan if value is None else value for value in found])
