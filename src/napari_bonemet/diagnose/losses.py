"""What the classifier learns from; torch comes late."""

from typing import Any

from napari_bonemet.torch_import import import_torch


def lesion_loss(
    log_odds: Any, lesion: Any, *, smoothing: float = 0.0, gamma: float = 0.0, weights: tuple[float, float] = (1.0, 1.0)
) -> Any:
    """Mean cross-entropy, its labels smoothed and its easy cases played down.

    Parameters
    ----------
    log_odds : tensor, (n,)
        What the network says.
    lesion : tensor, (n,)
        1 where there is a lesion, else 0.
    smoothing : float
        The label y is taught as ``y (1 - smoothing) + smoothing / 2`` (BoneMet supplementary, section D).
    gamma : float
        Each case is weighed by ``(1 - p)^gamma``, with p the probability given to what is true: focal loss (the
        same section, after Lin et al. 2017, equation 4).
    weights : (float, float)
        Of cases without and with a lesion.
    """
    torch = import_torch()
    plain = torch.nn.functional.binary_cross_entropy_with_logits
    loss = plain(log_odds, lesion * (1 - smoothing) + smoothing / 2, reduction="none")
    if gamma:
        loss = loss * (1 - torch.exp(-plain(log_odds, lesion, reduction="none"))) ** gamma
    weight = weights[0] + (weights[1] - weights[0]) * lesion
    return (weight * loss).sum() / weight.sum()
