"""How a generator and a discriminator learn against each other."""

from collections.abc import Mapping
from typing import Any

from napari_bonemet.forecast.compose import compose, resized
from napari_bonemet.forecast.learner import Learner, descend
from napari_bonemet.forecast.models.losses import weeks_loss
from napari_bonemet.forecast.training_options import TrainingOptions
from napari_bonemet.torch_import import import_torch

# The discriminator waits where it is right more often than this: or the generator learns nothing from it (3D-GAN).
_TOO_GOOD = 0.8
_BETAS = (0.5, 0.999)


class GanLearner(Learner):
    """Two Adams in turn: the discriminator's, then the generator's.

    The generator lessens its distance from the true week and, by a small weight, what tells its weeks from true
    ones (Isola et al. 2017; the discriminator's pace after Wu et al. 2016).

    Parameters
    ----------
    network : Gan3d
        The generator.
    training : TrainingOptions
        How both learn.
    """

    def __init__(self, network: Any, training: TrainingOptions) -> None:
        from napari_bonemet.forecast.models.gan_3d_network import Discriminator

        super().__init__(network, training)
        torch, rate = import_torch(), training.learning_rate
        device = next(network.parameters()).device
        self.discriminator: Any = Discriminator(network.options).to(device)
        self.optimiser = torch.optim.Adam(network.parameters(), lr=rate, betas=_BETAS)
        self.other = torch.optim.Adam(self.discriminator.parameters(), lr=rate, betas=_BETAS)

    @property
    def optimisers(self) -> tuple[Any, ...]:
        """The generator's, and the discriminator's."""
        return (self.optimiser, self.other)

    @property
    def companions(self) -> Mapping[str, Any]:
        """The discriminator."""
        return {"discriminator": self.discriminator}

    def step(self, weeks: Any, gaps: Any, share: float, pace: float) -> tuple[float, float, float]:
        """Learn from weeks (n, seen + 1, z, y, x), 0 to 1; the generator's loss, its distance, and no divergence."""
        torch, options = import_torch(), self.network.options
        for group in (*self.optimiser.param_groups, *self.other.param_groups):
            group["lr"] = self.rate(share, pace)
        last, truth = weeks[:, -2], weeks[:, -1]
        with torch.autocast(weeks.device.type, torch.bfloat16, enabled=self.training.half_precision):
            noise = torch.randn((len(weeks), options.z_dim), device=weeks.device)
            maps = self.network.future(self.network.see(weeks[:, :-1], gaps), noise)
            drawn = compose(maps, last)
            small, true, mine = (resized(each[:, None], options.size)[:, 0] for each in (last, truth, drawn))
            self._discriminate(small, true, mine.detach())
            distance = self._distance(drawn, weeks)
            fooled = _cross_entropy(self.discriminator(small, mine), 1.0)
            loss = distance + options.adversarial * fooled
        descend(self.optimiser, loss, self.network)
        return float(loss.detach()), float(distance.detach()), 0.0

    def _distance(self, drawn: Any, weeks: Any) -> Any:
        if self.network.options.distance == "l1":
            return (drawn - weeks[:, -1]).abs().mean()
        torch = import_torch()
        # The mask is the first week's, as for every network.
        return weeks_loss(drawn[:, None], torch.stack([weeks[:, 0], weeks[:, -1]], 1), self.training)

    def _discriminate(self, last: Any, true: Any, mine: Any) -> None:
        """One step of the discriminator, unless it tells them apart too well already."""
        of_true, of_mine = self.discriminator(last, true), self.discriminator(last, mine)
        right = 0.5 * ((of_true > 0).float().mean() + (of_mine < 0).float().mean())
        if float(right) > _TOO_GOOD:
            return
        loss = 0.5 * (_cross_entropy(of_true, 1.0) + _cross_entropy(of_mine, 0.0))
        descend(self.other, loss, self.discriminator)


def _cross_entropy(logits: Any, truth: float) -> Any:
    torch = import_torch()
    wanted = torch.full_like(logits, truth)
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted)
