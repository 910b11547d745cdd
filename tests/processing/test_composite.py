"""Composites by hand: what counts as bone lost and formed, and what is noise."""

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.io.composite_codes import encode
from napari_bonemet.processing.composite import CompositeOptions, compose_weeks, make_composite
from napari_bonemet.processing.noise_rule import Greys
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform

BLOCK = (slice(5, 15), slice(5, 15), slice(5, 15))


def week(voxels: np.ndarray, day: float, spacing: float = 100.0) -> Scan:
    return Scan(voxels, (spacing,) * 3, subject="1", side="left", day=day, kind=Kind.REGIST)


def block() -> np.ndarray:
    voxels = np.full((20, 20, 20), 20, np.uint8)
    voxels[BLOCK] = 160
    return voxels


def test_published_codes_and_volumes() -> None:
    later = block()
    later[5:8, 5:8, 5:8] = 20
    later[16:19, 5:8, 5:9] = 160
    result = make_composite(week(block(), 0), week(later, 21))
    voxels = result.scan.to_numpy()
    assert voxels.dtype == np.uint8
    assert (voxels[6, 6, 6], voxels[17, 6, 6], voxels[10, 10, 10], voxels[0, 0, 0]) == (60, 240, 180, 0)
    assert result.scan.kind is Kind.COMPOSITE
    # 100 µm voxels are a thousandth of a cubic millimetre.
    assert result.volumes.as_record() == pytest.approx(
        {"resorbed_mm3": 0.027, "formed_mm3": 0.036, "conserved_mm3": 0.973, "baseline_mm3": 1.0, "later_mm3": 1.009}
    )
    assert result.raw == result.volumes


def test_flicker_at_the_edge_is_noise_and_the_lesion_is_not() -> None:
    before, later = block(), block()
    # The whole surface fades to just under the threshold, as a subvoxel shift would make it.
    before[5, 5:15, 5:15] = 80
    later[5, 5:15, 5:15] = 70
    later[10:13, 10:13, 10:13] = 20
    result = make_composite(week(before, 0), week(later, 7))
    assert (result.scan.to_numpy() == 60).sum() == 27
    assert result.raw.resorbed_mm3 == pytest.approx(0.127)
    assert result.volumes.resorbed_mm3 == pytest.approx(0.027)
    assert result.volumes.formed_mm3 == 0


@pytest.mark.parametrize(("size", "counted"), [(1, 0), (2, 8), (3, 27)])
def test_least_cluster(size: int, counted: int) -> None:
    later = block()
    later[8 : 8 + size, 8 : 8 + size, 8 : 8 + size] = 20
    result = make_composite(week(block(), 0), week(later, 7), options=CompositeOptions(least_voxels=8))
    assert (result.scan.to_numpy() == 60).sum() == counted


def test_a_core_reaches_its_dim_neighbours_alone() -> None:
    before, later = block(), block()
    before[5:15, 5:15, 12:15] = 90
    later[8:12, 8:12, 8:12] = 20
    later[5:15, 5:15, 12:15] = 70
    near = make_composite(week(before, 0), week(later, 7), options=CompositeOptions(reach=1)).scan.to_numpy() == 60
    # One voxel beyond the core of 4 x 4 x 4: the 6 x 6 dim voxels that touch it on one side.
    assert near.sum() == 64 + 36
    far = make_composite(week(before, 0), week(later, 7), options=CompositeOptions(reach=50)).scan.to_numpy() == 60
    assert far.sum() == 64 + 300


def resorbed(before: np.ndarray, later: np.ndarray, **rule: float) -> int:
    composite = make_composite(week(before, 0), week(later, 7), options=CompositeOptions(**rule))  # type: ignore[arg-type]
    return int((composite.scan.to_numpy() == 60).sum())


def test_bone_that_keeps_a_third_of_its_grey_is_no_core() -> None:
    later = block()
    # 90 of the 140 greys above the background are gone: enough against the contrast, too little of what was there.
    later[8:11, 8:11, 8:11] = 70
    assert resorbed(block(), later) == 0
    assert resorbed(block(), later, core_loss=0.6) == 27


def test_dim_voxels_that_vanish_are_no_core_by_themselves() -> None:
    before, later = block(), block()
    before[5:15, 5:15, 13:15] = 80
    later[5:15, 5:15, 13:15] = 20
    # All of what they had, yet 60 greys are less than half of the contrast.
    assert resorbed(before, later) == 0
    assert resorbed(before, later, core_contrast=0.4) == 200


def test_a_core_takes_several_touching_voxels() -> None:
    before, later = block(), block()
    before[8:11, 8:11, 8:11] = 80
    later[8:11, 8:11, 8:11] = 70
    for voxel in ((9, 9, 8), (9, 9, 9), (9, 9, 10)):
        before[voxel], later[voxel] = 160, 20
    assert resorbed(before, later) == 0
    assert resorbed(before, later, core_voxels=3) == 27


def test_an_empty_rim_around_the_field_is_no_background() -> None:
    def padded(voxels: np.ndarray) -> np.ndarray:
        return np.pad(voxels, 25)

    later = block()
    later[5:8, 5:8, 5:8] = 20
    alone = make_composite(week(block(), 0), week(later, 7))
    framed = make_composite(week(padded(block()), 0), week(padded(later), 7))
    assert framed.volumes == alone.volumes
    assert framed.rule == alone.rule


def test_what_the_later_week_did_not_see_keeps_its_state() -> None:
    later = block()
    later[5:8, 5:8, 5:8] = 20
    baseline = week(block(), 0)
    # Half of the block lies outside the field of view of a scan cut short, and is zero on the common grid.
    seen = resample(week(later, 7).crop((slice(0, 10), slice(None), slice(None))), baseline.grid, RigidTransform())
    result = make_composite(baseline, seen)
    assert result.volumes.resorbed_mm3 == pytest.approx(0.027)
    assert result.volumes.conserved_mm3 == pytest.approx(0.973)
    assert "50.0% of the baseline's bone lies outside" in result.rule
    # Zeros without that history are bone lost for all that can be told.
    unknown = week(seen.to_numpy(), 7)
    assert make_composite(baseline, unknown).volumes.resorbed_mm3 == pytest.approx(0.527)


def test_rule_is_stated_with_its_figures_and_kept_in_the_history() -> None:
    result = make_composite(week(block(), 0), week(block(), 7), options=CompositeOptions(least_voxels=12))
    assert "at least 12 voxels" in result.rule
    assert (
        "70% or more of what it has above the background, and by 70 greys or more (50% of the contrast" in result.rule
    )
    step = result.scan.history[-1]
    assert step.parameters["rule"] == result.rule
    assert step.sources[0].name == "1 left tibia, week 0"


def test_other_grids_and_empty_weeks_are_refused() -> None:
    with pytest.raises(InputError, match="Register the weeks first"):
        make_composite(week(block(), 0), week(block(), 7, spacing=90.0))
    with pytest.raises(InputError, match="week 1 shows no bone"):
        make_composite(week(block(), 0), week(np.full((20, 20, 20), 20, np.uint8), 7))


def test_without_the_noise_rule_every_crossing_counts() -> None:
    later = block()
    later[9, 9, 9] = 20
    later[17, 17, 17] = 76
    result = make_composite(week(block(), 0), week(later, 7), options=CompositeOptions(noise_rule=False))
    np.testing.assert_array_equal(result.scan.to_numpy(), encode(block() > 75, later > 75))
    assert (result.volumes.resorbed_mm3, result.volumes.formed_mm3) == (pytest.approx(0.001), pytest.approx(0.001))
    assert "Every voxel that crosses that threshold counts" in result.rule
    assert make_composite(week(block(), 0), week(later, 7)).volumes.resorbed_mm3 == 0


def rough(seed: int, dtype: type, shape: tuple[int, int, int] = (37, 41, 35)) -> tuple[np.ndarray, np.ndarray]:
    """Two weeks of random blobs with much that crosses, in clusters of every size."""
    rng = np.random.default_rng(seed)
    first, change = (ndimage.gaussian_filter(rng.standard_normal(shape), 1.4) for _ in range(2))
    before, after = 80 + 300 * first, 80 + 240 * first + 200 * change
    return np.clip(before, 0, 255).astype(dtype), np.clip(after, 0, 255).astype(dtype)


def plainly(before: np.ndarray, after: np.ndarray, rule: CompositeOptions) -> np.ndarray:
    """The noise rule said with whole volumes, as docs/explanation/composites.md has it."""
    bone, later = before > rule.bone_threshold, after > rule.bone_threshold
    near = ndimage.binary_dilation(bone, np.ones((3, 3, 3)))
    beside = ndimage.binary_dilation(bone, np.ones((3, 3, 3)), iterations=4) & ~near
    background = np.median(before[beside])
    contrast = np.median(before[bone]) - background

    def clusters(mask: np.ndarray, least: int) -> np.ndarray:
        labels, _ = ndimage.label(mask, np.ones((3, 3, 3)))
        return np.isin(labels, 1 + np.flatnonzero(np.bincount(labels.ravel())[1:] >= least))

    def changed(crossing: np.ndarray, full: np.ndarray, empty: np.ndarray) -> np.ndarray:
        full, empty = full.astype(np.float32), empty.astype(np.float32)
        needed = np.maximum(rule.core_loss * (full - background), np.float32(rule.core_contrast * contrast))
        core = clusters(crossing & (full - empty >= needed), rule.core_voxels)
        reached = ndimage.binary_dilation(core, np.ones((3, 3, 3)), iterations=rule.reach, mask=crossing)
        return clusters(reached if rule.reach else core, rule.least_voxels)

    lost, formed = changed(bone & ~later, before, after), changed(later & ~bone, after, before)
    return encode(bone, (bone & ~lost) | formed)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize(
    "rule", [{}, {"core_loss": 0.4, "core_contrast": 0.3, "core_voxels": 2, "reach": 1}, {"reach": 0, "core_voxels": 9}]
)
def test_the_walk_from_core_to_core_finds_what_whole_volumes_would(dtype: type, rule: dict[str, float]) -> None:
    before, after = rough(3, dtype)
    options = CompositeOptions(**rule)  # type: ignore[arg-type]
    found = make_composite(week(before, 0), week(after, 7), options=options).scan.to_numpy()
    assert {60, 180, 240} <= set(np.unique(found).tolist())
    np.testing.assert_array_equal(found, plainly(before, after, options))


def test_the_background_is_what_lies_two_to_four_voxels_from_bone() -> None:
    # A plate of bone across the border of two slabs, greys by distance from it.
    distance = np.maximum(0, np.abs(np.arange(34) - 16.5) - 0.5).astype(int)
    greys = np.choose(np.minimum(distance, 5), [160, 20, 30, 40, 50, 0])
    voxels = np.broadcast_to(greys[:, None, None], (34, 7, 70))
    for dtype in (np.uint8, np.float32):
        assert Greys.of(voxels.astype(dtype), 75.0) == Greys(160.0, 40.0)


class Watched:
    """A lazy array that remembers the most slices it was asked for at once."""

    def __init__(self, voxels: np.ndarray) -> None:
        self.voxels, self.shape, self.dtype, self.ndim = voxels, voxels.shape, voxels.dtype, 3
        self.most = 0

    def __getitem__(self, key: slice) -> np.ndarray:
        self.most = max(self.most, len(self.voxels[key]))
        return self.voxels[key]

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        raise AssertionError("the whole volume was read")


def test_lazy_weeks_are_read_slab_by_slab() -> None:
    before, after = rough(4, np.uint8, (90, 20, 20))
    lazy = [Watched(voxels) for voxels in (before, after)]
    plain = CompositeOptions(noise_rule=False)
    # The hash of so small a baseline takes it whole, so only the later week's slices say something there.
    found = make_composite(week(lazy[0], 0), week(lazy[1], 7), options=plain)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found.scan.to_numpy(), encode(before > 75, after > 75))
    assert lazy[1].most <= 16
    found = make_composite(week(before, 0), week(lazy[1], 7))  # type: ignore[arg-type]
    np.testing.assert_array_equal(found.scan.to_numpy(), make_composite(week(before, 0), week(after, 7)).scan.voxels)
    assert lazy[1].most <= 16


def test_the_composite_is_written_where_it_is_asked_for() -> None:
    before, after = rough(5, np.uint8)
    room = np.full(before.shape, 9, np.uint8)
    result = make_composite(week(before, 0), week(after, 7), out=room)
    assert result.scan.voxels is room
    np.testing.assert_array_equal(room, make_composite(week(before, 0), week(after, 7)).scan.voxels)
    with pytest.raises(InputError, match="cannot be written into the array given"):
        make_composite(week(before, 0), week(after, 7), out=room.astype(np.int16))


def test_all_weeks_at_once_are_the_same_as_one_by_one() -> None:
    before, after = rough(6, np.uint8)
    series = ScanSeries((week(before, 0), week(after, 7), week(np.minimum(after, 120), 21)))
    made = compose_weeks(series)
    assert [w for w, _ in made] == [1, 3]
    for scan, (_, result) in zip(series.scans[1:], made, strict=True):
        alone = make_composite(series[0], scan)
        np.testing.assert_array_equal(result.scan.voxels, alone.scan.voxels)
        assert (result.rule, result.volumes, result.scan.history) == (alone.rule, alone.volumes, alone.scan.history)
    ((later, result),) = compose_weeks(series, baseline_week=1)
    assert later == 3
    np.testing.assert_array_equal(result.scan.voxels, make_composite(series[1], series[2]).scan.voxels)
    assert compose_weeks(series, baseline_week=3) == ()
