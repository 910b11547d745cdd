"""The latent noise of a sample: alike in neighbouring slices, or a future would be torn from slice to slice."""

import numpy as np
from scipy import ndimage


def latent_noise(slices: int, z_dim: int, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """Standard normal noise (slices, z_dim), float32, that stays alike over `correlation` slices.

    Each column is a stationary Gaussian process along the bone with unit variance: white noise under a
    Gaussian kernel, scaled to variance 1. Its correlation falls to exp(-1/4) after `correlation` slices.

    Parameters
    ----------
    correlation : float
        In slices; 0 draws each slice by itself.
    """
    if correlation <= 0:
        return rng.standard_normal((slices, z_dim), dtype=np.float32)
    if correlation > 50 * slices:
        return np.repeat(rng.standard_normal((1, z_dim), dtype=np.float32), slices, axis=0)
    reach = int(np.ceil(3 * correlation))
    white = rng.standard_normal((slices + 2 * reach, z_dim))
    smooth = ndimage.gaussian_filter1d(white, correlation, axis=0, radius=reach, mode="constant")
    at = np.exp(-0.5 * (np.arange(-reach, reach + 1) / correlation) ** 2)
    return (smooth[reach : reach + slices] / np.linalg.norm(at / at.sum())).astype(np.float32)
