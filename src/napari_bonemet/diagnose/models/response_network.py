"""The layers of the response network; imports torch, so import it late."""

from typing import Any

from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module


class ResponseNetwork(Module):
    """Two 3D convolutions, two 3D poolings and two dense layers over (week, row, column).

    Source: Xu et al., Comput Med Imaging Graph 2023, section 2.4 and figure 6. The first pooling leaves the weeks as
    they are, so that the second convolution sees three of them; group normalisation, which the paper does not name,
    stands between convolution and pooling, since batches are small.
    """

    def __init__(self, channels: int, weeks: int, rows: int, columns: int, *, width: int, hidden: int, dropout: float):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv3d(channels, width, 3, padding=1),
            nn.GroupNorm(1, width),
            nn.ReLU(inplace=True),
            nn.MaxPool3d((1, 2, 2)),
            nn.Conv3d(width, 2 * width, 3, padding=1),
            nn.GroupNorm(1, 2 * width),
            nn.ReLU(inplace=True),
            nn.MaxPool3d((2, 2, 2)),
        )
        size = 2 * width * (weeks // 2) * (rows // 4) * (columns // 4)
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(size, hidden), nn.ReLU(inplace=True), nn.Dropout(dropout)
        )
        self.judge = nn.Linear(hidden, 1)

    def forward(self, pictures: Any) -> Any:
        """Pictures (n, channels, weeks, rows, columns) to log odds (n,)."""
        return self.judge(self.dense(self.features(pictures)))[:, 0]
