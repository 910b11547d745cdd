"""The synthetic hindlimb scan is the same each time, lies as it was asked to, and is a mouse."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Shape
from napari_bonemet.phantom.hindlimb import (
    HINDLIMB_LABELS,
    HindlimbOptions,
    SyntheticHindlimb,
    hindlimb_slab,
    make_hindlimb,
    prepare_hindlimb,
)
from napari_bonemet.phantom.hindlimb_posture import FEMUR_HEAD, SIDES, Posture, draw_posture
from napari_bonemet.scan import Kind, Side

COARSE_UM = 120.0
SHAPE: Shape = (224, 215, 202)
# Knees bent so much that femora and hips are in the field too.
OPTIONS = HindlimbOptions(
    shape=SHAPE,
    spacing_um=COARSE_UM,
    seed=3,
    knee_degrees=(80, 95),
    height_mm=2.0,
    tail="touching",
    cut="none",
    tumour="none",
)


@pytest.fixture(scope="module")
def bent() -> SyntheticHindlimb:
    return make_hindlimb(replace(OPTIONS, noise_sd=0))


@pytest.fixture(scope="module")
def drawn() -> dict[int, Posture]:
    return {seed: draw_posture(HindlimbOptions(seed=seed)) for seed in range(60)}


def length_mm(hindlimb: SyntheticHindlimb, name: str) -> float:
    """How long a bone is along its own long axis."""
    points = np.argwhere(hindlimb.labels == HINDLIMB_LABELS[name]) * hindlimb.options.spacing_um
    along = hindlimb.posture.bones[name].linear[:, 0]
    way = points @ (along / np.linalg.norm(along))
    return float(np.ptp(way)) / 1000


def centroid_um(hindlimb: SyntheticHindlimb, name: str) -> np.ndarray:
    """From the field's outer corner, which does not depend on the voxel size."""
    points = np.argwhere(hindlimb.labels == HINDLIMB_LABELS[name])
    return np.asarray((points.mean(axis=0) + 0.5) * hindlimb.options.spacing_um)


def volume_mm3(hindlimb: SyntheticHindlimb, name: str) -> float:
    count = np.count_nonzero(hindlimb.labels == HINDLIMB_LABELS[name])
    return float(count * (hindlimb.options.spacing_um / 1000) ** 3)


def sign(side: Side) -> int:
    return 1 if side == "left" else -1


def test_a_seed_is_an_animal_and_slabs_are_the_whole() -> None:
    options = replace(OPTIONS, seed=8)
    whole = make_hindlimb(options)
    ready = prepare_hindlimb(options)
    for start, stop in ((0, 3), (100, 131), (220, 224)):
        grey, labels = hindlimb_slab(options, start, stop, field=ready)
        np.testing.assert_array_equal(grey, whole.scan.to_numpy()[start:stop])
        np.testing.assert_array_equal(labels, whole.labels[start:stop])
    other = make_hindlimb(replace(options, seed=9))
    assert np.mean(other.labels != whole.labels) > 0.01


def test_the_scan_is_what_a_scanner_gives(bent: SyntheticHindlimb) -> None:
    scan = bent.scan
    assert scan.kind is Kind.RECON
    assert (scan.part, scan.side, scan.synthetic, scan.week) == ("hindlimb", None, True, 3)
    assert scan.to_numpy().dtype == np.uint8
    assert scan.grid.matches(OPTIONS.grid)
    assert scan.history[0].parameters["seed"] == OPTIONS.seed


def test_noise_is_white_and_as_asked(bent: SyntheticHindlimb) -> None:
    noisy, _ = hindlimb_slab(OPTIONS, 110, 118)
    clean = bent.scan.to_numpy()[110:118].astype(float)
    noise = (noisy - clean)[clean > 30]
    assert abs(noise.mean()) < 0.1
    assert abs(noise.std() - OPTIONS.noise_sd) < 0.1
    along = noisy[:, :, 1:] - clean[:, :, 1:], noisy[:, :, :-1] - clean[:, :, :-1]
    flesh = (clean[:, :, 1:] > 30) & (clean[:, :, :-1] > 30)
    assert abs(np.corrcoef(along[0][flesh], along[1][flesh])[0, 1]) < 0.02


def test_bones_are_as_long_as_a_mouse_s(bent: SyntheticHindlimb) -> None:
    for side in SIDES:
        assert 16 < length_mm(bent, f"{side} tibia") < 18.3
        assert 14 < length_mm(bent, f"{side} femur") < 16.5
        # Filled, with marrow.
        assert 18 < volume_mm3(bent, f"{side} tibia") < 32
        assert 22 < volume_mm3(bent, f"{side} femur") < 45
        assert volume_mm3(bent, f"{side} fibula") < 0.06 * volume_mm3(bent, f"{side} tibia")


def test_labels_hold_the_bone_and_nothing_else(bent: SyntheticHindlimb) -> None:
    bone = bent.scan.to_numpy() > 75
    # Where the rims of two bones meet neither may lift the grey above the threshold on its own.
    assert np.count_nonzero(bone & (bent.labels == 0)) < 0.01 * np.count_nonzero(bone)
    grown = ndimage.binary_dilation(bone, iterations=2)
    for name in ("left tibia", "right tibia", "left femur", "right femur"):
        mask = bent.labels == HINDLIMB_LABELS[name]
        parts, count = ndimage.label(mask, np.ones((3, 3, 3)))
        assert np.bincount(parts.ravel())[1:].max() > 0.999 * mask.sum(), f"{name} is in {count} parts"
        assert np.mean(bone[mask]) > 0.3
        surface = mask & ~ndimage.binary_erosion(mask)
        assert np.mean(grown[surface]) > 0.99
    together = bent.mask("left tibia")
    assert together.sum() == sum(np.count_nonzero(bent.labels == label) for label in (1, 7))


def test_everything_that_the_papers_name_is_there(bent: SyntheticHindlimb) -> None:
    counts = np.bincount(bent.labels.ravel(), minlength=14)
    assert (counts[1:] > 20).all()
    assert counts[HINDLIMB_LABELS["spine"]] > 2000


def test_left_is_the_mirror_of_right(bent: SyntheticHindlimb) -> None:
    for bone in ("tibia", "femur", "fibula"):
        left, right = volume_mm3(bent, f"left {bone}"), volume_mm3(bent, f"right {bone}")
        assert abs(left - right) < 0.06 * left if bone == "fibula" else abs(left - right) < 0.01 * left
    det = {side: np.linalg.det(bent.posture.bones[f"{side} tibia"].linear) for side in SIDES}
    assert det["left"] == pytest.approx(-det["right"])
    assert det["left"] == pytest.approx(bent.posture.size**3)


def test_anatomy_tells_the_sides(bent: SyntheticHindlimb) -> None:
    caudal, dorsal, left = (np.array(bent.directions[name]) for name in ("caudal", "dorsal", "left"))
    # As in the tibia's generator, z distal, y posterior and x lateral of a left leg are a right-handed triple.
    np.testing.assert_allclose(np.cross(caudal, dorsal), left, atol=1e-9)
    for side in SIDES:
        tibia, femur = centroid_um(bent, f"{side} tibia"), centroid_um(bent, f"{side} femur")
        assert (tibia - femur) @ caudal > 3000
        fibula = centroid_um(bent, f"{side} fibula") - bent.posture.bones[f"{side} tibia"]([4500, 0, 0])
        outwards = bent.posture.bones[f"{side} tibia"].linear[:, 2]
        assert outwards @ left * sign(side) > 0.8 * bent.posture.size
        assert fibula @ outwards > 300
        assert fibula @ bent.posture.bones[f"{side} tibia"].linear[:, 1] > 200
        knee = np.array(bent.landmarks_um[f"{side} knee"])
        assert (centroid_um(bent, "spine") - knee) @ dorsal > 8000
        assert (knee - centroid_um(bent, "tail")) @ left * sign(side) > 3000


def test_knees_nearly_touch(bent: SyntheticHindlimb) -> None:
    for side in SIDES:
        tibia = ndimage.distance_transform_edt(bent.labels != HINDLIMB_LABELS[f"{side} tibia"]) * COARSE_UM
        gap = tibia[bent.labels == HINDLIMB_LABELS[f"{side} femur"]].min()
        assert gap < bent.posture.legs[side].gap_um + 1.8 * COARSE_UM


def test_a_touching_tail_lies_against_the_leg(bent: SyntheticHindlimb) -> None:
    touched = bent.posture.tail_touches
    assert touched in SIDES
    tail = np.argwhere(bent.labels == HINDLIMB_LABELS["tail"])
    leg = bent.posture.bones[f"{touched} tibia"]([7000, 500, 0]) / COARSE_UM
    nearest = tail[np.argmin(np.linalg.norm(tail - leg, axis=1))]
    path = np.linspace(nearest, leg, 60)
    greys = ndimage.map_coordinates(bent.scan.to_numpy().astype(float), path.T, order=1)
    assert greys.min() > 18, "air between tail and leg"


def test_postures_are_as_asked(drawn: dict[int, Posture]) -> None:
    options = HindlimbOptions()
    for posture in drawn.values():
        knees = []
        for side in SIDES:
            tibia, femur = posture.bones[f"{side} tibia"], posture.bones[f"{side} femur"]
            cos = tibia.linear[:, 0] @ femur.linear[:, 0] / posture.size**2
            assert np.rad2deg(np.arccos(cos)) == pytest.approx(posture.legs[side].knee_degrees, abs=1e-6)
            assert 20 <= posture.legs[side].knee_degrees <= 100
            assert abs(posture.legs[side].turn_degrees) <= options.turn_degrees
            knees.append(posture.bones["body"].linear[:, 0] @ femur.shift / posture.size)
            hip = femur(FEMUR_HEAD)
            np.testing.assert_allclose(hip, posture.bones[f"{side} pelvis"].shift, atol=1e-6)
        assert abs(knees[0] - knees[1]) <= 1000 * options.height_mm
        assert abs(posture.roll_degrees) <= options.roll_degrees
        down = posture.bones["body"].linear[1, 1]
        assert (down > 0) == (posture.lying == "supine")
        assert (posture.bones["body"].linear[0, 0] > 0) == (posture.first_slice == "head")


def test_postures_vary(drawn: dict[int, Posture]) -> None:
    bends = [leg.knee_degrees for posture in drawn.values() for leg in posture.legs.values()]
    assert min(bends) < 30
    assert max(bends) > 90
    for choice in ("lying", "first_slice", "lesions", "tail_touches"):
        assert len({getattr(posture, choice) for posture in drawn.values()}) > 1
    cut = np.mean([posture.cut != "none" for posture in drawn.values()])
    assert 0.05 < cut < 0.4


def test_whole_tibiae_are_in_the_field_unless_they_are_to_be_cut(drawn: dict[int, Posture]) -> None:
    size = np.array(HindlimbOptions().grid.size)
    ends = np.array([[-1000.0, 0, 0], [16900.0, 300, 0]])
    for posture in drawn.values():
        if posture.cut == "none":
            points = np.concatenate([posture.bones[f"{side} tibia"](ends) for side in SIDES])
            assert ((points > 0) & (points < size)).all()


def test_an_edge_cuts_the_leg_that_it_is_asked_to_cut() -> None:
    options = replace(OPTIONS, cut="left", cut_mm=2.5, first_slice="head", lying="supine")
    cut = make_hindlimb(options)
    left = (HINDLIMB_LABELS["left tibia"], HINDLIMB_LABELS["left femur"])
    # Supine and head first the left lies towards growing x.
    assert np.isin(cut.labels[:, :, -1], left).any()
    assert not np.isin(cut.labels[:, :, 0], (2, 4)).any()
    low = make_hindlimb(replace(OPTIONS, cut="ankles", cut_mm=2.0, first_slice="feet"))
    assert np.isin(low.labels[0], (1, 2)).any()


def test_another_voxel_size_shows_the_same_animal(bent: SyntheticHindlimb) -> None:
    fine = make_hindlimb(replace(OPTIONS, shape=(336, 322, 303), spacing_um=80.0, noise_sd=0))
    for name in ("left tibia", "right femur", "spine", "tail"):
        assert volume_mm3(fine, name) == pytest.approx(volume_mm3(bent, name), rel=0.06)
        assert np.linalg.norm(centroid_um(fine, name) - centroid_um(bent, name)) < 60


def test_lesions_take_bone_of_the_tibia_that_has_them(bent: SyntheticHindlimb) -> None:
    ill = make_hindlimb(replace(OPTIONS, noise_sd=0, tumour="right", knee_lesion="yes", week=5))
    left, right = (np.count_nonzero(bent.scan.to_numpy()[bent.mask(f"{side} tibia")] > 75) for side in SIDES)
    ill_left, ill_right = (np.count_nonzero(ill.scan.to_numpy()[ill.mask(f"{side} tibia")] > 75) for side in SIDES)
    assert ill_left > 0.97 * left
    assert ill_right < 0.95 * right


def test_a_range_must_have_its_least_first() -> None:
    with pytest.raises(InputError, match="least first"):
        HindlimbOptions(knee_degrees=(60.0, 40.0))
