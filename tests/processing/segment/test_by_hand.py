"""What the user says overrules what was found, in whatever order it is said."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Region
from napari_bonemet.processing.segment import SeparationResult, swap_sides, with_part, with_region


def index_of(result: SeparationResult, title: str) -> int:
    return [part.title for part in result.parts].index(title)


def shifted(region: Region, by: int) -> Region:
    """The box begun later or ended earlier along z."""
    z, y, x = region
    return (slice(z.start + by, z.stop), y, x) if by > 0 else (slice(z.start, z.stop + by), y, x)


def test_a_drawn_box_is_the_part(separated: SeparationResult) -> None:
    n = index_of(separated, "left tibia")
    box = shifted(separated.parts[n].region, -40)
    drawn = with_region(separated, n, box)
    assert drawn.parts[n].region == box
    assert drawn.parts[n].confidence == 1
    assert drawn.parts[n].by_hand
    mine = np.argwhere(drawn.labels == n + 1)
    assert 0 < len(mine) < (separated.labels == n + 1).sum()
    assert (mine[:, 0] * separated.block[0] < box[0].stop).all()
    assert (separated.labels == separated.found).all()  # the first result is as it was


def test_the_order_of_boxes_does_not_matter(separated: SeparationResult) -> None:
    tibia, femur = index_of(separated, "left tibia"), index_of(separated, "left femur")
    one, other = shifted(separated.parts[tibia].region, 20), separated.parts[femur].region
    wide = (slice(other[0].start, other[0].stop + 20), other[1], other[2])
    forth = with_region(with_region(separated, tibia, one), femur, wide)
    back = with_region(with_region(separated, femur, wide), tibia, one)
    np.testing.assert_array_equal(forth.labels, back.labels)
    assert (forth.labels != separated.labels).any()


def test_swapping_sides_names_them_anew_and_twice_changes_nothing(separated: SeparationResult) -> None:
    swapped = swap_sides(separated)
    for old, new in zip(separated.parts, swapped.parts, strict=True):
        assert new.region == old.region
        assert {old.side, new.side} in ({"left", "right"}, {None})
    assert swapped.options.sides == "swapped"
    assert swap_sides(swapped).parts == separated.parts


def test_a_part_that_was_not_found_can_be_drawn(separated: SeparationResult) -> None:
    tail = (slice(200, 270), slice(180, 220), slice(110, 150))
    with pytest.raises(InputError, match="there already"):
        with_part(separated, "tibia", "left", tail)
    left = [part for part in separated.parts if part.name != "spine"]
    found = with_part(SeparationResult(**{**vars(separated), "parts": tuple(left)}), "spine", None, tail)
    assert found.parts[-1].title == "spine"
    assert (found.labels == len(found.parts)).any()


def test_a_box_outside_is_refused(separated: SeparationResult) -> None:
    with pytest.raises(InputError, match="holds nothing"):
        with_region(separated, 0, (slice(900, 950), slice(0, 10), slice(0, 10)))
    with pytest.raises(InputError, match="no such part"):
        with_region(separated, 9, separated.parts[0].region)
