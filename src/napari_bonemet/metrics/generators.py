"""FID and KID: how alike two sets of slices are as sets, whichever slice belongs to which. Computed by torchmetrics.

Protocol: transverse slices at their own size, greys 0 to 255 clipped, rounded to bytes and repeated over three
channels; torchmetrics' Inception scales them to 299 x 299 (bilinear, antialiased) and gives 2048 features each.

- FID (Heusel et al. 2017): the Fréchet distance of two Gaussians through the features. It needs more slices than
  features to mean what it says, and falls as there are more: compare only sets of one size.
- KID (Bińkowski et al. 2018): squared maximum mean discrepancy with the kernel ``(a . b / d + 1)^3``, without bias:
  mean and standard deviation over random subsets. May be below 0.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.metrics.ensemble import as_volume
from napari_bonemet.metrics.inception import Layer, find_inception, inception, require_torchmetrics
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.torch_import import import_torch

__all__ = ["SetDistance", "distance_of_sets", "slice_features"]

Network = Callable[[Any], Any]


@dataclass(frozen=True)
class SetDistance:
    """How far made slices are from true ones.

    Parameters
    ----------
    fid : float
        Fréchet distance of the features.
    kid, kid_sd : float
        Mean and standard deviation over subsets.
    made, true : int
        How many slices there were.
    note : str
        Which features, and whether there were too few slices.
    """

    fid: float
    kid: float
    kid_sd: float
    made: int
    true: int
    note: str


def slice_features(
    volumes: Any,
    network: Network,
    *,
    device: str = "cpu",
    batch: int = 16,
    data_range: float = 255.0,
    progress: Progress = NO_PROGRESS,
) -> np.ndarray:
    """Features of each transverse slice, some slices at a time.

    Parameters
    ----------
    volumes : sequence of array-likes or Scans, (z, y, x), or one array (n, y, x)
        Greys.
    network : callable
        Takes images (n, 3, y, x) of bytes on `device`, gives features (n, d).
    device : str
        Where the network computes.
    batch : int
        Slices at a time; a request to stop is heard between them.
    data_range : float
        Greys from 0 to this become bytes; beyond it they are clipped.
    progress : Progress
        Told after every batch.

    Returns
    -------
    ndarray, (slices, d), float32

    Raises
    ------
    InputError
        When there is no slice.
    """
    torch = import_torch()
    single = getattr(volumes, "ndim", 0) == 3
    listed = [as_volume(volume) for volume in ([volumes] if single else volumes)]
    total, made = sum(len(volume) for volume in listed), []
    for volume in listed:
        for start in range(0, len(volume), batch):
            progress.check()
            greys = np.asarray(volume[start : start + batch], dtype=np.float32)
            images = torch.from_numpy(np.rint(np.clip(greys / data_range, 0, 1) * 255).astype(np.uint8))
            with torch.inference_mode():
                found = network(images[:, None].expand(-1, 3, -1, -1).to(device))
            made.append(found.reshape(len(greys), -1).float().cpu().numpy())
            progress.advance(sum(map(len, made)) / total)
    if not made:
        raise InputError("No slice is there to be compared")
    return np.concatenate(made)


def distance_of_sets(
    made: Any,
    true: Any,
    *,
    network: Network | None = None,
    weights: str | Path | None = None,
    layer: Layer = 2048,
    subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 0,
    device: str = "cpu",
    batch: int = 16,
    data_range: float = 255.0,
    progress: Progress = NO_PROGRESS,
) -> SetDistance:
    """FID and KID of made slices against true ones.

    Parameters
    ----------
    made, true : sequence of array-likes or Scans, (z, y, x), or one array (n, y, x)
        Greys; they need not be as many.
    network : callable, optional
        Features of one's own, see :func:`slice_features`; Inception without.
    weights : path, optional
        Inception's weights; those in torch hub's cache without.
    layer : {2048, 768, 192, 64}
        Inception's features; 2048 is the published measure.
    subsets, subset_size : int
        Of KID; a subset is no larger than the smaller set.
    seed : int
        Draws the subsets.
    device, batch, data_range, progress
        See :func:`slice_features`.

    Raises
    ------
    MissingWeightsError
        When Inception's weights are not there.
    InputError
        When torchmetrics is not installed, the weights cannot be used, or a set has fewer than two slices.
    """
    require_torchmetrics()
    note = "features of another network than Inception"
    if network is None:
        found = find_inception(weights)
        network, note = inception(found, layer, device), f"{found.note}, {layer} features"
    options: dict[str, Any] = {"device": device, "batch": batch, "data_range": data_range}
    first = slice_features(made, network, **options, progress=PartOf(progress, 0.0, 0.45))
    second = slice_features(true, network, **options, progress=PartOf(progress, 0.45, 0.9))
    fewest = min(len(first), len(second))
    if fewest < 2:
        raise InputError("Sets of slices cannot be compared", expected="two slices or more in each", found=f"{fewest}")
    if fewest <= first.shape[1]:
        note += (
            f"; {fewest} slices are too few for a FID of {first.shape[1]} features to be compared with other papers'"
        )
    fid = _fid(first, second)
    kid, kid_sd = _kid(first, second, subsets, min(subset_size, fewest), seed)
    progress.advance(1.0)
    return SetDistance(fid, kid, kid_sd, len(first), len(second), note)


def _fid(made: np.ndarray, true: np.ndarray) -> float:
    torch = import_torch()
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(feature=_as_they_are(made.shape[1])).set_dtype(torch.float64)
    metric.update(torch.from_numpy(made.astype(np.float64)), real=False)
    metric.update(torch.from_numpy(true.astype(np.float64)), real=True)
    return float(metric.compute())


def _kid(made: np.ndarray, true: np.ndarray, subsets: int, size: int, seed: int) -> tuple[float, float]:
    torch = import_torch()
    from torchmetrics.image.kid import KernelInceptionDistance

    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        metric = KernelInceptionDistance(feature=_as_they_are(made.shape[1]), subsets=subsets, subset_size=size)
        metric.update(torch.from_numpy(made.astype(np.float64)), real=False)
        metric.update(torch.from_numpy(true.astype(np.float64)), real=True)
        mean, sd = metric.compute()
    return float(mean), float(sd)


def _as_they_are(features: int) -> Any:
    """A network that hands features through: they were computed before, in batches."""
    torch = import_torch()

    network = torch.nn.Identity()
    network.num_features = features
    return network
