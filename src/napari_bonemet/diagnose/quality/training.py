"""Training the bone quality network: batches of slices, the loop, and what it says of slices."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_bonemet.bone_quality import quality_of
from napari_bonemet.diagnose.quality.building import build_quality_network
from napari_bonemet.diagnose.quality.losses import slice_losses, soft_distance, targets_of
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.self_paced import EasyFirst, closed_form_weights
from napari_bonemet.diagnose.quality.slices import LabelledSlices
from napari_bonemet.diagnose.training import turned
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.pace import pace, share_done
from napari_bonemet.progress import NO_PROGRESS, Progress, report
from napari_bonemet.torch_import import import_torch

# Crops are shifted by up to so many pixels.
_SHIFT = 4
_SQUARES_AT_ONCE = 128


@dataclass(frozen=True)
class QualityEpoch:
    """How training stands after an epoch.

    Parameters
    ----------
    epoch : int
        Counted from 1.
    loss : float
        Mean over the slices that were learned from.
    learned : float
        Their share; below 1 where self-paced learning leaves hard ones out.
    """

    epoch: int
    loss: float
    learned: float


@dataclass(frozen=True, eq=False)
class TrainedQuality:
    """The network after the last epoch, and how it came about."""

    network: Any
    epochs: tuple[QualityEpoch, ...]
    minutes: float
    options: QualityOptions


@dataclass(frozen=True, eq=False)
class Opinion:
    """What a network says of slices.

    Parameters
    ----------
    probability : ndarray, (n, 4) float32 or None
        Of each class of quality; None where it did not learn them.
    involvement : ndarray, (n, 3) float32 or None
        Of each class of involvement, likewise.
    """

    probability: np.ndarray | None
    involvement: np.ndarray | None

    @property
    def known(self) -> np.ndarray:
        """The probabilities, (n, 4) float32; InputError where quality was not learned."""
        if self.probability is None:
            raise InputError("This network did not learn bone quality", remedy="Take one that did")
        return self.probability

    @property
    def quality(self) -> np.ndarray:
        """The most probable class of each slice, (n,) int64."""
        return np.asarray(self.known.argmax(axis=1))


def train_quality(
    slices: LabelledSlices, options: QualityOptions, *, device: str = "cpu", progress: Progress = NO_PROGRESS
) -> TrainedQuality:
    """Train until the epochs or minutes are over; the last weights are kept, as the paper keeps them.

    Every epoch is reported to `progress` as a :class:`QualityEpoch`.

    Raises
    ------
    InputError
        When a class has no slice to learn from.
    Cancelled
        When the user asked to stop; nothing is kept.
    """
    torch = import_torch()
    _require_classes(slices, options)
    began, rng = time.monotonic(), np.random.default_rng(options.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = build_quality_network(options).to(device, memory_format=torch.channels_last)
        optimiser = torch.optim.SGD(
            network.parameters(),
            lr=options.learning_rate,
            momentum=options.momentum,
            weight_decay=options.weight_decay,
            nesterov=options.momentum > 0,
        )
        loop = _Loop(network, optimiser, options, device, began, progress)
        reports: list[QualityEpoch] = []
        for epoch in range(1, options.epochs + 1):
            reports.append(loop.over(slices, epoch, rng))
            report(progress, reports[-1])
            if loop.share(epoch) >= 1:
                break
    return TrainedQuality(network.eval(), tuple(reports), (time.monotonic() - began) / 60, options)


def _require_classes(slices: LabelledSlices, options: QualityOptions) -> None:
    missing = [name for name, count in slices.counts().items() if not count]
    if "involvement" not in options.tasks and missing:
        raise InputError(
            "There is not enough to learn from",
            expected="normal, blastic, mixed and lytic slices",
            found=f"none {' or '.join(missing)}",
        )
    if len(slices) < 2:
        raise InputError("There is not enough to learn from", found=f"{len(slices)} slices")


@dataclass(eq=False)
class _Loop:
    network: Any
    optimiser: Any
    options: QualityOptions
    device: str
    began: float
    progress: Progress
    easy: EasyFirst = field(init=False)

    def __post_init__(self) -> None:
        self.easy = EasyFirst(self.options)

    def share(self, epochs: float) -> float:
        """How much of the training is over."""
        return share_done(epochs, self.options.epochs, self.began, self.options.minutes)

    def over(self, slices: LabelledSlices, epoch: int, rng: np.random.Generator) -> QualityEpoch:
        """Every slice once, in random order."""
        self.network.train()
        order = rng.permutation(len(slices))
        count = max(1, len(order) // self.options.batch)
        total, learned = 0.0, 0
        for done, chosen in enumerate(np.array_split(order, count)):
            share = self.share(epoch - 1 + done / count)
            rate = pace(share, self.options.warm_up) if self.options.schedule else 1.0
            for group in self.optimiser.param_groups:
                group["lr"] = self.options.learning_rate * rate
            loss, easy = self._step(slices, chosen, rng)
            total, learned = total + loss, learned + easy
            self.progress.advance(share)
            self.progress.message(f"epoch {epoch}, step {done + 1} of {count}")
        self.easy.next_epoch(self.share(epoch))
        return QualityEpoch(epoch, total / max(learned, 1), learned / len(order))

    def _step(self, slices: LabelledSlices, chosen: np.ndarray, rng: np.random.Generator) -> tuple[float, int]:
        torch = import_torch()
        greys = torch.from_numpy(_varied(slices.squares[chosen], rng)).to(self.device)
        said = self.network(turned(greys[:, None])[:, 0])
        truth = (torch.from_numpy(column[chosen]).to(self.device) for column in (slices.quality, slices.involvement))
        losses = slice_losses(said.logits, targets_of(*truth), self.options)
        self.easy.note(losses.detach().cpu().numpy())
        weights = self._weights(losses.detach())
        loss = (weights * losses).mean()
        if self.options.sharing == "soft-sharing":
            loss = loss + self.options.soft_weight * soft_distance(said.features)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        return float((weights * losses.detach()).sum()), int(weights.sum())

    def _weights(self, losses: Any) -> Any:
        if not math.isfinite(self.easy.threshold):
            return import_torch().ones_like(losses)
        return closed_form_weights(losses, self.easy.threshold).to(losses.dtype)


def _varied(squares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each slice shifted, and mirrored left to right, at random; float32, 0 to 1."""
    n, side = squares.shape[:2]
    padded = np.pad(squares, ((0, 0), (_SHIFT, _SHIFT), (_SHIFT, _SHIFT)))
    made = np.empty(squares.shape, np.float32)
    for number, (y, x) in enumerate(rng.integers(2 * _SHIFT + 1, size=(n, 2))):
        cut = padded[number, y : y + side, x : x + side]
        made[number] = cut[:, ::-1] if rng.random() < 0.5 else cut
    return made / np.float32(255)


def opinion_of(network: Any, squares: np.ndarray, device: str = "cpu", progress: Progress = NO_PROGRESS) -> Opinion:
    """What a network in its eval mode says of squares (n, side, side) uint8."""
    torch = import_torch()
    found: dict[str, list[np.ndarray]] = {}
    with torch.inference_mode():
        for start in range(0, len(squares), _SQUARES_AT_ONCE):
            progress.check()
            greys = torch.from_numpy(squares[start : start + _SQUARES_AT_ONCE].astype(np.float32) / 255)
            for task, logits in network(greys.to(device)).logits.items():
                found.setdefault(task, []).append(torch.softmax(logits, 1).cpu().numpy())
    joined = {task: np.concatenate(parts) for task, parts in found.items()}
    return Opinion(_probability(joined), joined.get("involvement"))


def _probability(said: dict[str, np.ndarray]) -> np.ndarray | None:
    """Of the four classes: the perceptron's, or those of the two sub-tasks as if they did not depend on each other.

    The most probable class is then the one that thresholds of a half on both give.
    """
    if "quality" in said or "blastic" not in said:
        return said.get("quality")
    blastic, lytic = said["blastic"], said["lytic"]
    columns = [np.zeros(0)] * 4
    for is_blastic in (0, 1):
        for is_lytic in (0, 1):
            code = int(quality_of(np.array([is_blastic]), np.array([is_lytic]))[0])
            columns[code] = blastic[:, is_blastic] * lytic[:, is_lytic]
    return np.stack(columns, axis=1)
