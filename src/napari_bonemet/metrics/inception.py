"""The Inception network of FID and KID, with weights from a local file alone.

Weights are those that torch-fidelity converted from the original TensorFlow graph of 2015. Nothing is downloaded here,
and a network with random weights is never used in their place.
"""

import pickle
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from napari_bonemet.errors import InputError, MissingWeightsError
from napari_bonemet.metrics.weight_file import WeightFile, in_hub
from napari_bonemet.torch_import import import_torch

__all__ = ["INCEPTION_FILE", "InceptionWeights", "Layer", "find_inception", "inception", "require_torchmetrics"]

INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"
INCEPTION_URL = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{INCEPTION_FILE}"

Layer = Literal[64, 192, 768, 2048]


class InceptionWeights(WeightFile):
    """Inception's weight file that was found."""

    PUBLISHED: ClassVar[str] = "6726825d"

    @property
    def note(self) -> str:
        """One sentence for the table: which weights were measured with."""
        origin = "the published weights of 2015" if self.published else "not the published weights"
        return f"Inception v3: {origin} (sha256 {self.sha256[:8]})"


def find_inception(path: str | Path | None = None) -> InceptionWeights:
    """The Inception weights: the file that is named, or the one in torch hub's cache.

    Raises
    ------
    MissingWeightsError
        When it is not there; the message says how to get it.
    """
    found = in_hub(INCEPTION_FILE) if path is None else Path(path)
    if not found.is_file():
        raise MissingWeightsError(
            "FID and KID need Inception's weights, which are not on this machine",
            expected=f"the file {found}",
            remedy=f"Download {INCEPTION_URL} into that folder (TORCH_HOME names another), or name the file",
        )
    return InceptionWeights.read(found)


def require_torchmetrics() -> None:
    """Raise InputError when torchmetrics or torch-fidelity is not installed."""
    from importlib.util import find_spec

    missing = [package for package in ("torchmetrics", "torch_fidelity") if find_spec(package) is None]
    if missing:
        raise InputError(
            f"FID and KID are computed by packages that are not installed: {', '.join(missing)}",
            remedy="Run pip install 'torchmetrics[image]'",
        )


@lru_cache(maxsize=1)
def inception(weights: InceptionWeights, layer: Layer, device: str) -> Any:
    """Torchmetrics' Inception up to a layer; takes images (n, 3, y, x) of bytes, gives features (n, layer).

    Raises
    ------
    InputError
        When a package is missing, the file is damaged or holds another network, or the device is not there.
    """
    require_torchmetrics()
    torch = import_torch()
    _require_tensors(weights.path)
    from torchmetrics.image.fid import NoTrainInceptionV3

    try:
        # The random start is overwritten in full by the file; the user's random state stays untouched.
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network = NoTrainInceptionV3("inception-v3-compat", [str(layer)], str(weights.path))
    except RuntimeError as error:
        raise InputError(
            f"{weights.path} does not hold Inception's layers", remedy=f"Replace it by {INCEPTION_URL}"
        ) from error
    try:
        return network.to(device)
    except (RuntimeError, AssertionError) as error:  # torch raises either for a device that is not there
        raise InputError(f"FID cannot be computed on the device {device!r}", remedy="Choose cpu") from error


def _require_tensors(path: Path) -> None:
    """Refuse a file with code in it: the network's own reader would run it."""
    torch = import_torch()

    remedy = f"Replace it by {INCEPTION_URL}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError, KeyError, IndexError) as error:
        raise InputError(f"{path} is damaged, or holds more than tensors, and was not loaded", remedy=remedy) from error
    if not isinstance(tensors, dict) or not all(isinstance(value, torch.Tensor) for value in tensors.values()):
        raise InputError(f"{path} is no set of named tensors", remedy=remedy)
