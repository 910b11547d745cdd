"""The layers of ConvLSTM; imports torch, so import it late.

Equation numbers and figures are those of Shi et al. 2015.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from napari_bonemet.forecast.models.convlstm import ConvLstmOptions
from napari_bonemet.forecast.models.recurrent_network import RecurrentSlices
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module


class State(NamedTuple):
    """What a layer remembers, (n, hidden, y, x) each."""

    hidden: Any
    cell: Any


class ConvLstmCell(Module):
    """One layer, one week on (equation 3).

    The weights of the cell in the gates are one for each channel, not one for each place: bone may lie anywhere.
    """

    def __init__(self, channels: int, hidden: int, kernel: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(channels + hidden, 4 * hidden, kernel, padding="same")
        self.peep = nn.Parameter(torch.zeros(3, hidden, 1, 1))
        # Remembering comes first, forgetting is learned.
        nn.init.constant_(self.gates.bias[hidden : 2 * hidden], 1.0)

    def forward(self, x: Any, state: State) -> State:
        """What it remembers after `x` (n, channels, y, x); nothing comes in where that has no channel."""
        taken, forgotten, shown, new = self.gates(torch.cat([x, state.hidden], 1)).chunk(4, 1)
        by_taken, by_forgotten, by_shown = self.peep
        taken = torch.sigmoid(taken + by_taken * state.cell)
        forgotten = torch.sigmoid(forgotten + by_forgotten * state.cell)
        cell = forgotten * state.cell + taken * torch.tanh(new)
        return State(torch.sigmoid(shown + by_shown * cell) * torch.tanh(cell), cell)


class ConvLstm(RecurrentSlices):
    """Encoder and forecaster (figure 3): the forecaster goes on from what the encoder remembers, and sees nothing."""

    def __init__(self, options: ConvLstmOptions) -> None:
        super().__init__(options, options.layers * options.hidden)
        channels = [options.patch**2, *[options.hidden] * (options.layers - 1)]
        self.encoder = nn.ModuleList(ConvLstmCell(n, options.hidden, options.kernel) for n in channels)
        self.forecaster = nn.ModuleList(ConvLstmCell(n, options.hidden, options.kernel) for n in (0, *channels[1:]))
        self.to(memory_format=torch.channels_last)

    def states(self, patches: Sequence[Any]) -> Any:
        """The states of all layers of the forecaster, a week after each of those seen."""
        n, _, *plane = patches[0].shape
        empty = patches[0].new_zeros((n, self.options.hidden, *plane))
        now = [State(empty, empty)] * len(self.encoder)
        after: list[list[State]] = []
        for x in patches:
            now = _onwards(self.encoder, x, now)
            after.append(now)
        # A forecast after each week, all at once.
        began = [State(*(torch.cat(part) for part in zip(*layer, strict=True))) for layer in zip(*after, strict=True)]
        nothing = empty.new_zeros((n * len(patches), 0, *plane))
        ahead = torch.cat([state.hidden for state in _onwards(self.forecaster, nothing, began)], 1)
        return ahead.unflatten(0, (len(patches), n)).transpose(0, 1)


def _onwards(cells: Sequence[Any], x: Any, states: Sequence[State]) -> list[State]:
    """Each layer a week on; what one shows goes into the next."""
    made = []
    for cell, state in zip(cells, states, strict=True):
        made.append(cell(x, state))
        x = made[-1].hidden
    return made
