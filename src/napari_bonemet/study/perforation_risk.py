"""How likely the cortex is eaten through: the share of a forecast's samples in which it is, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import grown
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.morphometry.change.perforations import UNKNOWN, perforated
from napari_bonemet.morphometry.masks.compartments import Part, find_compartments
from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan

__all__ = ["PerforationOptions", "PerforationRisk", "perforation_risk"]

_MARGIN = 6


@dataclass(frozen=True)
class PerforationOptions(Options):
    """What counts as a perforation."""

    bone_threshold: Annotated[float, Doc("Bone is above this grey value."), Between(0, 255)] = 75.0
    least_perforation: Annotated[float, Doc("Smallest opening that counts."), Unit("mm²"), Between(0, 10)] = 0.005


@dataclass(frozen=True, eq=False)
class PerforationRisk:
    """What the samples say of perforations.

    Parameters
    ----------
    share : Scan, (z, y, x)
        Share of the samples in which a voxel belongs to a gap through the cortex, 0 to 1, float32.
    perforated : tuple of bool
        Of each sample, whether it has such a gap.
    before : bool
        Whether the last seen week has one already.
    """

    share: Scan
    perforated: tuple[bool, ...]
    before: bool

    @property
    def probability(self) -> float:
        """Share of the samples that are perforated."""
        return sum(self.perforated) / len(self.perforated)

    @property
    def words(self) -> str:
        """The same as a sentence."""
        have, many = sum(self.perforated), len(self.perforated)
        already = " The last seen week has one already." if self.before else ""
        return f"In {have} of {many} samples lost bone goes through the cortex.{already}"


def perforation_risk(
    samples: Sequence[Scan],
    baseline: Scan,
    last: Scan,
    *,
    options: PerforationOptions | None = None,
    progress: Progress = NO_PROGRESS,
) -> PerforationRisk:
    """Look for gaps through the cortex in every sample of a forecast.

    The compartments are those of the baseline, before bone was lost; a gap is what
    :func:`~napari_bonemet.morphometry.change.perforations.find_perforations` tells, of the bone that the sample
    lacks against the baseline.

    Parameters
    ----------
    samples : sequence of Scan, (z, y, x)
        Greys, at least one.
    baseline : Scan
        The first week, on the samples' grid.
    last : Scan
        The last seen week, on the same grid; what is open there is no forecast.
    options : PerforationOptions, optional
        The defaults when None.

    Raises
    ------
    InputError
        When there is no sample, the grids differ, or no cortex is found.
    """
    options = options or PerforationOptions()
    if not samples:
        raise InputError("A risk needs at least one sample", remedy="Draw futures first")
    for scan in (*samples, last):
        if not scan.grid.matches(baseline.grid):
            raise InputError(
                f"{scan.title} does not lie on the grid of the baseline",
                expected=f"{baseline.shape}",
                found=f"{scan.shape}",
            )
    progress.message("finding the cortex")
    labels = find_compartments(baseline, progress=PartOf(progress, 0.0, 0.3)).labels.copy()
    # A slice without compartments is not outside the bone; nothing is known of it.
    labels[~labels.any(axis=(1, 2))] = UNKNOWN
    bone = baseline.to_numpy() > options.bone_threshold
    count, found = np.zeros(baseline.shape, np.uint16), []
    for number, sample in enumerate(samples, start=1):
        progress.message(f"sample {number} of {len(samples)}")
        gaps = _gaps(sample, bone, labels, options)
        count += gaps
        found.append(bool(gaps.any()))
        progress.advance(0.3 + 0.65 * number / len(samples))
    before = bool(_gaps(last, bone, labels, options).any())
    step = Step("perforation risk", {**options.as_record(), "samples": len(samples)})
    share = count.astype(np.float32) / np.float32(len(samples))
    progress.advance(1.0)
    return PerforationRisk(samples[0].with_voxels(share, step=step, kind=Kind.UNCERTAINTY), tuple(found), before)


def _gaps(scan: Scan, bone: np.ndarray, labels: np.ndarray, options: PerforationOptions) -> np.ndarray:
    """The voxels of gaps through the cortex, looked for around the lost cortical bone alone."""
    now = scan.to_numpy() > options.bone_threshold
    lost = newly_lost_bone(now, bone, opening=1)
    gaps = np.zeros(lost.shape, bool)
    boxes = ndimage.find_objects((lost & (labels == Part.CORTEX)).astype(np.uint8))
    if not boxes:
        return gaps
    box = grown(boxes[0], _MARGIN, lost.shape)
    gaps[box] = perforated(lost[box], ~now[box], labels[box], scan.spacing, options.least_perforation)
    return gaps
