"""Boxes that the user draws: they overrule what was found."""

from collections.abc import Sequence
from dataclasses import replace

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Region
from napari_bonemet.processing.segment.result import Part, PartName, SeparationResult, needs_review
from napari_bonemet.scan import Side

BY_HAND = "the box was drawn by hand"


def with_region(result: SeparationResult, part_index: int, region: Sequence[slice]) -> SeparationResult:
    """The result after the user drew the box of a part: that part is what lies in the box.

    Of the bones in the box, those that were found to belong to another part, and lie in its box if that was drawn,
    too, stay with it; all others join. The order in which boxes are drawn does not matter.

    Parameters
    ----------
    part_index : int
        Which of ``result.parts``.
    region : three slices (z, y, x)
        In the scan's voxels.

    Raises
    ------
    InputError
        When there is no such part, or the box lies outside the scan.
    """
    if not 0 <= part_index < len(result.parts):
        raise InputError("There is no such part", expected=f"0 to {len(result.parts) - 1}", found=str(part_index))
    box = result.scan.grid.region(region)
    drawn = replace(result.parts[part_index], region=box, confidence=1.0, reason=BY_HAND, by_hand=True)
    parts = tuple(drawn if index == part_index else part for index, part in enumerate(result.parts))
    return _again(result, parts)


def with_part(result: SeparationResult, name: PartName, side: Side | None, region: Sequence[slice]) -> SeparationResult:
    """The result with a part added that was not found, by its box.

    Raises
    ------
    InputError
        When it is there already, or the box lies outside the scan.
    """
    box = result.scan.grid.region(region)
    # It lies as its neighbours do.
    turned = sum(part.reversed for part in result.parts) * 2 > len(result.parts)
    new = Part(name, side, box, 1.0, BY_HAND, reversed=turned, by_hand=True)
    if any(part.title == new.title for part in result.parts):
        raise InputError(f"The {new.title} is there already", remedy="Draw its box anew")
    return _again(result, (*result.parts, new))


def _again(result: SeparationResult, parts: tuple[Part, ...]) -> SeparationResult:
    labels = result.found.copy()
    boxes = {index + 1: _coarse(result, part.region) for index, part in enumerate(parts) if part.by_hand}
    for label, box in boxes.items():
        outside = labels == label
        outside[box] = False
        labels[outside] = 0
    for label, box in boxes.items():
        inside = labels[box]
        inside[(inside == 0) & result.bone[box]] = label
    return replace(result, parts=parts, labels=labels, needs_review=needs_review(parts))


def _coarse(result: SeparationResult, region: Region) -> Region:
    z, y, x = (
        slice(s.start // block, min(n, -(-s.stop // block)))
        for s, block, n in zip(region, result.block, result.labels.shape, strict=True)
    )
    return (z, y, x)
