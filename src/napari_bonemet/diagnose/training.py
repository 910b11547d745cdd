"""Training the lesion classifier: batches of scans, the loop, and its record."""

import copy
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.diagnose.losses import lesion_loss
from napari_bonemet.diagnose.measures import area_under_curve
from napari_bonemet.diagnose.models.lesion_slices import build_slice_network
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.slices import Bag
from napari_bonemet.diagnose.volume.looks import looked_at
from napari_bonemet.forecast.pace import pace, share_done
from napari_bonemet.progress import NO_PROGRESS, Progress, report
from napari_bonemet.torch_import import import_torch

# How much wider than the network's square the slices are kept, so that crops can be drawn at random.
SLACK = 8
# The turns, sizes and greys that training draws: a leg lies, and a scanner is set, a little differently each time.
_TURN_DEGREES, _SIZE, _BRIGHTNESS = 10.0, 0.05, 0.06
_SQUARES_AT_ONCE = 128


@dataclass(frozen=True)
class ClassifierEpoch:
    """How training stands after an epoch.

    Parameters
    ----------
    epoch : int
        Counted from 1.
    loss : float
        Mean over the epoch's steps.
    validation_auc, validation_loss : float or None
        On the validation animals: area under the receiver operating characteristic, among scans of the same week;
        cross-entropy in nats.
    """

    epoch: int
    loss: float
    validation_auc: float | None
    validation_loss: float | None


@dataclass(frozen=True, eq=False)
class TrainedClassifier:
    """The best network seen, and how it came about."""

    network: Any
    epochs: tuple[ClassifierEpoch, ...]
    best_epoch: int
    minutes: float


def train_classifier(
    bags: Sequence[Bag],
    options: ClassifierOptions,
    *,
    validation: Sequence[Bag] = (),
    device: str = "cpu",
    progress: Progress = NO_PROGRESS,
) -> TrainedClassifier:
    """Train until the epochs or minutes are over, or the validation animals gain nothing more.

    Every epoch is reported to `progress` as a :class:`ClassifierEpoch`. The network with the highest area under
    the curve on the validation animals is kept (of equals the one with the lower loss); without any, the last one.
    What is looked at and kept is the running mean of the weights over about an epoch: that of a single step
    differs so much from the next that the best of many would be a matter of luck.

    Raises
    ------
    Cancelled
        When the user asked to stop; nothing is kept.
    """
    torch = import_torch()
    rng, began = np.random.default_rng(options.seed), time.monotonic()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = build_slice_network(options, pretrained=True)
        network = network.to(device, memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
        count = math.ceil(len(bags) / options.batch)
        averaged = _running_mean(network, count)
        loop = _Loop(network, averaged, optimiser, options, device, began, _class_weights(bags, options), progress)
        reports: list[ClassifierEpoch] = []
        best, best_score, best_epoch = network, (-math.inf, -math.inf), 0
        for epoch in range(1, options.epochs + 1):
            loss = loop.over(_batches(bags, options, rng), epoch, count)
            network = averaged.module
            auc, held_out = _validate(network, validation, options, device, progress) if validation else (None, None)
            reports.append(ClassifierEpoch(epoch, loss, auc, held_out))
            report(progress, reports[-1])
            score = (math.inf, epoch) if auc is None or held_out is None else (round(auc, 4), -held_out)
            if score > best_score:
                best, best_score, best_epoch = copy.deepcopy(network), score, epoch
            if loop.share(epoch) >= 1 or epoch - best_epoch >= options.patience:
                break
    return TrainedClassifier(best.eval(), tuple(reports), best_epoch, (time.monotonic() - began) / 60)


def _running_mean(network: Any, steps: int) -> Any:
    """Weights, and what batch normalisation keeps, averaged over about so many steps."""
    averages = import_torch().optim.swa_utils
    return averages.AveragedModel(
        network, multi_avg_fn=averages.get_ema_multi_avg_fn(1 - 1 / max(steps, 2)), use_buffers=True
    )


def _class_weights(bags: Sequence[Bag], options: ClassifierOptions) -> tuple[float, float]:
    lesions = sum(bag.lesion for bag in bags)
    if not options.balance:
        return 1.0, 1.0
    return len(bags) / 2 / (len(bags) - lesions), len(bags) / 2 / lesions


def _batches(
    bags: Sequence[Bag], options: ClassifierOptions, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every scan once, in random order: squares (batch, slices, crop, crop) float32, 0 to 1, and lesions (batch,)."""
    order = rng.permutation(len(bags))
    for start in range(0, len(order), options.batch):
        chosen = [bags[n] for n in order[start : start + options.batch]]
        squares = np.stack([_some_slices(bag.squares, options, rng) for bag in chosen])
        yield squares.astype(np.float32) / 255, np.array([bag.lesion for bag in chosen], dtype=np.float32)


def _some_slices(squares: np.ndarray, options: ClassifierOptions, rng: np.random.Generator) -> np.ndarray:
    """Evenly spread slices from a random start, cropped and mirrored at random, one way for all of a scan."""
    at = (np.arange(options.slices) + rng.random()) * (len(squares) / options.slices)
    y, x = rng.integers(squares.shape[-1] - options.crop + 1, size=2)
    cut = squares[at.astype(int), ..., y : y + options.crop, x : x + options.crop]
    mirrored = cut[..., :: -1 if rng.random() < 0.5 else 1, :: -1 if rng.random() < 0.5 else 1]
    return np.asarray(mirrored)


@dataclass(frozen=True, eq=False)
class _Loop:
    network: Any
    averaged: Any
    optimiser: Any
    options: ClassifierOptions
    device: str
    began: float
    weights: tuple[float, float]
    progress: Progress

    def share(self, epochs: float) -> float:
        """How much of the training is over."""
        return share_done(epochs, self.options.epochs, self.began, self.options.minutes)

    def over(self, batches: Iterator[tuple[np.ndarray, np.ndarray]], epoch: int, count: int) -> float:
        """Take a step for each batch; the mean loss."""
        self.network.train()
        total = 0.0
        for done, (squares, lesions) in enumerate(batches, start=1):
            share = self.share(epoch - 1 + (done - 1) / count)
            for group in self.optimiser.param_groups:
                group["lr"] = self.options.learning_rate * pace(share, self.options.warm_up)
            total += self._step(squares, lesions)
            self.progress.advance(share)
            self.progress.message(f"epoch {epoch}, step {done} of {count}, loss {total / done:.4f}")
        return total / count

    def _step(self, squares: np.ndarray, lesions: np.ndarray) -> float:
        torch = import_torch()
        options = self.options
        x = torch.from_numpy(squares).to(self.device)
        n, slices = x.shape[:2]
        x = turned(x.flatten(1, -3)).view(x.shape)
        x = looked_at(x, options.looks, options.look_strength)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=options.half_precision):
            features = self.network.look(x.flatten(0, 1))
        log_odds = self.network.judge(features.view(n, slices, -1).amax(1))
        truth = torch.from_numpy(lesions).to(self.device)
        smoothing, gamma = options.label_smoothing, options.focal_gamma
        loss = lesion_loss(log_odds, truth, smoothing=smoothing, gamma=gamma, weights=self.weights)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.averaged.update_parameters(self.network)
        return float(loss.detach())


def turned(squares: Any) -> Any:
    """Squares (n, slices, side, side), each scan turned, stretched and brightened a little, at random."""
    torch = import_torch()
    n, device = len(squares), squares.device
    angle = torch.randn(n, device=device).clamp(-2, 2) * math.radians(_TURN_DEGREES) / 2
    size = 1 + _SIZE * torch.randn(n, device=device).clamp(-2, 2)
    cos, sin, none = angle.cos() * size, angle.sin() * size, torch.zeros(n, device=device)
    matrix = torch.stack([torch.stack([cos, -sin, none], 1), torch.stack([sin, cos, none], 1)], 1)
    grid = torch.nn.functional.affine_grid(matrix, squares.shape, align_corners=False)
    moved = torch.nn.functional.grid_sample(squares, grid, padding_mode="border", align_corners=False)
    return moved * (1 + _BRIGHTNESS * torch.randn(n, 1, 1, 1, device=device).clamp(-2, 2))


def features_of(network: Any, squares: np.ndarray, device: str) -> np.ndarray:
    """Features (n, channels) of squares (n, side, side) of greys, by a network in its eval mode."""
    torch = import_torch()
    found = []
    with torch.inference_mode():
        for start in range(0, len(squares), _SQUARES_AT_ONCE):
            greys = torch.from_numpy(squares[start : start + _SQUARES_AT_ONCE].astype(np.float32) / 255)
            found.append(network.look(greys.to(device)).cpu().numpy())
    return np.concatenate(found)


def log_odds_of(network: Any, features: np.ndarray, device: str) -> np.ndarray:
    """What the head says of features (..., channels): log odds (...)."""
    torch = import_torch()
    with torch.inference_mode():
        return np.asarray(network.judge(torch.from_numpy(features).to(device)).cpu().numpy())


def strongest_of(
    network: Any, bags: Sequence[Bag], options: ClassifierOptions, device: str, progress: Progress = NO_PROGRESS
) -> np.ndarray:
    """Features (bags, channels) of each scan, all of its slices seen, in the middle of their square."""
    network.eval()
    found = []
    for bag in bags:
        progress.check()
        found.append(features_of(network, middle_of(bag, options), device).max(axis=0))
    return np.stack(found)


def middle_of(bag: Bag, options: ClassifierOptions) -> np.ndarray:
    """The squares of a bag without the slack around them."""
    first = (bag.squares.shape[-1] - options.crop) // 2
    inner = slice(first, first + options.crop)
    return bag.squares[..., inner, inner]


def scores_of(
    network: Any, bags: Sequence[Bag], options: ClassifierOptions, device: str, progress: Progress = NO_PROGRESS
) -> np.ndarray:
    """Log odds of a lesion in each scan, (bags,)."""
    strongest = strongest_of(network, bags, options, device, progress)
    return log_odds_of(network, strongest, device).astype(np.float64)


def _validate(
    network: Any, bags: Sequence[Bag], options: ClassifierOptions, device: str, progress: Progress
) -> tuple[float, float]:
    said = scores_of(network, bags, options, device, progress)
    lesion = np.array([bag.lesion for bag in bags])
    loss = np.logaddexp(0, np.where(lesion, -said, said))
    return area_under_curve(said, lesion, [bag.week for bag in bags]), float(loss.mean())
