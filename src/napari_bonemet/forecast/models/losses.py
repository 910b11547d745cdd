"""What networks learn from."""

import math
from typing import Any, NamedTuple

from napari_bonemet.forecast.training_options import TrainingOptions
from napari_bonemet.torch_import import import_torch


class Gaussian(NamedTuple):
    """A diagonal Gaussian, (batch, week, z)."""

    mean: Any
    log_variance: Any

    def draw(self, noise: Any) -> Any:
        """`mean` + standard deviation times `noise`."""
        return self.mean + import_torch().exp(0.5 * self.log_variance) * noise


def edge_aware_loss(drawn: Any, truth: Any, first: Any, *, weight: float, sigma: float) -> Any:
    """Mean of (1 + weight G) (drawn - truth)², with G the first week blurred by a Gaussian.

    Xiong et al., equation 9, which is printed without its square; equation 6 when `weight` is 0.

    Parameters
    ----------
    drawn, truth : tensor, (n, weeks, y, x)
        0 to 1.
    first : tensor, (n, y, x)
        The first week, 0 to 1.
    weight : float
        The paper's lambda.
    sigma : float
        Standard deviation of the Gaussian, voxels.
    """
    error = (drawn - truth) ** 2
    if weight:
        error = error * (1 + weight * blurred(first, sigma)[:, None])
    return error.mean()


def weeks_loss(drawn: Any, weeks: Any, training: TrainingOptions) -> Any:
    """The edge-aware loss of weeks 2 to T; the mask is blurred in the plane, slice by slice, in volumes too.

    Parameters
    ----------
    drawn : tensor, (n, T - 1, z, y, x)
        Weeks 2 to T as they are drawn, 0 to 1.
    weeks : tensor, (n, T, z, y, x)
        All weeks, 0 to 1.
    training : TrainingOptions
        The weight of the mask and its blur.
    """
    mine, true = (part.transpose(1, 2).flatten(0, 1) for part in (drawn, weeks))
    return edge_aware_loss(mine, true[:, 1:], true[:, 0], weight=training.edge_weight, sigma=training.edge_sigma)


def blurred(x: Any, sigma: float) -> Any:
    """`x` (n, y, x) under a Gaussian of `sigma` voxels, cut off at three of them; the border is repeated."""
    torch = import_torch()
    reach = min(max(1, math.ceil(3 * sigma)), min(x.shape[-2:]) - 1)
    at = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)
    kernel = kernel / kernel.sum()
    y = torch.nn.functional.pad(x[:, None], (reach,) * 4, mode="replicate")
    y = torch.nn.functional.conv2d(y, kernel[None, None, :, None])
    return torch.nn.functional.conv2d(y, kernel[None, None, None, :])[:, 0]


def kl_divergence(posterior: Gaussian, prior: Gaussian) -> Any:
    """Divergence of two diagonal Gaussians summed over z, mean over the rest; nats.

    Xiong et al., equation 7; equation 8 is printed for discrete distributions.
    """
    return divergence(posterior, prior).sum(-1).mean()


def divergence(posterior: Gaussian, prior: Gaussian) -> Any:
    """Divergence of two Gaussians in each of their values, nats."""
    torch = import_torch()
    ratio = torch.exp(posterior.log_variance - prior.log_variance)
    way = (posterior.mean - prior.mean) ** 2 * torch.exp(-prior.log_variance)
    return 0.5 * (prior.log_variance - posterior.log_variance + ratio + way - 1)
