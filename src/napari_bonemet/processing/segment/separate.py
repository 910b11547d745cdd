"""Take a hindlimb scan apart: spine, left and right femur and tibia."""

import numpy as np

from napari_bonemet.processing.segment.anatomy import Limb, find_limb
from napari_bonemet.processing.segment.assemble import OTHER, Owners, label_bones
from napari_bonemet.processing.segment.body import Body, find_body
from napari_bonemet.processing.segment.coarse import Coarse, make_coarse
from napari_bonemet.processing.segment.legs import find_legs
from napari_bonemet.processing.segment.naming import Found, name_parts_of
from napari_bonemet.processing.segment.options import SeparationOptions
from napari_bonemet.processing.segment.result import SeparationResult
from napari_bonemet.processing.segment.shafts import Shaft, find_shafts
from napari_bonemet.processing.segment.spine import find_spine
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan


def separate_limbs(
    scan: Scan, *, options: SeparationOptions | None = None, progress: Progress = NO_PROGRESS
) -> SeparationResult:
    """Find spine, femora and tibiae in a hindlimb scan (BoneMet supplementary, sections A and C.1).

    The scan is read once, in slabs, into a volume of about 80 micrometres, on which all is decided; see
    :func:`cut_part` for the parts at full resolution.

    Parameters
    ----------
    scan : Scan
        Both hindlimbs, in any posture, head or feet first; voxels may be lazy and larger than memory.
    options : SeparationOptions, optional
        The defaults when None.
    progress : Progress
        Listens.

    Returns
    -------
    SeparationResult
        The parts that were found, each with a confidence and a reason; what is doubtful is said in its notes.

    Raises
    ------
    InputError
        When nothing is above the bone threshold.
    """
    options = options or SeparationOptions()
    progress.message(f"{scan.title}: reading the scan")
    coarse = make_coarse(scan, options, PartOf(progress, 0.0, 0.8))
    progress.message(f"{scan.title}: looking for the bones")
    shafts, pooled = find_shafts(coarse.share, coarse.grid.spacing)
    progress.advance(0.83)
    limbs = [find_limb(coarse, leg) for leg in find_legs(shafts, pooled)]
    progress.advance(0.87)
    strangers = _strangers(shafts, limbs)
    owners = [Owners(1 + 2 * n, 2 + 2 * n) for n in range(len(limbs))]
    labels = label_bones(coarse, list(zip(limbs, owners, strict=True)), strangers)
    progress.advance(0.95)
    body = _body(coarse, limbs, labels) if limbs else None
    spine = find_spine(coarse, limbs, body, labels, strangers) if body else None
    result = name_parts_of(scan, Found(coarse, limbs, owners, body, labels, spine), options)
    progress.advance(1.0)
    return result


def _strangers(shafts: list[Shaft], limbs: list[Limb]) -> list[Shaft]:
    """Shafts that belong to no leg."""
    found = []
    for shaft in shafts:
        if any(shaft in (limb.leg.tibia, limb.leg.femur) for limb in limbs):
            continue
        middle = shaft.points.mean(0)
        ours = False
        for limb in limbs:
            for axis, length in ((limb.tibia, limb.length + 500), (limb.femur, 0.9 * limb.length)):
                if axis is not None and -3500 < axis.along(middle) < length and axis.aside(middle) < 2600:
                    ours = True
        if not ours and shaft.length > 3000:
            found.append(shaft)
    return found


def _body(coarse: Coarse, limbs: list[Limb], labels: np.ndarray) -> Body:
    other = np.argwhere(labels[::2, ::2, ::2] == OTHER) * 2
    points = (other + 0.5) * coarse.grid.spacing
    near_foot = np.zeros(len(points), bool)
    for limb in limbs:
        near_foot |= (limb.tibia.along(points) > limb.length - 1500) & (limb.tibia.aside(points) < 6000)
    return find_body(limbs, points[~near_foot])
