"""The layers of the response network; imports torch, so import it late."""

from typing import Any

from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module

_PLACES = 3


class ResponseNetwork(Module):
    """Two 3D convolutions, two 3D poolings and two dense layers over (week, row, column).

    Source: Xu et al., Comput Med Imaging Graph 2023, section 2.4 and figure 6, which tells no sizes. Here pictures are
    first averaged over 2 x 2 pixels; both poolings are means and leave the weeks as they are, the second to a grid of
    3 x 3 places, so that the dense layers have few weights for few animals. Batch normalisation, which the paper does
    not name, follows each convolution: unlike that of single legs, it leaves how much bone is lost as it is.
    """

    def __init__(self, channels: int, weeks: int, *, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.AvgPool3d((1, 2, 2)),
            nn.Conv3d(channels, width, 3, padding=1),
            nn.BatchNorm3d(width),
            nn.ReLU(inplace=True),
            nn.AvgPool3d((1, 2, 2)),
            nn.Conv3d(width, 2 * width, 3, padding=1),
            nn.BatchNorm3d(2 * width),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool3d((weeks, _PLACES, _PLACES)),
        )
        size = 2 * width * weeks * _PLACES**2
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(size, hidden), nn.ReLU(inplace=True), nn.Dropout(dropout)
        )
        self.judge = nn.Linear(hidden, 1)

    def forward(self, pictures: Any) -> Any:
        """Pictures (n, channels, weeks, rows, columns) to log odds (n,)."""
        return self.judge(self.dense(self.features(pictures)))[:, 0]
