"""A backbone of timm as one that makes maps, channels first; imports torch, so import it late."""

from typing import Any

from napari_bonemet.torch_import import import_torch

torch = import_torch()
Module: Any = torch.nn.Module


class MapsOf(Module):
    """The last features of a model before it pools them."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, slices: Any) -> Any:
        """Slices (n, weeks, side, side), 0 to 1, to maps (n, channels, y, x)."""
        # Published weights expect greys about 0: the mean and spread of ImageNet are near these.
        maps = self.model.forward_features((slices - 0.45) / 0.225)
        if maps.ndim != 4:
            raise ValueError(f"{type(self.model).__name__} makes no maps of features, but {tuple(maps.shape)}")
        # Transformers with windows keep their channels last.
        return maps if maps.shape[1] == self.model.num_features else maps.permute(0, 3, 1, 2)
