"""How alike two volumes are, voxel by voxel and window by window: PSNR and SSIM.

Protocol, the same for every model and for the copied last week:

- greys as they are (no rescaling per image), over a stated range, 255 by default; computed in float64, some slices
  at a time, so that a whole leg needs no more memory than its scans;
- *pooled* PSNR: one mean squared error over all voxels of the volume;
- *per slice*: the measure of each transverse slice, of which the mean is reported, which is what a
  network that predicts slices is scored by (Xiong et al., section 2.2);
- SSIM with the uniform window of 7 voxels along each axis, K1 = 0.01, K2 = 0.03, sample covariance
  (scikit-image's defaults, Wang et al. 2004); nothing masks the background, so volumes with more air
  score higher: compare only on the same crop;
- *thresholded* SSIM: greys up to a stated background are set to 0 in both volumes first. Soft tissue and its noise
  then count as alike wherever both have none, and bone alone is compared; windows without bone score 1 and stay in
  the mean. It is another measure: never beside the plain one in a column.
"""

from collections.abc import Callable, Iterator

import numpy as np
from skimage.metrics import structural_similarity

from napari_bonemet.errors import InputError

SSIM_WINDOW = 7

_SLAB_VOXELS = 2**22


def as_pair(predicted: object, truth: object) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays of one shape, (y, x) or (z, y, x), in their own types.

    Raises
    ------
    InputError
        When the shapes differ, or it is no image or volume.
    """
    first, second = np.asarray(predicted), np.asarray(truth)
    if first.shape != second.shape:
        raise InputError(
            "The prediction and the truth differ in shape", expected=f"{second.shape}", found=f"{first.shape}"
        )
    if first.ndim not in (2, 3) or first.size == 0:
        raise InputError("Only slices (y, x) and volumes (z, y, x) can be compared", found=f"shape {first.shape}")
    return first, second


def psnr(predicted: object, truth: object, *, data_range: float = 255.0) -> float:
    """Peak signal to noise ratio, 10 log10(range² / mean squared error), pooled over all voxels.

    Parameters
    ----------
    predicted, truth : array-like, (y, x) or (z, y, x)
        Greys.
    data_range : float
        The peak: 255 for 8-bit greys.

    Returns
    -------
    float
        Decibels; infinite for identical arrays.

    Raises
    ------
    InputError
        When the shapes differ.
    """
    first, second = as_pair(predicted, truth)
    squares = (np.square(a.astype(np.float64) - b).sum() for a, b in _slabs(first, second))
    error = float(sum(squares)) / first.size
    return float("inf") if error == 0 else float(10 * np.log10(data_range**2 / error))


def ssim_in_words(background: float | None = None) -> str:
    """The protocol of :func:`ssim` as a sentence for a table."""
    of = "greys as they are" if background is None else f"greys up to {background:g} set to 0 in both"
    return f"SSIM: uniform window of {SSIM_WINDOW} voxels, K1 0.01, K2 0.03, sample covariance, {of}, no mask"


def ssim(predicted: object, truth: object, *, data_range: float = 255.0, background: float | None = None) -> float:
    """Structural similarity, mean over all windows (7 voxels along every axis, fewer where the array is thinner).

    Parameters
    ----------
    predicted, truth : array-like, (y, x) or (z, y, x)
        Greys; of a volume the windows are cubes. For the mean over slices use :func:`per_slice`.
    data_range : float
        The range of greys, 255 for 8 bits.
    background : float, optional
        Greys up to this are set to 0 in both first; none without. For slices:
        ``per_slice(partial(ssim, background=75), ...)``.

    Returns
    -------
    float
        At most 1, which is for identical arrays.

    Raises
    ------
    InputError
        When the shapes differ, or an axis has fewer than 3 voxels (of a volume, one slice is taken as an image).
    """
    first, second = as_pair(predicted, truth)
    if first.ndim == 3 and first.shape[0] < 3:
        images = zip(first, second, strict=True)
        return float(np.mean([ssim(a, b, data_range=data_range, background=background) for a, b in images]))
    shortest = min(first.shape)
    window = min(SSIM_WINDOW, shortest - 1 + shortest % 2)
    if window < 3:
        raise InputError("Too small for structural similarity", expected="3 voxels along y and x", found=f"{shortest}")
    halo = window // 2 if first.ndim == 3 else 0
    parts = [
        (len(a) - 2 * halo, structural_similarity(a, b, data_range=data_range, win_size=window))
        for a, b in ((_above(a, background), _above(b, background)) for a, b in _slabs(first, second, halo))
    ]
    return float(np.average([value for _, value in parts], weights=[count for count, _ in parts]))


def _above(greys: np.ndarray, background: float | None) -> np.ndarray:
    doubles = greys.astype(np.float64)
    if background is not None:
        doubles[doubles <= background] = 0
    return doubles


def _slabs(first: np.ndarray, second: np.ndarray, halo: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Runs of slices of both volumes with `halo` slices around each; a single image as it is."""
    if first.ndim == 2:
        yield first, second
        return
    step = max(1, _SLAB_VOXELS // max(1, first[0].size))
    for start in range(halo, len(first) - halo, step):
        part = slice(start - halo, min(start + step, len(first) - halo) + halo)
        yield first[part], second[part]


def per_slice(
    metric: Callable[..., float], predicted: object, truth: object, *, data_range: float = 255.0
) -> np.ndarray:
    """`metric` of each transverse slice.

    Parameters
    ----------
    metric : callable
        :func:`psnr` or :func:`ssim`.
    predicted, truth : array-like, (z, y, x)
        Greys.
    data_range : float
        Passed on to the metric.

    Returns
    -------
    ndarray, (z,)
        One value per slice.
    """
    first, second = as_pair(predicted, truth)
    if first.ndim == 2:
        first, second = first[None], second[None]
    return np.array([metric(a, b, data_range=data_range) for a, b in zip(first, second, strict=True)])


def finite_mean(values: np.ndarray) -> float:
    """Mean of the finite values; infinite when none is (every slice is identical).

    A slice without tissue is predicted exactly by anything, and its infinite PSNR would hide the others.
    """
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("inf")
