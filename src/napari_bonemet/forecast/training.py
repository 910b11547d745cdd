"""Training a network of any kind: epochs, the learning rate's pace, when to stop, which network is kept."""

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.forecast.dataset import Batch, TrainingSet
from napari_bonemet.forecast.learner import Learner
from napari_bonemet.forecast.models.catalogue import architecture, build, learner_class
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.forecast.pace import pace, share_done
from napari_bonemet.forecast.training_options import EpochReport, TrainingOptions
from napari_bonemet.forecast.training_state import TrainingState, load_state, save_state
from napari_bonemet.forecast.validation import validation_gain
from napari_bonemet.progress import NO_PROGRESS, Progress, report, wants_end
from napari_bonemet.provenance import Json
from napari_bonemet.torch_import import import_torch

__all__ = ["EpochReport", "Trained", "TrainingOptions", "train"]


@dataclass(frozen=True, eq=False)
class Trained:
    """The best network seen, and how it came about."""

    network: Any
    epochs: tuple[EpochReport, ...]
    best_epoch: int
    minutes: float


def train(
    name: str,
    data: TrainingSet,
    options: NetworkOptions,
    training: TrainingOptions,
    *,
    validation: TrainingSet | None = None,
    device: str = "cpu",
    resume: Path | None = None,
    progress: Progress = NO_PROGRESS,
) -> Trained:
    """Train until the epochs or minutes are over, or the validation animals gain nothing more.

    Every epoch is reported to `progress` as an :class:`EpochReport`. The network that did best on the
    validation animals is kept; without any, the last one. It ends after the step at hand when `progress` wants so
    (:func:`~napari_bonemet.progress.wants_end`).

    Parameters
    ----------
    resume : Path, optional
        File in which the training is kept after every epoch, and from which it goes on where it is there.

    Raises
    ------
    InputError
        When `resume` holds another training.
    Cancelled
        When the user asked to stop; nothing is kept but `resume`.
    """
    torch = import_torch()
    with torch.random.fork_rng(devices=[]), torch.backends.cudnn.flags(enabled=True, benchmark=device != "cpu"):
        torch.manual_seed(training.seed)
        network = build(name, options).to(device)
        state = TrainingState(learner_class(name)(network, training), network)
        identity: dict[str, Json] = {
            "network": name,
            "options": options.as_record(),
            "training": training.as_record(),
        }
        if resume is not None and resume.is_file():
            load_state(state, resume, identity)
        before, began = state.seconds, time.monotonic()
        batch = training.batch or architecture(name).batch
        lessons = _Lessons(data, validation, options, batch, device, began - before, progress)
        for epoch in range(len(state.reports) + 1, training.epochs + 1):
            if _over(state, training) or (state.reports and wants_end(progress)):
                break
            lessons.epoch(state, epoch)
            state.seconds = before + time.monotonic() - began
            report(progress, state.reports[-1])
            if resume is not None:
                save_state(state, resume, identity)
    return Trained(state.best.eval(), tuple(state.reports), state.best_epoch, state.seconds / 60)


def _over(state: TrainingState, training: TrainingOptions) -> bool:
    done = len(state.reports)
    late = training.minutes > 0 and state.seconds >= 60 * training.minutes
    return bool(done) and (late or done - state.best_epoch >= training.patience)


@dataclass(frozen=True, eq=False)
class _Lessons:
    """What is learned from, and where."""

    data: TrainingSet
    validation: TrainingSet | None
    options: NetworkOptions
    batch: int
    device: str
    began: float
    progress: Progress

    def epoch(self, state: TrainingState, epoch: int) -> None:
        """Learn from everything once, look how far it is, keep it where it is the best so far."""
        learner, options = state.learner, self.options
        training = learner.training
        # From seed and epoch alone, so that a training that goes on later draws what it would have drawn.
        rng = np.random.default_rng([training.seed, epoch])
        import_torch().manual_seed(int(rng.integers(2**63)))
        batches = self.data.batches(
            self.batch, options.crop, rng, depth=options.depth, loose=training.loose, balanced=training.balanced
        )
        steps = _Steps(learner, self.device, self.began, epoch, self.progress)
        means = steps.over(batches, self.data.steps(self.batch, options.depth))
        held_out = self.validation
        gain = None
        if held_out is not None:
            gain = validation_gain(
                learner.network,
                held_out,
                options,
                training.seed,
                self.device,
                half_precision=training.half_precision,
                progress=self.progress,
            )
        state.reports.append(EpochReport(epoch, *means, gain))
        if gain is None or learner.keeps_last:
            state.best, state.best_epoch = learner.network, epoch
        elif gain > state.best_gain:
            state.best, state.best_gain, state.best_epoch = copy.deepcopy(learner.network), gain, epoch


@dataclass(frozen=True, eq=False)
class _Steps:
    """The steps of one epoch."""

    learner: Learner
    device: str
    began: float
    epoch: int
    progress: Progress

    def over(self, batches: Iterator[Batch], count: int) -> tuple[float, float, float]:
        """Take a step for each batch; mean loss, reconstruction, divergence."""
        torch = import_torch()
        training = self.learner.training
        self.learner.network.train()
        sums = np.zeros(3)
        done = 0
        for batch in batches:
            share = share_done(self.epoch - 1 + done / count, training.epochs, self.began, training.minutes)
            if done and (share >= 1 or wants_end(self.progress)):
                break
            weeks, gaps = (torch.from_numpy(part).to(self.device) for part in batch)
            sums += self.learner.step(weeks, gaps, share, pace(share))
            done += 1
            self.progress.advance(share)
            self.progress.message(f"epoch {self.epoch}, step {done} of {count}, loss {sums[0] / done:.5f}")
        loss, reconstruction, kl = (sums / max(done, 1)).tolist()
        return loss, reconstruction, kl
