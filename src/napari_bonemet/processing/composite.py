"""Composite of two weeks: bone kept, lost and formed (BoneMet supplementary, section A), less what noise fakes."""

import numpy as np
from scipy import ndimage

from napari_bonemet.coverage import covered_by_all
from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid
from napari_bonemet.io.composite_codes import encode
from napari_bonemet.processing.composite_result import CompositeOptions, CompositeResult, RemodellingVolumes
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Source, Step, fingerprint
from napari_bonemet.scan import Kind, Scan

__all__ = ["CompositeOptions", "CompositeResult", "RemodellingVolumes", "make_composite"]

_FULL = np.ones((3, 3, 3), dtype=bool)


def make_composite(
    baseline: Scan, later: Scan, *, options: CompositeOptions | None = None, progress: Progress = NO_PROGRESS
) -> CompositeResult:
    """Lay a later week over the baseline and tell bone kept, lost and formed apart.

    Parameters
    ----------
    baseline, later : Scan
        Registered: on one grid.
    options : CompositeOptions, optional
        The defaults when None.

    Returns
    -------
    CompositeResult
        Composite, volumes before and after the noise rule, and the rule in words.

    Raises
    ------
    InputError
        When the scans lie on different grids, or one shows no bone.
    """
    options = options or CompositeOptions()
    _require_one_grid(baseline, later)
    before, after = baseline.to_numpy(), later.to_numpy()
    bone, bone_later = before > options.bone_threshold, after > options.bone_threshold
    for scan, mask in ((baseline, bone), (later, bone_later)):
        if not mask.any():
            raise InputError(
                f"{scan.title} shows no bone",
                expected=f"grey values above {options.bone_threshold:g}",
                found=f"at most {float(scan.to_numpy().max()):g}",
                remedy="Lower the bone threshold",
            )
    seen = covered_by_all((baseline, later))
    unseen = 0.0
    if seen is not None:
        # Outside a week's field of view nothing is known: the baseline's state stands.
        unseen = int(np.count_nonzero(bone & ~seen)) / int(np.count_nonzero(bone))
        bone_later = np.where(seen, bone_later, bone)
    raw = _volumes(bone, bone_later, baseline.grid)
    contrast = _contrast(before, bone)
    change = after.astype(np.float32) - before
    progress.advance(0.3)
    lost = _changed(bone & ~bone_later, -change, contrast, options)
    progress.advance(0.6)
    formed = _changed(bone_later & ~bone, change, contrast, options)
    progress.advance(0.9)
    settled = (bone & ~lost) | formed
    voxels = encode(bone, settled)
    source = Source(baseline.title, fingerprint(baseline.voxels))
    rule = rule_in_words(options, contrast, unseen)
    step = Step("composite", {**options.as_record(), "rule": rule}, (source,))
    scan = later.with_voxels(voxels, step=step, kind=Kind.COMPOSITE)
    progress.advance(1.0)
    return CompositeResult(scan, raw, _volumes(bone, settled, baseline.grid), rule)


def _require_one_grid(baseline: Scan, later: Scan) -> None:
    if not baseline.grid.matches(later.grid):
        raise InputError(
            f"{later.title} does not lie on the grid of {baseline.title}",
            expected=f"{baseline.shape} voxels of {baseline.spacing} µm",
            found=f"{later.shape} voxels of {later.spacing} µm",
            remedy="Register the weeks first",
        )


def _contrast(grey: np.ndarray, bone: np.ndarray) -> float:
    background = 0.0 if bone.all() else float(np.median(grey[~bone]))
    return float(np.median(grey[bone])) - background


def _changed(crossing: np.ndarray, change: np.ndarray, contrast: float, options: CompositeOptions) -> np.ndarray:
    """The crossing voxels (z, y, x) that the noise rule lets stand."""
    core = crossing & (change >= options.core_change * contrast)
    core = _clusters_of(core, options.core_voxels)
    if not core.any():
        return core
    near = ndimage.binary_dilation(core, _FULL, iterations=options.reach, mask=crossing) if options.reach else core
    return _clusters_of(near, options.least_voxels)


def _clusters_of(mask: np.ndarray, least: int) -> np.ndarray:
    labels, _ = ndimage.label(mask, _FULL)
    large = np.bincount(labels.ravel()) >= least
    large[0] = False
    return np.asarray(large[labels])


def _volumes(bone: np.ndarray, later: np.ndarray, grid: Grid) -> RemodellingVolumes:
    voxel = grid.voxel_volume_mm3
    kept, first, second = (float(np.count_nonzero(mask)) for mask in (bone & later, bone, later))
    return RemodellingVolumes(
        kept * voxel, (second - kept) * voxel, (first - kept) * voxel, first * voxel, second * voxel
    )


def rule_in_words(options: CompositeOptions, contrast: float, unseen: float = 0.0) -> str:
    """The noise rule as a sentence for captions and records.

    Parameters
    ----------
    contrast : float
        Grey values between the medians of bone and background.
    unseen : float
        Part of the baseline's bone outside the field of view of either week.
    """
    margin = options.core_change * contrast
    return (
        f"Bone is above grey {options.bone_threshold:g}. A voxel counts as formed or resorbed when it crosses that "
        f"threshold and lies within {options.reach} voxels of a core: at least {options.core_voxels} touching voxels "
        f"that cross it and change by {margin:.0f} greys or more ({options.core_change:.0%} of the contrast between "
        f"bone and background), in a cluster of at least {options.least_voxels} voxels (26-connected). All else "
        f"that crosses the threshold is taken for noise and keeps its baseline state.{_outside(unseen)}"
    )


def _outside(unseen: float) -> str:
    return (
        f" {unseen:.1%} of the baseline's bone lies outside the later field of view and is left out." if unseen else ""
    )
