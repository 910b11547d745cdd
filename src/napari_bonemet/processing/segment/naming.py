"""From labels to named parts: sides, boxes, confidence, and what is to be looked at."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.geometry import Region
from napari_bonemet.processing.segment.anatomy import Limb
from napari_bonemet.processing.segment.assemble import BONE_SHARE, Owners
from napari_bonemet.processing.segment.body import Body
from napari_bonemet.processing.segment.coarse import Coarse
from napari_bonemet.processing.segment.judge import judge
from napari_bonemet.processing.segment.options import SeparationOptions
from napari_bonemet.processing.segment.result import Part, PartName, SeparationResult, needs_review
from napari_bonemet.scan import Scan, Side

# Below this one leg by itself is not called left or right, and of two it is said that they may be the other way.
_LEAST_SURE, _SURE = 0.3, 0.5
_ORDER: tuple[tuple[PartName, Side | None], ...] = (
    ("tibia", "left"),
    ("tibia", "right"),
    ("femur", "left"),
    ("femur", "right"),
    ("spine", None),
)


@dataclass(frozen=True, eq=False)
class Found:
    """What was found in a scan.

    Parameters
    ----------
    coarse : Coarse
        The scan.
    limbs, owners : list
        Its legs, and their labels.
    body : Body, optional
        How the animal lies; None where there is no leg.
    labels : ndarray, (z, y, x) uint8
        Whose each coarse voxel is.
    spine : ndarray of bool, optional
        The spine's coarse voxels.
    """

    coarse: Coarse
    limbs: list[Limb]
    owners: list[Owners]
    body: Body | None
    labels: np.ndarray
    spine: np.ndarray | None


def name_parts_of(scan: Scan, found: Found, options: SeparationOptions) -> SeparationResult:
    """The separation of `scan`, with its parts named."""
    coarse = found.coarse
    masks = _masks(found, options)
    keys = [key for key in _ORDER if key in masks] + [key for key in masks if key not in _ORDER]
    parts, labels = [], np.zeros(found.labels.shape, np.uint8)
    for key in keys:
        mask, limb = masks[key]
        confidence, reason, turned = judge(key[0], mask, limb, found.body, coarse)
        region = _region(scan, coarse, mask, options.margin_um)
        parts.append(Part(key[0], key[1], region, confidence, reason, reversed=turned))
        labels[mask] = len(parts)
    named = tuple(parts)
    return SeparationResult(
        parts=named,
        scan=scan,
        options=options,
        labels=labels,
        labels_grid=coarse.grid,
        projections={"coronal": coarse.grey.max(1), "sagittal": coarse.grey.max(2)},
        notes=_notes(named, found.body),
        needs_review=needs_review(named),
        bone=coarse.share > BONE_SHARE,
        found=labels,
        background=coarse.background,
    )


def _masks(
    found: Found, options: SeparationOptions
) -> dict[tuple[PartName, Side | None], tuple[np.ndarray, Limb | None]]:
    masks: dict[tuple[PartName, Side | None], tuple[np.ndarray, Limb | None]] = {}
    if found.body is None:
        return masks
    sides = _sides(len(found.limbs), found.body, options)
    for limb, who, side in zip(found.limbs, found.owners, sides, strict=True):
        bones: tuple[tuple[PartName, int], ...] = (("tibia", who.tibia), ("femur", who.femur))
        for name, label in bones:
            mask = found.labels == label
            if mask.any():
                masks[name, side] = (mask, limb)
    if found.spine is not None:
        masks["spine", None] = (found.spine, None)
    return masks


def _sides(count: int, body: Body, options: SeparationOptions) -> list[Side | None]:
    """The side of each leg, in the order of the legs."""
    mirrored = (options.sides == "swapped") != (options.slices_seen == "from the first slice")
    first_is_left = bool(body.across @ body.left > 0) != mirrored
    if count == 1 and body.sure < _LEAST_SURE:
        return [None]
    sides: list[Side | None] = ["left", "right"] if first_is_left else ["right", "left"]
    return sides[:count]


def _region(scan: Scan, coarse: Coarse, mask: np.ndarray, margin_um: float) -> Region:
    bounds = []
    for axis in range(3):
        along = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        block = round(coarse.grid.spacing[axis] / scan.spacing[axis])
        margin = round(margin_um / scan.spacing[axis])
        start = max(0, int(along[0]) * block - margin)
        bounds.append(slice(start, min(scan.shape[axis], (int(along[-1]) + 1) * block + margin)))
    return (bounds[0], bounds[1], bounds[2])


def _notes(parts: tuple[Part, ...], body: Body | None) -> tuple[str, ...]:
    titles = {part.title for part in parts}
    wanted = [f"{side} {name}" if side else name for name, side in _ORDER]
    notes = [
        f"No {title} was found: it lies outside the field, or draw its box" for title in wanted if title not in titles
    ]
    if body is not None and body.sure < _SURE:
        notes.append(f"Left and right may be the other way round: {body.reason}")
    notes += [f"Look at the {part.title}: {part.reason}" for part in parts if part.doubtful]
    return tuple(notes)
