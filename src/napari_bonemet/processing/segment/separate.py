"""Take a hindlimb scan apart: spine, left and right femur and tibia."""

import numpy as np

from napari_bonemet.geometry import Region
from napari_bonemet.processing.segment.anatomy import Limb, find_limb
from napari_bonemet.processing.segment.assemble import BONE_SHARE, OTHER, Owners, label_bones
from napari_bonemet.processing.segment.body import Body, find_body
from napari_bonemet.processing.segment.coarse import Coarse, make_coarse
from napari_bonemet.processing.segment.judge import judge
from napari_bonemet.processing.segment.legs import find_legs
from napari_bonemet.processing.segment.options import SeparationOptions
from napari_bonemet.processing.segment.result import NEEDS_REVIEW_BELOW, Part, PartName, SeparationResult
from napari_bonemet.processing.segment.shafts import Shaft, find_shafts
from napari_bonemet.processing.segment.spine import find_spine
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan, Side

# Below this one leg by itself is not called left or right.
_LEAST_SURE = 0.3
_ORDER: tuple[tuple[PartName, Side | None], ...] = (
    ("tibia", "left"),
    ("tibia", "right"),
    ("femur", "left"),
    ("femur", "right"),
    ("spine", None),
)


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
    owners = [Owners(1 + 2 * n, 2 + 2 * n) for n in range(len(limbs))]
    labels = label_bones(coarse, list(zip(limbs, owners, strict=True)), _strangers(shafts, limbs))
    progress.advance(0.95)
    body = _body(coarse, limbs, labels) if limbs else None
    result = _result(scan, options, coarse, limbs, owners, body, labels)
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


def _result(
    scan: Scan,
    options: SeparationOptions,
    coarse: Coarse,
    limbs: list[Limb],
    owners: list[Owners],
    body: Body | None,
    labels: np.ndarray,
) -> SeparationResult:
    found: dict[tuple[PartName, Side | None], tuple[np.ndarray, Limb | None]] = {}
    sides = _sides(limbs, body, options) if body is not None else []
    for limb, who, side in zip(limbs, owners, sides, strict=True):
        found["tibia", side] = (labels == who.tibia, limb)
        if (labels == who.femur).any():
            found["femur", side] = (labels == who.femur, limb)
    if body is not None:
        spine = find_spine(coarse, limbs, body, labels)
        if spine is not None:
            found["spine", None] = (spine, None)
    parts, final = [], np.zeros(labels.shape, np.uint8)
    keys = [key for key in _ORDER if key in found] + [key for key in found if key not in _ORDER]
    for key in keys:
        mask, limb = found[key]
        confidence, reason, turned = judge(key[0], mask, limb, body, coarse)
        region = _region(scan, coarse, mask, options.margin_um)
        parts.append(Part(key[0], key[1], region, confidence, reason, reversed=turned))
        final[mask] = len(parts)
    notes = _notes(parts, limbs, body)
    missing = {("tibia", "left"), ("tibia", "right")} - set(found)
    review = bool(missing) or any(part.confidence < NEEDS_REVIEW_BELOW for part in parts)
    projections = {"coronal": coarse.grey.max(1), "sagittal": coarse.grey.max(2)}
    return SeparationResult(
        tuple(parts), scan, options, final, coarse.grid, projections, notes, review,
        bone=coarse.share > BONE_SHARE, found=final, background=coarse.background,
    )  # fmt: skip


def _sides(limbs: list[Limb], body: Body, options: SeparationOptions) -> list[Side | None]:
    """The side of each leg."""
    mirrored = (options.sides == "swapped") != (options.slices_seen == "from the first slice")
    first_is_left = bool(body.across @ body.left > 0) != mirrored
    names: list[Side | None] = ["left", "right"] if first_is_left else ["right", "left"]
    if len(limbs) == 1 and body.sure < _LEAST_SURE:
        return [None]
    return names[: len(limbs)]


def _region(scan: Scan, coarse: Coarse, mask: np.ndarray, margin_um: float) -> Region:
    bounds = []
    for axis in range(3):
        along = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        block = round(coarse.grid.spacing[axis] / scan.spacing[axis])
        margin = round(margin_um / scan.spacing[axis])
        start = max(0, int(along[0]) * block - margin)
        bounds.append(slice(start, min(scan.shape[axis], (int(along[-1]) + 1) * block + margin)))
    return (bounds[0], bounds[1], bounds[2])


def _notes(parts: list[Part], limbs: list[Limb], body: Body | None) -> tuple[str, ...]:
    notes = []
    titles = {part.title for part in parts}
    for name, side in _ORDER:
        title = f"{side} {name}" if side else name
        if title not in titles:
            notes.append(f"No {title} was found: it lies outside the field, or draw its box")
    if body is not None and body.sure < 0.5:
        notes.append(f"Left and right are doubtful: {body.reason}")
    notes += [f"Look at the {part.title}: {part.reason}" for part in parts if part.confidence < NEEDS_REVIEW_BELOW]
    return tuple(notes)
