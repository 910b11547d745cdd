"""Real bone made into weeks: parts that share no voxel, lesions that grow, futures of one past."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.benchmark import real_blocks
from napari_bonemet.forecast.benchmark.baselines import BASELINES
from napari_bonemet.forecast.benchmark.options import BenchmarkOptions
from napari_bonemet.forecast.benchmark.real import RealAnimals
from napari_bonemet.forecast.benchmark.real_blocks import AROUND, BONES, block, whole_bone
from napari_bonemet.forecast.benchmark.real_edits import Growth
from napari_bonemet.forecast.benchmark.run import Benchmark, run_benchmark
from napari_bonemet.forecast.benchmark.settings import main_setting
from napari_bonemet.scan import Scan


@pytest.mark.parametrize("name", BONES)
def test_no_slice_is_in_two_parts(name: str) -> None:
    slabs = [slab for part in BONES[name].slabs.values() for slab in part]
    slices = [z for first, last in slabs for z in range(first, last)]
    assert len(slices) == len(set(slices))
    assert set(BONES[name].slabs) == {"training", "validation", "test"}


def test_blocks_lie_in_their_slabs_with_all_that_a_shift_brings_in() -> None:
    depth = np.arange(60, dtype=np.uint8)[:, None, None]
    scan = Scan(np.broadcast_to(100 + depth, (60, 40, 44)).copy(), (20.0,) * 3)
    seen = set()
    for seed in range(20):
        made = block(scan, ((0, 20), (40, 60)), (6, 16, 20), np.random.default_rng(seed))
        assert made.shape == (6 + 2 * AROUND, 16 + 2 * AROUND, 20 + 2 * AROUND)
        slices = set((made[:, 0, 0] - 100).tolist())
        assert slices <= set(range(20)) or slices <= set(range(40, 60))
        seen |= slices
    assert len(seen) > 35
    with pytest.raises(InputError, match="do not fit"):
        block(scan, ((0, 10),), (6, 16, 20), np.random.default_rng(0))


def test_lesions_grow_from_the_surface_and_only_forward() -> None:
    bone = np.zeros((12, 40, 40), dtype=bool)
    bone[:, 10:30, 10:30] = True
    growth = Growth.of(bone, np.random.default_rng(0))
    weeks = growth.lost([np.random.default_rng([1, week]) for week in range(4)])
    assert not weeks[0].any()
    assert weeks[1].max() > 0.9
    for earlier, later in pairwise(weeks):
        assert (later >= earlier).all()
        assert later.sum() > earlier.sum()
    again = growth.lost([np.random.default_rng([1, week, *([9] * (week == 3))]) for week in range(4)])
    assert np.array_equal(again[2], weeks[2])
    assert not np.array_equal(again[3], weeks[3])
    inner = np.zeros_like(bone)
    inner[1:-1, 11:29, 11:29] = True
    assert all(bone[tuple(at)] and not inner[tuple(at)] for at in growth.surface)


def test_animals_of_real_bone_have_known_weeks(shared_data: Path) -> None:
    source = RealAnimals("femur", shared_data, "test", main_setting("0.35"), (12, 48, 48), 4, 2)
    assert source.names == ("femur-2c1", "femur-2t1", "femur-2t2", "femur-2t3")
    animal, control = source.make("femur-2t1"), source.make("femur-2c1")
    off = [np.square(a.to_numpy().astype(float) - animal.truth.to_numpy()).mean() for a in (animal.clean, animal.still)]
    assert off[0] == pytest.approx(16, rel=0.2), "noise of 4 greys alone"
    assert off[1] > off[0]
    assert animal.lesions[1].sum() > animal.lesions[0].sum() > 0
    assert not control.lesions.any()
    gone = animal.lesions[1]
    fallen = animal.seen[0].to_numpy()[gone].mean() - animal.still.to_numpy()[gone].mean()
    assert fallen > 40
    future = source.future("femur-2t1", 0)
    assert not np.array_equal(future.to_numpy(), animal.truth.to_numpy())
    assert np.array_equal(future.to_numpy(), source.future("femur-2t1", 0).to_numpy())
    unmoved = replace(source, setting=main_setting("0")).make("femur-2t1")
    assert np.array_equal(unmoved.clean.to_numpy(), unmoved.still.to_numpy())


def test_without_the_real_scans_the_reason_is_said(tmp_path: Path) -> None:
    whole_bone.cache_clear()
    options = BenchmarkOptions(budget="smoke", cohort="lhdl", beside=("no",))
    with pytest.raises(InputError, match="--data FOLDER"):
        run_benchmark(Benchmark(tmp_path / "out", options, (), data=tmp_path))
    with pytest.raises(InputError, match="no poses"):
        BenchmarkOptions(cohort="femur", jitter="ours")
    assert BenchmarkOptions(cohort="femur").filled().shape == real_blocks_shape()


def real_blocks_shape() -> tuple[int, int, int]:
    deep = min(last - first for bone in BONES.values() for slabs in bone.slabs.values() for first, last in slabs)
    shape = BenchmarkOptions(cohort="femur").filled().shape
    assert shape is not None
    assert shape[0] + 2 * real_blocks.AROUND <= deep
    return shape


def test_the_benchmark_runs_on_real_bone(shared_data: Path, tmp_path: Path) -> None:
    options = BenchmarkOptions(
        budget="smoke", cohort="femur", beside=("no",), training_animals=4, validation_animals=2, animals=4,
        continuations=2, draws=50,
    )  # fmt: skip
    result = run_benchmark(Benchmark(tmp_path / "out", options, (), data=shared_data))
    rows = {line["row"]: line for line in result.table}
    assert set(rows) == set(BASELINES)
    assert rows["copy-last-week"]["copy_psnr_db"] < rows["copy-last-week"]["ceiling_psnr_db"] - 5
    assert rows["extrapolation"]["gain_db"] > -0.2
    assert rows["ridge"]["gain_db"] != 0
    assert (rows["ridge"]["tumour_animals"], rows["ridge"]["control_animals"]) == (3, 1)
