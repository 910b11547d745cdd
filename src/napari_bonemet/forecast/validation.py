"""How a network does on the squares of animals that it does not learn from."""

import math
from typing import Any

import numpy as np

from napari_bonemet.forecast.compose import one_future
from napari_bonemet.forecast.dataset import TrainingSet
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.torch_import import import_torch

_SLICES = 96
_SAMPLES = 4


def validation_gain(
    network: Any,
    data: TrainingSet,
    options: NetworkOptions,
    seed: int,
    device: str,
    *,
    half_precision: bool = False,
    progress: Progress = NO_PROGRESS,
) -> float:
    """How much the mean of many samples beats copying the last week, dB, on squares of the validation animals.

    It computes in bfloat16 where the training does: or it would take longer than the training itself.

    Four samples are drawn. The error of their mean is that of the mean of many plus a fourth of their
    variance, which is taken off: or the choice of the best epoch would shun futures that differ.
    """
    torch = import_torch()
    rng = np.random.default_rng(seed)
    generator = torch.Generator(device).manual_seed(seed)
    network.eval()
    mine = copied = 0.0
    for batch in data.batches(max(1, _SLICES // options.depth), options.crop, rng, depth=options.depth):
        progress.check()
        weeks, gaps = (torch.from_numpy(part).to(device) for part in batch)
        last, truth = weeks[:, -2], weeks[:, -1]
        with torch.inference_mode(), torch.autocast(weeks.device.type, torch.bfloat16, enabled=half_precision):
            seen = network.see(weeks[:, :-1], gaps)
            drawn = torch.stack(
                [one_future(network, seen, network.noise(last.shape, generator, device), last) for _ in range(_SAMPLES)]
            )
        by_chance = drawn.var(0, correction=1).mean() / _SAMPLES
        mine += float(((drawn.mean(0) - truth) ** 2).mean() - by_chance)
        copied += float(((last - truth) ** 2).mean())
    return 10 * math.log10(copied / mine) if mine > 0 else math.inf
