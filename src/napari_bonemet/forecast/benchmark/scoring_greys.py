"""Errors of the greys: of copying, of the truth without noise, of the samples and their mean."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from napari_bonemet.forecast.benchmark.animal import Animal
from napari_bonemet.metrics.similarity import finite_mean, per_slice, psnr, ssim

# Soft tissue and air, at or below this grey, are set to 0 before the thresholded SSIM, so that noise in the
# background neither lifts nor lowers it.
SSIM_BACKGROUND = 50.0


def squared_error(volume: np.ndarray, truth: np.ndarray) -> float:
    """Mean squared error over all voxels, greys squared."""
    off = volume.astype(np.float32) - truth
    return float(np.einsum("zyx,zyx->", off, off, dtype=np.float64)) / off.size


def grey_scores(animal: Animal, mean: np.ndarray, samples: Sequence[np.ndarray]) -> dict[str, float]:
    """Errors over all voxels of the animal, and structural similarity, of a forecast and of copying.

    Parameters
    ----------
    animal : Animal
        With its truth.
    mean : ndarray, (z, y, x)
        Mean of the samples.
    samples : sequence of ndarray, (z, y, x)
        The futures.
    """
    truth, last = animal.truth.to_numpy().astype(np.float32), animal.seen[-1].to_numpy()
    errors = [squared_error(sample, truth) for sample in samples]
    made = {
        "copy_se": squared_error(last, truth),
        "clean_se": squared_error(animal.clean.to_numpy(), truth),
        "still_se": squared_error(animal.still.to_numpy(), truth),
        "mean_se": squared_error(mean, truth),
        "single_se": float(np.mean(errors)),
        "best_se": min(errors),
        "copy_ae": float(np.abs(last - truth).mean(dtype=np.float64)),
        "mean_ae": float(np.abs(mean - truth).mean(dtype=np.float64)),
    }
    on_bone = partial(ssim, background=SSIM_BACKGROUND)
    for name, volume in (("copy", last), ("mean", mean)):
        made[f"{name}_psnr_slices"] = finite_mean(per_slice(psnr, volume, truth))
        made[f"{name}_ssim"] = float(per_slice(ssim, volume, truth).mean())
        made[f"{name}_ssim_bone"] = float(per_slice(on_bone, volume, truth).mean())
    return made


def perceptual_scores(animal: Animal, mean: np.ndarray, device: str) -> dict[str, float]:
    """LPIPS of the forecast's mean and of copying, mean over slices; nothing where its weights are not there."""
    from napari_bonemet.errors import InputError
    from napari_bonemet.metrics.perceptual import SMALLEST_SLICE, lpips_distance, require_alexnet

    truth = animal.truth.to_numpy()
    if min(truth.shape[1:]) < SMALLEST_SLICE:
        return {}
    try:
        require_alexnet()
    except InputError:
        return {}
    volumes = {"copy_lpips": animal.seen[-1].to_numpy(), "mean_lpips": mean}
    return {name: float(lpips_distance(volume, truth, device=device).mean()) for name, volume in volumes.items()}
