"""Structure model index: whether bone is plates, rods or balls, from how its surface grows when it is thickened.

Hildebrand and Ruegsegger 1997, "Quantification of bone microarchitecture with the structure model index", Comput
Methods Biomech Biomed Engin 1:15-23: SMI = 6 V S' / S^2, where S' is the growth of the surface S per thickness added.
Hollow surfaces shrink when thickened and count below zero (Salmon et al. 2015, Front Endocrinol 6:162): in dense
bone the index falls, even under 0, and tells of concavity rather than of plates.
"""

import numpy as np

from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.slabs import from_slabs

__all__ = ["structure_model_index"]

# The stairs of the voxels have no curvature to speak of until they are smoothed, by so many voxels.
SIGMA = 1.0
_HALO = 6
_SLAB = 24


def structure_model_index(solid: np.ndarray, inside: np.ndarray, *, progress: Progress = NO_PROGRESS) -> float | None:
    """Plate 0, rod 3, sphere 4.

    The mask is smoothed (Gaussian, one voxel), within the region only, so that its edge is no surface. Volume, surface
    and growth are all those of the smooth surface, whose small shrinking of thin rods then cancels.

    Parameters
    ----------
    solid, inside : ndarray of bool, (z, y, x)
        Bone, and the region; voxels must be cubes.
    progress : Progress
        Advanced by slabs.

    Returns
    -------
    float or None
        None when bone is so thin that nothing of it is left after smoothing.
    """
    from napari_bonemet.morphometry.structure.model_kernels import measure_cells

    def work(start: int, stop: int) -> np.ndarray:
        low, high = max(0, start - _HALO), min(len(solid), stop + 1 + _HALO)
        total = np.zeros(3)
        field = _smooth(solid[low:high], inside[low:high])
        measure_cells(field, inside[low:high], start - low, stop - low, total)
        return total

    found = from_slabs(work, max(1, len(solid) - 1), slab=_SLAB, progress=progress)
    volume, surface, growth = np.sum(found, axis=0)
    return float(6 * volume * growth / surface**2) if surface > 0 else None


def _smooth(solid: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The share of bone around each voxel of the region, of what of its surroundings lies in the region."""
    from scipy import ndimage

    def blurred(mask: np.ndarray) -> np.ndarray:
        out: np.ndarray = ndimage.gaussian_filter(mask.astype(np.float32), SIGMA, mode="constant", truncate=4.0)
        return out

    field = blurred(solid)
    field /= np.maximum(blurred(inside), np.float32(1e-6))
    return field
