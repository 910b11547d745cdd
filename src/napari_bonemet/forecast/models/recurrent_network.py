"""What networks of recurrent convolutions share: slices in patches, the next week after every week; imports torch."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from napari_bonemet.forecast.compose import compose, resized
from napari_bonemet.forecast.learner import Terms
from napari_bonemet.forecast.models.dcgan_network import GATE_BIAS
from napari_bonemet.forecast.models.losses import weeks_loss
from napari_bonemet.forecast.models.recurrent import RecurrentOptions
from napari_bonemet.forecast.training_options import TrainingOptions
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module


class RecurrentSlices(Module, ABC):
    """Forecasts the next week after every week seen; knows one future only.

    Parameters
    ----------
    options : RecurrentOptions
        Its shape.
    states : int
        Channels from which the maps are drawn, by a 1 x 1 convolution.
    """

    def __init__(self, options: RecurrentOptions, states: int) -> None:
        super().__init__()
        self.options = options
        area = options.patch**2
        self.out = nn.Conv2d(states, options.channels * area, 1)
        if options.output == "gate":
            nn.init.constant_(self.out.bias[:area], GATE_BIAS)

    @abstractmethod
    def states(self, patches: Sequence[Any]) -> Any:
        """Weeks of patches, (n, patch², y, x) each, to the states after each week, (n, T, states, y, x)."""

    def forward(self, weeks: Any) -> Any:
        """Weeks (n, T, size, size) to the maps of weeks 2 to T + 1, (n, T, channels, size, size)."""
        patch = self.options.patch
        tiles = nn.functional.pixel_unshuffle(weeks[:, :, None], patch)
        layout = torch.channels_last
        states = self.states([tile.contiguous(memory_format=layout) for tile in tiles.unbind(1)])
        maps = nn.functional.pixel_shuffle(self.out(states.flatten(0, 1)), patch)
        return maps.view(*weeks.shape[:2], *maps.shape[1:])

    def terms(self, weeks: Any, gaps: Any, training: TrainingOptions, share: float) -> Terms:
        """The loss of a batch (n, T, 1, y, x), every week after the first one forecast from those before it."""
        del gaps, share
        maps = self(resized(weeks[:, :-1], self.options.size)[:, :, 0])
        last = weeks[:, :-1].flatten(0, 1)
        drawn = compose(maps.flatten(0, 1)[:, :, None], last).view_as(weeks[:, 1:])
        loss = weeks_loss(drawn, weeks, training)
        return Terms(loss, loss, loss.new_zeros(()))

    def see(self, weeks: Any, gaps: Any) -> Any:
        """Squares (n, seen, 1, y, x), 0 to 1, to the maps of the next week, (n, channels, 1, size, size)."""
        del gaps
        return self(resized(weeks, self.options.size)[:, :, 0])[:, -1, :, None]

    def future(self, seen: Any, noise: Any) -> Any:
        """The maps of the next week, which no noise changes."""
        del noise
        return seen

    def noise(self, shape: Sequence[int], generator: Any, device: Any = "cpu") -> Any:
        """Nothing is drawn by chance."""
        del generator
        return torch.zeros((shape[0], 1), device=device)
