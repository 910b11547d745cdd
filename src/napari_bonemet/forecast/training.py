"""Training a T-VAE: its options, and the loop."""

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from napari_bonemet.forecast.dataset import TrainingSet
from napari_bonemet.forecast.models.build import build_tvae
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.forecast.pace import pace, share_done
from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.progress import NO_PROGRESS, Progress, report
from napari_bonemet.torch_import import import_torch

_VALIDATION_BATCH = 96
_VALIDATION_SAMPLES = 4


@dataclass(frozen=True)
class TrainingOptions(Options):
    """How the network learns; the defaults are those of the first paper (section 4.2.8) where it gives any."""

    epochs: Annotated[int, Doc("Times that every slice is seen."), Between(1, 10_000)] = 200
    minutes: Annotated[float, Doc("Stop after this time; 0 sets no limit."), Between(0, 1e5), Unit("min")] = 0.0
    patience: Annotated[
        int, Doc("Stop when the validation animals gained nothing for this many epochs."), Between(1, 10_000)
    ] = 30
    batch: Annotated[int, Doc("Slices in a step."), Between(2, 4096)] = 48
    learning_rate: Annotated[float, Doc("Adam's, at the start; it falls to 0 along a cosine."), Between(1e-7, 1)] = (
        0.002
    )
    kl_weight: Annotated[
        float,
        Doc("Weight of the divergence in nats beside the mean squared error of a voxel. 1e-4 empties the latent."),
        Between(0, 1),
    ] = 1e-6
    kl_warmup: Annotated[
        float,
        Doc("Share of the training in which that weight rises from 0, so that the latent is put to use first."),
        Between(0, 1),
    ] = 0.3
    edge_weight: Annotated[
        float, Doc("Weight of the edge mask, lambda; 0 is the plain squared error."), Between(0, 10)
    ] = 1.0
    edge_sigma: Annotated[float, Doc("Blur of the edge mask."), Between(0.1, 100), Unit("voxels")] = 5.0
    half_precision: Annotated[bool, Doc("Compute in bfloat16: twice as fast on processors that know it.")] = False
    seed: Annotated[int, Doc("First weights, order of the slices, crops."), Between(0, 2**32 - 1)] = 0


@dataclass(frozen=True)
class EpochReport:
    """How training stands after an epoch.

    Parameters
    ----------
    epoch : int
        Counted from 1.
    loss, reconstruction : float
        Mean over the epoch's steps; greys divided by 255, squared.
    kl_nats : float
        Divergence of posterior from prior; near 0 the latent says nothing.
    validation_gain_db : float or None
        By how much the mean of many samples beats copying the last week on the validation animals' squares.
    """

    epoch: int
    loss: float
    reconstruction: float
    kl_nats: float
    validation_gain_db: float | None


@dataclass(frozen=True, eq=False)
class Trained:
    """The best network seen, and how it came about."""

    network: Any
    epochs: tuple[EpochReport, ...]
    best_epoch: int
    minutes: float


def train_tvae(
    data: TrainingSet,
    options: TvaeOptions,
    training: TrainingOptions,
    *,
    validation: TrainingSet | None = None,
    device: str = "cpu",
    progress: Progress = NO_PROGRESS,
) -> Trained:
    """Train until the epochs or minutes are over, or the validation animals gain nothing more.

    Every epoch is reported to `progress` as an :class:`EpochReport`. The network that did best on the
    validation animals is kept; without any, the last one.

    Raises
    ------
    Cancelled
        When the user asked to stop; nothing is kept.
    """
    torch = import_torch()
    rng, began = np.random.default_rng(training.seed), time.monotonic()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        network = build_tvae(options).to(device, memory_format=torch.channels_last)
        optimiser = torch.optim.Adam(network.parameters(), lr=training.learning_rate, betas=(0.9, 0.999))
        reports: list[EpochReport] = []
        best, best_gain, best_epoch = network, -math.inf, 0
        for epoch in range(1, training.epochs + 1):
            steps = _Steps(network, optimiser, options, training, device, began, epoch, progress)
            means = steps.over(data.batches(training.batch, options.crop, rng), max(1, data.slices // training.batch))
            gain = None if validation is None else validation_gain(network, validation, options, training.seed, device)
            reports.append(EpochReport(epoch, *means, gain))
            report(progress, reports[-1])
            if gain is None:
                best_epoch = epoch
            elif gain > best_gain:
                best, best_gain, best_epoch = copy.deepcopy(network), gain, epoch
            if (
                share_done(epoch, training.epochs, began, training.minutes) >= 1
                or epoch - best_epoch >= training.patience
            ):
                break
    return Trained(best.eval(), tuple(reports), best_epoch, (time.monotonic() - began) / 60)


@dataclass(frozen=True, eq=False)
class _Steps:
    """The steps of one epoch."""

    network: Any
    optimiser: Any
    options: TvaeOptions
    training: TrainingOptions
    device: str
    began: float
    epoch: int
    progress: Progress

    def over(self, batches: Iterator[np.ndarray], count: int) -> tuple[float, float, float]:
        """Take a step for each batch; mean loss, reconstruction, divergence."""
        self.network.train()
        sums = np.zeros(3)
        done = 0
        for batch in batches:
            share = share_done(self.epoch - 1 + done / count, self.training.epochs, self.began, self.training.minutes)
            if share >= 1 and done:
                break
            for group in self.optimiser.param_groups:
                group["lr"] = self.training.learning_rate * pace(share)
            kl_weight = self.training.kl_weight * min(1.0, share / max(self.training.kl_warmup, 1e-9))
            sums += self._step(batch, kl_weight)
            done += 1
            self.progress.advance(share)
            self.progress.message(f"epoch {self.epoch}, step {done} of {count}, loss {sums[0] / done:.5f}")
        loss, reconstruction, kl = (sums / done).tolist()
        return loss, reconstruction, kl

    def _step(self, batch: np.ndarray, kl_weight: float) -> list[float]:
        from napari_bonemet.forecast.models.tvae_losses import edge_aware_loss, kl_divergence

        torch = import_torch()
        weeks = torch.from_numpy(batch).to(self.device)
        drawn, prior, posterior = reconstruct(self.network, weeks, self.options, self.training.half_precision)
        reconstruction = edge_aware_loss(
            drawn, weeks[:, 1:], weeks[:, 0], weight=self.training.edge_weight, sigma=self.training.edge_sigma
        )
        kl = kl_divergence(posterior, prior)
        loss = reconstruction + kl_weight * kl
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        return [part.item() for part in (loss, reconstruction, kl)]


def shrink(weeks: Any, size: int) -> Any:
    """Squares (n, weeks, y, x) as the network takes them, (n, weeks, size, size)."""
    torch = import_torch()
    if weeks.shape[-1] == size:
        return weeks
    return torch.nn.functional.interpolate(weeks, size=(size, size), mode="bilinear", antialias=True)


def reconstruct(network: Any, weeks: Any, options: TvaeOptions, half: bool = False) -> tuple[Any, Any, Any]:
    """Weeks 2 to T as the network draws them from the posterior, (n, T - 1, y, x); the prior; the posterior."""
    from napari_bonemet.forecast.models.tvae_network import compose

    torch = import_torch()
    with torch.autocast(weeks.device.type, torch.bfloat16, enabled=half):
        maps, prior, posterior = network(shrink(weeks, options.size))
    n, count = maps.shape[:2]
    drawn = compose(maps.flatten(0, 1), weeks[:, :-1].flatten(0, 1), options.output)
    return drawn.view(n, count, *drawn.shape[-2:]), prior, posterior


def validation_gain(network: Any, data: TrainingSet, options: TvaeOptions, seed: int, device: str) -> float:
    """How much the mean of many samples beats copying the last week, dB, on squares of the validation animals.

    Four samples are drawn. The error of their mean is that of the mean of many plus a fourth of their
    variance, which is taken off: or the choice of the best epoch would shun futures that differ.
    """
    from napari_bonemet.forecast.models.tvae_network import compose

    torch = import_torch()
    rng = np.random.default_rng(seed)
    network.eval()
    mine = copied = 0.0
    for batch in data.batches(_VALIDATION_BATCH, options.crop, rng):
        weeks = torch.from_numpy(batch).to(device)
        noise = rng.standard_normal((_VALIDATION_SAMPLES, len(batch), options.z_dim), dtype=np.float32)
        last, truth = weeks[:, -2], weeks[:, -1]
        with torch.inference_mode():
            seen = network.look(shrink(weeks[:, :-1], options.size))
            drawn = torch.stack(
                [compose(network.draw(seen, n), last, options.output) for n in torch.from_numpy(noise).to(device)]
            )
        by_chance = drawn.var(0, correction=1).mean() / _VALIDATION_SAMPLES
        mine += float(((drawn.mean(0) - truth) ** 2).mean() - by_chance)
        copied += float(((last - truth) ** 2).mean())
    return 10 * math.log10(copied / mine) if mine > 0 else math.inf
