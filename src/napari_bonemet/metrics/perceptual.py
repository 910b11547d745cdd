"""LPIPS, the learned perceptual distance between slices (Zhang et al. 2018), by the `lpips` package with AlexNet.

The package ships its linear heads but not AlexNet, whose ImageNet weights torch keeps in its hub cache.
Without them the network would be random and its numbers meaningless, so they must be there: nothing is
downloaded here, and nothing random is ever measured with.

Protocol, in one line as `PROTOCOL`: the package's trained linear heads of version 0.1 on AlexNet's five rectified
convolution layers; each transverse slice at its own size, neither resized nor cropped; greys 0 to the data range
clipped and scaled to -1 to 1 and repeated over three channels (the package then shifts and scales them by its ImageNet
constants); distances averaged over space, summed over layers; the mean over slices is reported, slices without tissue
among them. Single precision.
"""

import pickle
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from napari_bonemet.errors import InputError, MissingWeightsError
from napari_bonemet.metrics.similarity import as_pair
from napari_bonemet.metrics.weight_file import WeightFile, in_hub
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.torch_import import import_torch

ALEXNET_FILE = "alexnet-owt-7be5be79.pth"
ALEXNET_URL = f"https://download.pytorch.org/models/{ALEXNET_FILE}"

PROTOCOL = (
    "LPIPS: package lpips, version 0.1 heads on AlexNet, transverse slices at their own size, greys 0 to 255 scaled to "
    "-1 to 1 in three equal channels, averaged over space, summed over layers, mean over slices; lower is better"
)

# AlexNet's strides and poolings leave nothing of a smaller slice.
SMALLEST_SLICE = 31


class AlexNetWeights(WeightFile):
    """AlexNet's weight file that was found."""

    PUBLISHED: ClassVar[str] = "7be5be79"

    @property
    def note(self) -> str:
        """One sentence for the table: which weights were measured with."""
        origin = "torchvision's published weights" if self.published else "not the published weights"
        return f"LPIPS 0.1, AlexNet: {origin} (sha256 {self.sha256[:8]})"


def find_alexnet() -> AlexNetWeights:
    """AlexNet's weights in torch hub's cache.

    Raises
    ------
    MissingWeightsError
        When they are not there; the message says how to get them.
    """
    path = in_hub(ALEXNET_FILE)
    if not path.is_file():
        command = "python -c \"import torchvision; torchvision.models.alexnet(weights='DEFAULT')\""
        raise MissingWeightsError(
            "LPIPS needs AlexNet's weights, which are not on this machine",
            expected=f"the file {ALEXNET_FILE} in {path.parent}",
            remedy=f"Download {ALEXNET_URL} into that folder (TORCH_HOME names another), or run, on a machine with "
            f"internet, {command} and copy the file here",
        )
    return AlexNetWeights.read(path)


def require_alexnet() -> AlexNetWeights:
    """AlexNet's weights, found and loaded, so that what is wrong with them is known before the work starts.

    Raises
    ------
    MissingWeightsError
        When they are not there.
    InputError
        When the file is damaged or no plain set of tensors.
    """
    weights = find_alexnet()
    _model(weights, "cpu")
    return weights


def lpips_distance(
    predicted: object,
    truth: object,
    *,
    net: Literal["alex"] = "alex",
    device: str = "cpu",
    data_range: float = 255.0,
    batch: int = 16,
    progress: Progress = NO_PROGRESS,
) -> np.ndarray:
    """LPIPS of each transverse slice; 0 for identical ones, larger for less alike.

    Parameters
    ----------
    predicted, truth : array-like, (y, x) or (z, y, x)
        Greys.
    net : {"alex"}
        The backbone that the papers' tables use.
    device : str
        Where torch computes: "cpu", "cuda", "mps".
    data_range : float
        Greys from 0 to this are scaled to -1 to 1; beyond it they are clipped.
    batch : int
        Slices at a time; a request to stop is heard between batches.
    progress : Progress
        Told after every batch.

    Returns
    -------
    ndarray, (z,), float64
        One distance per slice.

    Raises
    ------
    MissingWeightsError
        When AlexNet's weights are not in torch hub's cache.
    InputError
        When the weight file is damaged or no plain set of tensors, the shapes differ, the slices are too small,
        or the device is not there.
    """
    if net != "alex":
        raise InputError("This backbone is not offered", expected="alex", found=str(net))
    first, second = (_as_slices(array) for array in as_pair(predicted, truth))
    if min(first.shape[1:]) < SMALLEST_SLICE:
        found = f"{first.shape[1]} x {first.shape[2]}"
        raise InputError("The slices are too small for LPIPS", expected=f"{SMALLEST_SLICE} voxels a side", found=found)
    weights = find_alexnet()
    model = _model(weights, device)
    distances = []
    for start in range(0, len(first), batch):
        progress.check()
        pair = (_as_images(a[start : start + batch], data_range, device) for a in (first, second))
        distances.append(_distance(model, *pair))
        progress.advance(min(1.0, (start + batch) / len(first)))
    return np.concatenate(distances)


def _as_slices(array: np.ndarray) -> np.ndarray:
    return array[None] if array.ndim == 2 else array


def _as_images(slices: np.ndarray, data_range: float, device: str) -> Any:
    torch = import_torch()

    scaled = np.clip(slices / data_range, 0, 1) * 2 - 1
    return torch.from_numpy(scaled.astype(np.float32))[:, None].expand(-1, 3, -1, -1).to(device)


def _distance(model: Any, first: Any, second: Any) -> np.ndarray:
    torch = import_torch()

    with torch.inference_mode():
        return np.asarray(model(first, second).flatten().double().cpu().numpy())


@lru_cache(maxsize=2)
def _model(weights: AlexNetWeights, device: str) -> Any:
    torch = import_torch()
    import lpips

    backbone = _backbone(weights.path)
    # The random start is overwritten in full by the next lines; the user's random state stays untouched.
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = lpips.LPIPS(net="alex", version="0.1", pnet_rand=True, verbose=False)
    try:
        wanted = {key: f"features.{key.split('.', 1)[1]}" for key in model.net.state_dict()}
        model.net.load_state_dict({key: backbone[name] for key, name in wanted.items()}, strict=True)
    except (KeyError, RuntimeError) as error:
        raise InputError(
            f"{weights.path} does not hold AlexNet's layers", remedy=f"Replace it by {ALEXNET_URL}"
        ) from error
    try:
        return model.eval().to(device)
    except (RuntimeError, AssertionError) as error:  # torch raises either for a device that is not there
        raise InputError(f"LPIPS cannot be computed on the device {device!r}", remedy="Choose cpu") from error


def _backbone(path: Path) -> dict[str, Any]:
    torch = import_torch()

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError, KeyError, IndexError) as error:
        raise InputError(
            f"{path} is damaged, or holds more than tensors, and was not loaded", remedy=f"Replace it by {ALEXNET_URL}"
        ) from error
    if not isinstance(tensors, dict) or not all(isinstance(value, torch.Tensor) for value in tensors.values()):
        raise InputError(f"{path} is no set of named tensors", remedy=f"Replace it by {ALEXNET_URL}")
    return tensors
