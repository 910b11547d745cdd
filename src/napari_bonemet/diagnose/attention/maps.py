"""What each place of a scan adds to the suspicion: a map on the scan's own grid.

The last maps of a network say little of places: each of their values sees 43 voxels, and the highest of them need not
lie over what it saw. LayerCAM (Jiang et al. 2021, equation 5) weighs the maps of an earlier layer, value by value, with
the gradient of the answer, where that speaks for a lesion. Here the answer of a slice is a linear function of the
highest of each feature, none of which is negative, so that it is known how much there is to share out: each slice's map
is brought to the log odds that its features add.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import gaussian_filter

from napari_bonemet.errors import InputError
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.torch_import import import_torch

if TYPE_CHECKING:
    from napari_bonemet.diagnose.classifier import LesionClassifier

_SQUARES_AT_ONCE = 64
# Shares are smoothed by about half a cell of the maps that they come from: standard deviation, voxels of the network.
_SMOOTHED = 2.0


def where_it_looked(
    classifier: "LesionClassifier", scan: Scan, *, earlier: Sequence[Scan] = (), progress: Progress = NO_PROGRESS
) -> np.ndarray:
    """How much each place adds to the log odds of a lesion.

    Parameters
    ----------
    classifier : LesionClassifier
        What was asked.
    scan : Scan
        What it was asked about.
    earlier : sequence of Scan
        The weeks before it, as :meth:`~napari_bonemet.diagnose.classifier.LesionClassifier.classify` takes them.
    progress : Progress
        Told after some slices, and asked to stop.

    Returns
    -------
    ndarray, (z, y, x) float32
        On the grid of the scan, none negative, 0 where it does not look; log odds. Those of a slice that one square
        of the network covers add up to what its features add to the log odds of no sign at all.

    Raises
    ------
    InputError
        As :meth:`classify`.
    Cancelled
        When the user asked to stop.
    """
    progress.message(f"where it looked in {scan.title}")
    view = classifier.view(scan, earlier, PartOf(progress, 0.0, 0.2))
    planes, found = view.planes, []
    for _, bone, squares in view.slabs(PartOf(progress, 0.2, 1.0)):
        count, many = squares.shape[:2]
        maps = _maps(classifier, squares.reshape(count * many, *squares.shape[2:]))
        maps = maps.reshape(count, many, planes.crop, planes.crop) * bone[:, None, None, None]
        laid = np.zeros((count, *planes.shape), dtype=np.float32)
        weight = np.zeros(planes.shape, dtype=np.float32)
        for number, corner in enumerate(planes.corners):
            planes.paste(maps[:, number], corner, laid, weight)
        found.append(planes.outwards(laid / np.maximum(weight, 1e-6)))
    return np.concatenate(found).astype(np.float32)


def highest_place(looked: np.ndarray) -> tuple[int, int, int]:
    """The voxel (z, y, x) where a map is highest.

    Raises
    ------
    InputError
        When the map is empty: nothing speaks for a lesion anywhere.
    """
    if not looked.any():
        raise InputError("The map is empty: nothing in the scan speaks for a lesion")
    z, y, x = np.unravel_index(int(np.argmax(looked)), looked.shape)
    return int(z), int(y), int(x)


def _maps(classifier: "LesionClassifier", squares: np.ndarray) -> np.ndarray:
    """What each place of squares (n, [weeks,] side, side) adds, (n, side, side)."""
    torch = import_torch()
    side, found = squares.shape[-1], []
    for start in range(0, len(squares), _SQUARES_AT_ONCE):
        greys = torch.from_numpy(squares[start : start + _SQUARES_AT_ONCE].astype(np.float32) / 255)
        shares, added = _shares(classifier.network, greys.to(classifier.device))
        laid = _spread(shares, side, classifier.options.backbone)[:, 0].cpu().numpy()
        laid = gaussian_filter(laid, _SMOOTHED, axes=(1, 2))
        found.append(laid * (added.cpu().numpy() / np.maximum(laid.sum(axis=(1, 2)), 1e-9))[:, None, None])
    return np.concatenate(found)


def _shares(network: Any, greys: Any) -> tuple[Any, Any]:
    """LayerCAM of each slice (n, 1, y, x), and what its features add to the log odds (n,)."""
    torch = import_torch()
    with torch.no_grad():
        seen = network.placed(greys)
    with torch.enable_grad():
        seen = seen.requires_grad_()
        added = network.told(seen).amax((2, 3)) @ network.head().detach()
        (pull,) = torch.autograd.grad(added.sum(), seen)
    return torch.relu(pull * seen.detach()).sum(1, keepdim=True), added.detach()


def _spread(maps: Any, side: int, backbone: str) -> Any:
    """Maps (n, 1, y, x) over squares of `side` voxels, each value where the middle of what it saw lies.

    A convolution of three voxels with a stride of two, padded by one, sees voxel 2i in the middle for its value i:
    after two of them the values lie at voxels 0, 4, 8 and so on, not in the middle of quarters. Patches do lie so.
    """
    torch = import_torch()
    spread = torch.nn.functional.interpolate
    if backbone.startswith(("swin", "vit")):
        return spread(maps, size=(side, side), mode="bilinear", align_corners=False)
    wider = torch.nn.functional.pad(maps, (0, 1, 0, 1), mode="replicate")
    step = -(-side // maps.shape[-1])
    whole = step * maps.shape[-1] + 1
    return spread(wider, size=(whole, whole), mode="bilinear", align_corners=True)[..., :side, :side]
