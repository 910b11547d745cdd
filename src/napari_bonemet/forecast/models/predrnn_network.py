"""The layers of PredRNN; imports torch, so import it late.

Equation numbers are those of Wang et al. 2017.
"""

from collections.abc import Sequence
from typing import Any

from napari_bonemet.forecast.models.predrnn import PredRnnOptions
from napari_bonemet.forecast.models.recurrent_network import RecurrentSlices
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module


class StLstmCell(Module):
    """One layer, one week on: a cell of its own, and the memory that comes from the layer below (equation 4)."""

    def __init__(self, channels: int, hidden: int, kernel: int) -> None:
        super().__init__()
        self.by_input = nn.Conv2d(channels, 7 * hidden, kernel, padding="same")
        self.by_hidden = nn.Conv2d(hidden, 4 * hidden, kernel, padding="same", bias=False)
        self.by_memory = nn.Conv2d(hidden, 3 * hidden, kernel, padding="same", bias=False)
        self.by_both = nn.Conv2d(2 * hidden, hidden, kernel, padding="same", bias=False)
        self.together = nn.Conv2d(2 * hidden, hidden, 1)
        # Remembering comes first, forgetting is learned: of the cell (second), and of the memory (fifth).
        for part in (1, 4):
            nn.init.constant_(self.by_input.bias[part * hidden : (part + 1) * hidden], 1.0)

    def forward(self, x: Any, hidden: Any, cell: Any, memory: Any) -> tuple[Any, Any, Any]:
        """Hidden state, cell and memory after `x` (n, channels, y, x)."""
        width = hidden.shape[1]
        of_cell, of_memory, shown = self.by_input(x).split([3 * width, 3 * width, width], 1)
        more, shown_more = self.by_hidden(hidden).split([3 * width, width], 1)
        cell = _kept(of_cell + more, cell)
        memory = _kept(of_memory + self.by_memory(memory), memory)
        both = torch.cat([cell, memory], 1)
        shown = torch.sigmoid(shown + shown_more + self.by_both(both))
        return shown * torch.tanh(self.together(both)), cell, memory


def _kept(gates: Any, before: Any) -> Any:
    """What is remembered, after what is taken in, what is forgotten and what is new."""
    taken, forgotten, new = gates.chunk(3, 1)
    return torch.sigmoid(forgotten) * before + torch.sigmoid(taken) * torch.tanh(new)


class PredRnn(RecurrentSlices):
    """Layers one above the other; the top layer's memory of a week is the bottom layer's of the next."""

    def __init__(self, options: PredRnnOptions) -> None:
        super().__init__(options, options.hidden)
        channels = [options.patch**2, *[options.hidden] * (options.layers - 1)]
        self.layers = nn.ModuleList(StLstmCell(n, options.hidden, options.kernel) for n in channels)
        self.to(memory_format=torch.channels_last)

    def states(self, patches: Sequence[Any]) -> Any:
        """The hidden states of the top layer after each week."""
        n, _, *plane = patches[0].shape
        memory = patches[0].new_zeros((n, self.options.hidden, *plane))
        hidden, cells = [memory] * len(self.layers), [memory] * len(self.layers)
        top = []
        for patch in patches:
            below = patch
            for level, layer in enumerate(self.layers):
                hidden[level], cells[level], memory = layer(below, hidden[level], cells[level], memory)
                below = hidden[level]
            top.append(below)
        return torch.stack(top, 1)
