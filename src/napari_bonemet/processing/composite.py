"""Composite of two weeks: bone kept, lost and formed (BoneMet supplementary, section A), less what noise fakes."""

import numpy as np

from napari_bonemet.coverage import covered_by_all
from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid
from napari_bonemet.io.composite_codes import encode
from napari_bonemet.processing.composite_result import CompositeOptions, CompositeResult, RemodellingVolumes
from napari_bonemet.processing.noise_rule import Greys, changed, rule_in_words
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Source, Step, fingerprint
from napari_bonemet.scan import Kind, Scan

__all__ = ["CompositeOptions", "CompositeResult", "RemodellingVolumes", "make_composite"]


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
    greys = Greys.of(before, bone)
    progress.advance(0.3)
    lost = changed(bone & ~bone_later, before, after, greys, options)
    progress.advance(0.6)
    formed = changed(bone_later & ~bone, after, before, greys, options)
    progress.advance(0.9)
    settled = (bone & ~lost) | formed
    voxels = encode(bone, settled)
    source = Source(baseline.title, fingerprint(baseline.voxels))
    rule = rule_in_words(options, greys, unseen)
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


def _volumes(bone: np.ndarray, later: np.ndarray, grid: Grid) -> RemodellingVolumes:
    voxel = grid.voxel_volume_mm3
    kept, first, second = (float(np.count_nonzero(mask)) for mask in (bone & later, bone, later))
    return RemodellingVolumes(
        kept * voxel, (second - kept) * voxel, (first - kept) * voxel, first * voxel, second * voxel
    )
