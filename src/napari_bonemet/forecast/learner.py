"""How a network takes one step of learning; networks that learn otherwise inherit from it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from napari_bonemet.forecast.training_options import TrainingOptions
from napari_bonemet.torch_import import import_torch


class Terms(NamedTuple):
    """What a network makes of a batch: the loss to be lessened, and its parts as plain numbers of the record."""

    loss: Any
    reconstruction: Any
    kl: Any


class Learner:
    """Adam on the network's own loss.

    Parameters
    ----------
    network : torch.nn.Module
        Offers ``terms(weeks, gaps, training, share) -> Terms``.
    training : TrainingOptions
        How it learns.
    """

    def __init__(self, network: Any, training: TrainingOptions) -> None:
        torch = import_torch()
        self.network, self.training = network, training
        self.optimiser = torch.optim.Adam(self.groups(), lr=training.learning_rate, betas=(0.9, 0.999))

    # Whether the last network is kept, not the one that did best: where lessons differ, their scores do too.
    keeps_last = False

    @property
    def optimisers(self) -> tuple[Any, ...]:
        """All that have to be kept when training is to go on later."""
        return (self.optimiser,)

    @property
    def companions(self) -> Mapping[str, Any]:
        """Networks that it teaches by, by name: kept when training is to go on later, and no part of the forecaster."""
        return {}

    def groups(self) -> list[dict[str, Any]]:
        """The weights that learn, in groups; "pace" says by how much faster a group learns than others."""
        return [{"params": list(self.network.parameters()), "pace": 1.0}]

    def rate(self, share: float, pace: float) -> float:
        """The learning rate when `share` of the training is over and the schedule stands at `pace`, 0 to 1."""
        del share
        return self.training.learning_rate * pace

    def step(self, weeks: Any, gaps: Any, share: float, pace: float) -> tuple[float, float, float]:
        """Learn from weeks (n, seen + 1, z, y, x), 0 to 1; loss, reconstruction and divergence in nats."""
        torch = import_torch()
        for group in self.optimiser.param_groups:
            group["lr"] = group["pace"] * self.rate(share, pace)
        with torch.autocast(weeks.device.type, torch.bfloat16, enabled=self.training.half_precision):
            terms = self.network.terms(weeks, gaps, self.training, share)
        descend(self.optimiser, terms.loss, self.network)
        loss, reconstruction, kl = (float(part.detach()) for part in terms)
        return loss, reconstruction, kl


def descend(optimiser: Any, loss: Any, module: Any) -> None:
    """One step of `optimiser` down the slope of `loss`, no steeper than 1 over all weights of `module`."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    import_torch().nn.utils.clip_grad_norm_(module.parameters(), 1.0)
    optimiser.step()
