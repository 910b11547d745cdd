"""The synthetic leg is the same each time, and its truth tells the truth."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.phantom.leg import LegOptions, SyntheticLeg, make_leg
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind

OPTIONS = LegOptions(seed=5)


@pytest.fixture(scope="module")
def tumour() -> SyntheticLeg:
    return make_leg(OPTIONS)


@pytest.fixture(scope="module")
def control() -> SyntheticLeg:
    return make_leg(replace(OPTIONS, tumour=False))


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def test_a_seed_is_an_animal(tumour: SyntheticLeg) -> None:
    again, other = make_leg(OPTIONS), make_leg(replace(OPTIONS, seed=6))
    for week, same, different in zip(tumour.series, again.series, other.series, strict=True):
        np.testing.assert_array_equal(week.to_numpy(), same.to_numpy())
        assert np.mean(week.to_numpy() != different.to_numpy()) > 0.5


def test_the_series_is_what_a_scanner_gives(tumour: SyntheticLeg) -> None:
    series = tumour.series
    assert series.weeks == (0, 1, 2, 3)
    assert series.synthetic
    for scan in series:
        assert scan.kind is Kind.SEG
        assert scan.to_numpy().dtype == np.uint8
        assert scan.grid.matches(OPTIONS.grid)
        assert scan.history[0].name == "synthetic"
        assert scan.history[0].parameters["seed"] == 5
        assert scan.history[0].parameters["generator"] == OPTIONS.generator
    assert series.leg == "synthetic-1 left tibia"


def test_clean_weeks_show_the_true_bone(tumour: SyntheticLeg) -> None:
    for clean, bone in zip(tumour.truth.clean, tumour.truth.bone, strict=True):
        # Blur fills and thins by parts of a voxel at surfaces, and nearly all of this bone is surface.
        assert dice(clean.to_numpy() > 75, bone) > 0.88


def test_lesions_take_bone_and_never_give_it_back(tumour: SyntheticLeg) -> None:
    baseline = tumour.truth.bone[0]
    for bone, labels in zip(tumour.truth.bone, tumour.truth.lesion_labels, strict=True):
        assert not (labels[~baseline] > 0).any()
        assert not (labels[bone] > 0).any()
    for earlier, later in pairwise(tumour.truth.bone):
        assert not (later & ~earlier).any()
    lost = [int((labels > 0).sum()) for labels in tumour.truth.lesion_labels]
    assert lost[0] == 0 < lost[1] < lost[2] < lost[3]
    # What lesions did not take, age did.
    assert lost[3] > 0.7 * (baseline & ~tumour.truth.bone[3]).sum()


def test_a_control_ages_and_has_no_lesions(control: SyntheticLeg) -> None:
    assert not any(labels.any() for labels in control.truth.lesion_labels)
    bone = [int(week.sum()) for week in control.truth.bone]
    assert 0.95 * bone[0] < bone[3] < bone[0]


def test_the_past_does_not_know_how_long_it_is_watched(tumour: SyntheticLeg) -> None:
    short = make_leg(replace(OPTIONS, weeks=(0, 1)))
    for week in (0, 1):
        np.testing.assert_array_equal(short.series[week].to_numpy(), tumour.series[week].to_numpy())


def test_poses_lead_back_to_the_baseline(tumour: SyntheticLeg) -> None:
    inner = (slice(6, -6),) * 3
    for scan, pose, clean in zip(tumour.series, tumour.truth.poses, tumour.truth.clean, strict=True):
        back = resample(scan, OPTIONS.grid, pose).to_numpy()[inner].astype(float)
        assert np.corrcoef(back.ravel(), clean.to_numpy()[inner].ravel())[0, 1] > 0.95
    assert tumour.truth.poses[0].angle == 0
    assert all(pose.angle > 0 for pose in tumour.truth.poses[1:])


def test_the_pose_matters(tumour: SyntheticLeg) -> None:
    scan, clean = tumour.series[2].to_numpy().astype(float), tumour.truth.clean[2].to_numpy()
    assert np.corrcoef(scan.ravel(), clean.ravel())[0, 1] < 0.9


def test_registered_weeks_differ_by_little_but_noise(control: SyntheticLeg) -> None:
    still, jittered = control.registered(0.0), control.registered(0.5)
    assert still.on_one_grid
    assert {scan.kind for scan in still} == {Kind.REGIST}
    clean = control.truth.clean[2].to_numpy().astype(float)
    assert jittered[2].history[-1].parameters == {"jitter_voxels": 0.5}
    noise = still[2].to_numpy() - clean
    assert np.std(noise) == pytest.approx(OPTIONS.noise_sd, rel=0.05)
    assert np.std(jittered[2].to_numpy() - clean) > 1.2 * np.std(noise)


def test_bone_stays_in_view_sideways(tumour: SyntheticLeg) -> None:
    for scan in tumour.series:
        bone = scan.to_numpy() > 75
        edges = (bone[:, :1], bone[:, -1:], bone[:, :, :1], bone[:, :, -1:])
        assert not any(edge.any() for edge in edges)


def test_voxel_size_does_not_change_the_animal(control: SyntheticLeg) -> None:
    coarse = make_leg(LegOptions(seed=5, tumour=False, shape=(24, 50, 50), spacing_um=60, weeks=(0,)))
    fine = control.truth.bone[0].sum() * 30.0**3
    assert coarse.truth.bone[0].sum() * 60.0**3 == pytest.approx(fine, rel=0.15)


def test_a_right_leg_mirrors_the_left() -> None:
    small = LegOptions(seed=5, tumour=False, weeks=(0,), noise_sd=0)
    left, right = make_leg(small), make_leg(replace(small, side="right"))
    np.testing.assert_array_equal(left.truth.bone[0], right.truth.bone[0][:, :, ::-1])


@pytest.mark.parametrize(
    "unusual",
    [
        {"shape": (8, 8, 8)},
        {"shape": (20, 30, 40), "spacing_um": 60, "weeks": (2, 5), "side": "right"},
        {"shape": (16, 50, 50), "spacing_um": 60, "turn_degrees": 180, "pose_degrees": 15, "weeks": (0, 1)},
        {"shape": (16, 50, 50), "spacing_um": 60, "weeks": (0,), "noise_sd": 0, "blur_um": 0, "pose_voxels": 0},
    ],
)
def test_unusual_options_still_give_a_whole_leg(unusual: dict[str, object]) -> None:
    leg = make_leg(LegOptions(**unusual))  # type: ignore[arg-type]
    assert leg.series.weeks == leg.registered().weeks == leg.options.weeks
    assert {scan.shape for scan in leg.series} == {leg.options.shape}
    assert all(bone.shape == leg.options.shape for bone in leg.truth.bone)


@pytest.mark.parametrize(
    "wrong", [{"spacing_um": 0.5}, {"shape": (2, 50, 50)}, {"weeks": ()}, {"weeks": (2, 1)}, {"noise_sd": -1.0}]
)
def test_options_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        LegOptions(**wrong)  # type: ignore[arg-type]
