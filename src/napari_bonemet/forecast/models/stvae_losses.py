"""What ST-VAE learns from: the almost fair CRPS of two futures over fields of several sizes; divergence of fields.

Sources: Gneiting and Raftery, J Am Stat Assoc 2007, 102:359-378 (the score); Ferro, Q J R Meteorol Soc 2014,
140:1917-1923 (fair for few members); Lang et al., arXiv:2412.15832 (almost fair).
"""

from typing import Any

from napari_bonemet.forecast.models.losses import Gaussian, divergence
from napari_bonemet.torch_import import import_torch

ALMOST_FAIR = 0.95
# Sides of the cubes that fields are pooled over, voxels, with their weights: errors of pooled fields are smaller.
SCALES = {1: 1.0, 4: 2.0, 8: 4.0}
WHOLE = 2.0
# Weight of the squared error of what infinitely many futures would have as their mean.
MEAN = 5.0


def pair_crps(first: Any, second: Any, truth: Any) -> Any:
    """The almost fair CRPS of two members, mean over all values."""
    skill = 0.5 * ((first - truth).abs() + (second - truth).abs())
    spread = (first - second).abs()
    return (skill - (0.5 * ALMOST_FAIR + 0.25 * (1 - ALMOST_FAIR)) * spread).mean()


def futures_score(first: Any, second: Any, truth: Any) -> Any:
    """The score of two futures (n, z, y, x) on voxels, on pooled fields, and on the sum over the whole block.

    With it the squared error of the mean of infinitely many futures, of which the product of the errors of two is an
    unbiased estimate: the score alone is slow to tell the mean.
    """
    torch = import_torch()
    total: Any = 0.0
    members = [x[:, None].float() for x in (first, second, truth)]
    for side, weight in SCALES.items():
        pooled = members if side == 1 else [torch.nn.functional.avg_pool3d(x, side) for x in members]
        total = total + weight * pair_crps(*pooled)
    total = total + MEAN * ((members[0] - members[2]) * (members[1] - members[2])).mean()
    whole = [x.mean(dim=(1, 2, 3, 4)) for x in members]
    return total + WHOLE * pair_crps(*whole)


def field_kl(posterior: Gaussian, prior: Gaussian | None) -> Any:
    """Divergence of two fields of diagonal Gaussians (n, z, ...), nats for each block, mean over blocks."""
    if prior is None:
        raise ValueError("there is no prior to diverge from")
    return divergence(posterior, prior).flatten(1).sum(1).mean()
