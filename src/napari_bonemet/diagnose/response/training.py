"""Training the response network: steps over legs, each seen a little differently every time."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.diagnose.models.response import build_response_network
from napari_bonemet.diagnose.response.cases import ResponseCase
from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.forecast.pace import pace
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.torch_import import import_torch

# How far a leg is shifted in its frame, pixels, and how its brightness and contrast are changed (Xu et al., section
# 2.3.1, who change these two): the same for all weeks of a leg, as time is what is looked at.
_SHIFT, _BRIGHTNESS, _NOISE = 2, 0.05, 0.02
_WARM_UP = 0.1
_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class TrainedResponse:
    """A network and how it came about."""

    network: Any
    losses: tuple[float, ...]
    minutes: float


def train_response(
    cases: Sequence[ResponseCase], options: ResponseOptions, *, device: str = "cpu", progress: Progress = NO_PROGRESS
) -> TrainedResponse:
    """Train for all of the epochs. Nothing is chosen by other legs, so that all of those are left to score on.

    Raises
    ------
    Cancelled
        When the user asked to stop; nothing is kept.
    """
    torch = import_torch()
    rng, began = np.random.default_rng(options.seed), time.monotonic()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = build_response_network(options).to(device).train()
        optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
        weight = torch.tensor(_rarer(cases), device=device)
        losses = []
        for epoch in range(options.epochs):
            total = 0.0
            for group in optimiser.param_groups:
                group["lr"] = options.learning_rate * pace((epoch + 0.5) / options.epochs, _WARM_UP)
            for seen, truth in _batches(cases, options, rng):
                progress.check()
                said = network(torch.from_numpy(seen).to(device))
                wanted = torch.from_numpy(truth).to(device)
                loss = torch.nn.functional.binary_cross_entropy_with_logits(said, wanted, pos_weight=weight)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()
                total += float(loss.detach()) * len(seen)
            losses.append(total / len(cases))
            progress.advance((epoch + 1) / options.epochs)
            progress.message(f"epoch {epoch + 1} of {options.epochs}, loss {losses[-1]:.4f}")
    return TrainedResponse(network.eval(), tuple(losses), (time.monotonic() - began) / 60)


def _rarer(cases: Sequence[ResponseCase]) -> float:
    """The weight of a leg that responds, so that both kinds count alike."""
    yes = sum(case.responds for case in cases)
    return (len(cases) - yes) / yes


def _batches(
    cases: Sequence[ResponseCase], options: ResponseOptions, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every leg once, in random order: pictures (n, channels, weeks, rows, columns) and truth (n,), float32."""
    order = rng.permutation(len(cases))
    for start in range(0, len(order), options.batch):
        chosen = [cases[n] for n in order[start : start + options.batch]]
        seen = np.stack([_varied(case.pictures, rng) for case in chosen])
        yield seen, np.array([case.responds for case in chosen], dtype=np.float32)


def _varied(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A leg's pictures shifted, brightened and made a little noisy, one way for all of its weeks."""
    rows, columns = rng.integers(-_SHIFT, _SHIFT + 1, size=2)
    moved = np.zeros_like(pictures)
    into, out = zip(_overlap(rows, pictures.shape[2]), _overlap(columns, pictures.shape[3]), strict=True)
    moved[:, :, into[0], into[1]] = pictures[:, :, out[0], out[1]]
    noise = _NOISE * rng.standard_normal(pictures.shape)
    return np.asarray(moved * (1 + _BRIGHTNESS * rng.standard_normal()) + noise, dtype=np.float32)


def _overlap(shift: int, length: int) -> tuple[slice, slice]:
    """Where a picture shifted by so many pixels lies in its frame, and which part of it."""
    return slice(max(shift, 0), length + min(shift, 0)), slice(max(-shift, 0), length - max(shift, 0))


def log_odds_of(network: Any, seen: np.ndarray, device: str) -> np.ndarray:
    """Log odds (n,) that legs respond, by a network in its eval mode, of pictures (n, channels, weeks, rows, cols)."""
    torch = import_torch()
    said = []
    with torch.inference_mode():
        for start in range(0, len(seen), _AT_ONCE):
            part = torch.from_numpy(np.ascontiguousarray(seen[start : start + _AT_ONCE])).to(device)
            said.append(network(part).cpu().numpy())
    return np.concatenate(said).astype(np.float64)
