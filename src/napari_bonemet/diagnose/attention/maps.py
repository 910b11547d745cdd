"""What each place of a scan adds to the suspicion: a map on the scan's own grid.

Grad-CAM (Selvaraju et al. 2017) weighs a network's last maps with the mean gradient of the answer. Here the answer is a
linear function of the highest of each feature, so that the weights are known without a gradient: a place adds
``sum over features of weight * feature``, the class activation map (Zhou et al. 2016), of which Grad-CAM is the
estimate for other networks. No weight and no feature is negative, so neither is the map.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.torch_import import import_torch

if TYPE_CHECKING:
    from napari_bonemet.diagnose.classifier import LesionClassifier

_SQUARES_AT_ONCE = 64


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
        On the grid of the scan; log odds, 0 where nothing speaks for a lesion, and where it does not look. As coarse
        as the network's last maps: 8 of its voxels for the small one. How far the volume's log odds are from those of
        no sign at all is at most the sum over features of their highest: the map's maximum is that of one place.

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
    network = classifier.network
    with torch.inference_mode():
        for start in range(0, len(squares), _SQUARES_AT_ONCE):
            greys = torch.from_numpy(squares[start : start + _SQUARES_AT_ONCE].astype(np.float32) / 255)
            maps = network.maps(greys.to(classifier.device))
            added = torch.einsum("nchw,c->nhw", maps, network.head())[:, None]
            found.append(_spread(added, side, classifier.options.backbone)[:, 0].cpu().numpy())
    return np.concatenate(found)


def _spread(maps: Any, side: int, backbone: str) -> Any:
    """Maps (n, 1, y, x) over squares of `side` voxels, each value where the middle of what it saw lies.

    A convolution of three voxels with a stride of two, padded by one, sees voxel 2i in the middle for its value i:
    after three of them the values lie at voxels 0, 8, 16 and so on, not in the middle of eighths. Patches do lie so.
    """
    torch = import_torch()
    spread = torch.nn.functional.interpolate
    if backbone.startswith(("swin", "vit")):
        return spread(maps, size=(side, side), mode="bilinear", align_corners=False)
    wider = torch.nn.functional.pad(maps, (0, 1, 0, 1), mode="replicate")
    step = -(-side // maps.shape[-1])
    whole = step * maps.shape[-1] + 1
    return spread(wider, size=(whole, whole), mode="bilinear", align_corners=True)[..., :side, :side]
