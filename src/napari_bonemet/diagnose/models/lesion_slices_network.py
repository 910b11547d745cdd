"""The layers of the slice network; imports torch, so import it late."""

from typing import Any

from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module

# Nearly nothing is a lesion at first: with thousands of slices, a network that starts at even odds sees one in each.
_FIRST_BIAS = -2.0
_FIRST_WEIGHT = -2.0


def _block(channels: int, made: int, stride: int = 1) -> Any:
    return nn.Sequential(
        nn.Conv2d(channels, made, 3, stride, 1, bias=False), nn.BatchNorm2d(made), nn.ReLU(inplace=True)
    )


class SliceNetwork(Module):
    """Features of slices, and one head for slices and volumes alike.

    No feature is negative, and no weight of the head is: a slice can only add to the suspicion.
    """

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        a, b, c = width, 2 * width, 4 * width
        self.backbone = nn.Sequential(
            _block(1, a, 2), _block(a, a), _block(a, b, 2), _block(b, b), _block(b, c, 2), _block(c, c)
        )
        self.features = nn.Conv2d(c, c, 1)
        self.dropout = nn.Dropout(dropout)
        self.weight = nn.Parameter(torch.full((c,), _FIRST_WEIGHT))
        self.bias = nn.Parameter(torch.tensor([_FIRST_BIAS]))

    def look(self, slices: Any) -> Any:
        """Slices (n, side, side), 0 to 1, to features (n, channels), none negative: the strongest in the slice."""
        x = slices[:, None].contiguous(memory_format=torch.channels_last)
        return torch.relu(self.features(self.backbone(x))).amax((2, 3)).float()

    def judge(self, features: Any) -> Any:
        """Features (..., channels) of slices, or their maximum over the slices of a volume, to log odds (...)."""
        return self.dropout(features) @ nn.functional.softplus(self.weight) + self.bias
