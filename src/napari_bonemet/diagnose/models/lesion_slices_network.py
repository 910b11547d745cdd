"""The layers of the slice network; imports torch, so import it late."""

from typing import Any

from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module

# Nearly nothing is a lesion at first: with thousands of slices, a network that starts at even odds sees one in each.
_FIRST_BIAS = -2.0
_FIRST_WEIGHT = -2.0
# Convolutions after which maps still tell places apart: each of their values sees 19 voxels, of the last maps' 43.
_PLACED = 4


def _block(channels: int, made: int, stride: int = 1, apart: int = 1) -> Any:
    return nn.Sequential(
        nn.Conv2d(channels, made, 3, stride, apart, apart, bias=False), nn.BatchNorm2d(made), nn.ReLU(inplace=True)
    )


def small_backbone(width: int, channels: int, *, fine: bool = False) -> Any:
    """Six convolutions; an eighth of the side is left, and four times the width in channels.

    A fine one keeps a quarter of the side. Its last convolution reaches twice as far instead, so that each of its
    values sees as much of the slice.
    """
    a, b, c = width, 2 * width, 4 * width
    last = (_block(b, c), _block(c, c, apart=2)) if fine else (_block(b, c, 2), _block(c, c))
    return nn.Sequential(_block(channels, a, 2), _block(a, a), _block(a, b, 2), _block(b, b), *last)


class SliceNetwork(Module):
    """Features of slices, and one head for slices and volumes alike.

    No feature is negative, and no weight of the head is: a slice can only add to the suspicion.
    """

    def __init__(self, backbone: Any, made: int, kept: int, dropout: float = 0.0) -> None:
        """`made` channels come from the backbone, `kept` features are made of them."""
        super().__init__()
        c = kept
        self.backbone = backbone
        self.features = nn.Conv2d(made, c, 1)
        self.dropout = nn.Dropout(dropout)
        self.weight = nn.Parameter(torch.full((c,), _FIRST_WEIGHT))
        self.bias = nn.Parameter(torch.tensor([_FIRST_BIAS]))

    def maps(self, slices: Any) -> Any:
        """Slices (n, side, side) or (n, weeks, side, side), 0 to 1, to features by place (n, channels, y, x)."""
        return self.told(self.placed(slices))

    def placed(self, slices: Any) -> Any:
        """The same slices to maps that still tell places apart (n, channels, y, x).

        Of a backbone of another make they are its last ones: no others are known.
        """
        x = slices if slices.ndim == 4 else slices[:, None]
        return self._halves()[0](x.contiguous(memory_format=torch.channels_last))

    def told(self, placed: Any) -> Any:
        """Features by place (n, channels, y, x), none negative, of what :meth:`placed` makes."""
        return torch.relu(self.features(self._halves()[1](placed))).float()

    def _halves(self) -> tuple[Any, Any]:
        if isinstance(self.backbone, nn.Sequential):
            return self.backbone[:_PLACED], self.backbone[_PLACED:]
        return self.backbone, nn.Identity()

    def look(self, slices: Any) -> Any:
        """The same slices to features (n, channels), none negative: the strongest in the slice."""
        return self.maps(slices).amax((2, 3))

    def judge(self, features: Any) -> Any:
        """Features (..., channels) of slices, or their maximum over the slices of a volume, to log odds (...)."""
        return self.dropout(features) @ self.head() + self.bias

    def head(self) -> Any:
        """What each feature adds to the log odds (channels,), none negative."""
        return nn.functional.softplus(self.weight)
