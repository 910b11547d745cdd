"""Plain figures of a scan that no network is needed for: how much bone, how bright, how sharp, how noisy."""

import numpy as np
from scipy import ndimage

NAMES = (
    "bone share", "bone grey", "bone grey spread", "soft grey", "soft grey spread", "surface share", "edge", "noise",
    "brightest",
)  # fmt: skip
_LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
# Standard deviation of that filter's answer to white noise of deviation 1.
_LAPLACE_GAIN = 6.0


def slice_statistics(squares: np.ndarray, bone_threshold: float) -> np.ndarray:
    """Figures of each square.

    Parameters
    ----------
    squares : ndarray, (n, side, side)
        Greys, 0 to 255.
    bone_threshold : float
        Bone is above it.

    Returns
    -------
    ndarray, (n, figures) float64
        In the order of `NAMES`: shares 0 to 1, greys, greys per voxel for the edge, grey values of noise
        (Immerkær 1996, its median form, in what is no bone).
    """
    return np.array([_of_slice(np.asarray(square, dtype=np.float32), bone_threshold) for square in squares])


def scan_statistics(each: np.ndarray) -> np.ndarray:
    """Figures of slices (n, figures), those that show bone, as one row of the scan: their means, then their spreads."""
    return np.concatenate([each.mean(axis=0), each.std(axis=0)])


def _of_slice(greys: np.ndarray, threshold: float) -> tuple[float, ...]:
    bone = greys > threshold
    soft = ~bone
    surface = bone & ~ndimage.binary_erosion(bone)
    steep = np.hypot(*np.gradient(greys))
    answer = np.abs(ndimage.convolve(greys, _LAPLACE))
    away = ~ndimage.binary_dilation(bone, iterations=2)
    count = max(1, int(bone.sum()))
    return (
        float(bone.mean()),
        _mean(greys[bone]),
        _spread(greys[bone]),
        _mean(greys[soft]),
        _spread(greys[soft]),
        float(surface.sum()) / count,
        _mean(steep[surface]),
        float(np.median(answer[away])) / 0.6745 / _LAPLACE_GAIN if away.any() else 0.0,
        float(np.percentile(greys, 99.5)),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else 0.0


def _spread(values: np.ndarray) -> float:
    return float(values.std()) if values.size else 0.0
