"""Hand-made and generated hindlimbs taken apart: all bones, the right sides, however the animal lies."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from napari_bonemet.phantom.hindlimb import HINDLIMB_LABELS, HindlimbOptions, make_hindlimb
from napari_bonemet.processing.segment import SeparationOptions, SeparationResult, cut_part, separate_limbs
from napari_bonemet.scan import Scan

LONG_BONES = ["left tibia", "right tibia", "left femur", "right femur"]


def dice(result: SeparationResult, title: str, true: np.ndarray) -> float:
    part = result.part(title)
    cut = cut_part(result, part).to_numpy()
    found = np.zeros(true.shape, bool)
    found[part.region] = (cut[::-1, ::-1] if part.reversed else cut) > result.options.bone_threshold
    return float(2 * (found & true).sum() / (found.sum() + true.sum()))


def turned(animal: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """The animal lying some other way: `change` acts on voxels and labels alike."""
    scan = animal.scan
    voxels = np.ascontiguousarray(change(scan.to_numpy()))
    return replace(animal, scan=replace(scan, voxels=voxels), labels=np.ascontiguousarray(change(animal.labels)))


def test_all_long_bones_and_the_spine_are_found(separated: SeparationResult, animal: Any) -> None:
    assert [part.title for part in separated.parts] == [*LONG_BONES, "spine"]
    for title in LONG_BONES:
        assert dice(separated, title, animal.bone(title)) > 0.97, title
    assert not separated.needs_review
    assert separated.projections["coronal"].shape == separated.labels.shape[::2]
    assert all(part.reason for part in separated.parts)


@pytest.mark.parametrize("seed", [3, 4])
def test_postures(make: Callable[..., Any], seed: int) -> None:
    animal = make(seed=seed)
    result = separate_limbs(animal.scan)
    for title in LONG_BONES:
        assert dice(result, title, animal.bone(title)) > 0.96, title


def test_feet_first_the_sides_stay_and_z_is_turned(animal: Any) -> None:
    back = turned(animal, lambda a: a[::-1, ::-1])
    result = separate_limbs(back.scan)
    for title in LONG_BONES:
        assert dice(result, title, back.bone(title)) > 0.97, title
    assert result.part("left tibia").reversed
    # From proximal to distal: the knee's end, which is the wider one, comes first.
    bone = cut_part(result, result.part("left tibia")).to_numpy() > 75
    per_slice = bone.sum((1, 2))
    assert per_slice[: len(per_slice) // 3].sum() > per_slice[-len(per_slice) // 3 :].sum()


def test_supine_and_on_its_side(animal: Any) -> None:
    for change in (lambda a: a[:, ::-1, ::-1], lambda a: np.rot90(a, 1, (1, 2))):
        other = turned(animal, change)
        result = separate_limbs(other.scan)
        for title in LONG_BONES:
            assert dice(result, title, other.bone(title)) > 0.97, title


def test_a_mirror_image_exchanges_the_sides_and_can_be_overruled(animal: Any) -> None:
    mirrored = turned(animal, lambda a: a[:, :, ::-1])
    result = separate_limbs(mirrored.scan)
    assert dice(result, "left tibia", mirrored.bone("right tibia")) > 0.97
    for options in (SeparationOptions(sides="swapped"), SeparationOptions(slices_seen="from the first slice")):
        put_right = separate_limbs(mirrored.scan, options=options)
        assert dice(put_right, "left tibia", mirrored.bone("left tibia")) > 0.97


def test_another_gain_and_threshold(animal: Any) -> None:
    grey = np.clip(animal.scan.to_numpy() * 0.8 + 10, 0, 255).astype(np.uint8)
    result = separate_limbs(replace(animal.scan, voxels=grey), options=SeparationOptions(bone_threshold=70))
    for title in LONG_BONES:
        assert dice(result, title, animal.bone(title)) > 0.96, title


def test_one_leg_alone_is_named_and_the_other_missed(make: Callable[..., Any]) -> None:
    animal = make(legs=(1,))
    result = separate_limbs(animal.scan)
    assert dice(result, "right tibia", animal.bone("right tibia")) > 0.96
    assert result.needs_review
    assert any("No left tibia" in note for note in result.notes)
    assert "left tibia" not in [part.title for part in result.parts]


def test_what_is_no_animal_is_not_guessed_at() -> None:
    rng = np.random.default_rng(0)
    voxels = rng.normal(32, 8, (120, 100, 100)).clip(0, 255).astype(np.uint8)
    voxels[40:60, 40:60, 40:60] = 160
    result = separate_limbs(Scan(voxels, 100.0))
    assert result.parts == ()
    assert result.needs_review
    assert len(result.notes) == 5


def test_a_generated_animal() -> None:
    """The generator's own bones, at coarser voxels than the benchmark's (60 µm)."""
    made = make_hindlimb(HindlimbOptions(seed=1, spacing_um=100.0, shape=(269, 258, 243)))
    result = separate_limbs(made.scan)
    bone = made.scan.to_numpy() > 75
    for title in LONG_BONES:
        labels = [HINDLIMB_LABELS[title], HINDLIMB_LABELS[title.replace("tibia", "fibula")]]
        # Of a femur's few thousand voxels the sesamoids that touch its condyles are a hundredth, and half lie at a rim.
        least = 0.97 if "tibia" in title else 0.94
        assert dice(result, title, np.isin(made.labels, labels) & bone) > least, title
