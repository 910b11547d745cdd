"""Animals of the benchmark: what is known of them, that sets share none, that what is on disk is not made again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.benchmark.animal import read_animal
from napari_bonemet.forecast.benchmark.futures import true_futures
from napari_bonemet.forecast.benchmark.options import BenchmarkOptions
from napari_bonemet.forecast.benchmark.settings import BESIDE, Setting, main_setting, settings_beside
from napari_bonemet.forecast.benchmark.sources import Sources
from napari_bonemet.forecast.benchmark.store import keep, key_of
from napari_bonemet.forecast.benchmark.synthetic import SyntheticAnimals
from napari_bonemet.metrics.lost_bone import LostBone
from napari_bonemet.phantom.leg import continue_leg, make_leg

SMALL = SyntheticAnimals(main_setting("0.35"), (12, 32, 32), 60.0, 4, 2)
TUMOUR = "synthetic-2t1"


def mean_square(first, second) -> float:
    return float(np.mean((first.to_numpy().astype(float) - second.to_numpy()) ** 2))


def test_a_quarter_are_controls_and_an_animal_is_the_same_among_more() -> None:
    assert SMALL.names == ("synthetic-2c1", TUMOUR, "synthetic-2t2", "synthetic-2t3")
    more = replace(SMALL, count=8)
    assert set(SMALL.names) < set(more.names)
    assert key_of(more) == key_of(SMALL)
    assert np.array_equal(more.make(TUMOUR).truth.to_numpy(), SMALL.make(TUMOUR).truth.to_numpy())


def test_the_ceiling_lacks_noise_alone_and_the_still_truth_the_shift_too() -> None:
    animal = SMALL.make(TUMOUR)
    assert mean_square(animal.clean, animal.truth) == pytest.approx(36, rel=0.1)
    assert mean_square(animal.still, animal.truth) > 1.5 * mean_square(animal.clean, animal.truth)
    unmoved = replace(SMALL, setting=Setting("x", "", "0")).make(TUMOUR)
    assert mean_square(unmoved.clean, unmoved.still) == 0
    new, every = animal.lesions
    assert new.sum() > 0
    assert not (new & ~every).any()
    assert not SMALL.make("synthetic-2c1").lesions.any()


def test_a_future_is_the_week_that_the_generator_makes() -> None:
    leg = make_leg(SMALL._member(TUMOUR))
    expected = continue_leg(leg, 2, 7).registered().at_week(3.0)
    assert np.array_equal(SMALL.future(TUMOUR, 7).to_numpy(), expected.to_numpy())
    assert not np.array_equal(SMALL.future(TUMOUR, 8).to_numpy(), expected.to_numpy())


@pytest.mark.slow
def test_animals_registered_by_us_are_off_by_less_than_by_a_third_of_a_voxel() -> None:
    normal = replace(SMALL, shape=(40, 80, 80), spacing_um=40.0)
    ours = replace(normal, setting=Setting("ours", "", "ours"))
    made, off = ours.make(TUMOUR), normal.make(TUMOUR)
    assert made.weeks.on_one_grid
    assert made.clean.grid.matches(made.truth.grid)
    assert made.truth.shape == normal.shape
    bone = [(animal.still.to_numpy() > 75).mean() for animal in (made, off)]
    assert bone[0] == pytest.approx(bone[1], rel=0.01), "the same animal, the same field"
    assert mean_square(made.clean, made.still) < mean_square(off.clean, off.still)


def test_sets_share_no_animal_and_other_settings_have_their_own_folder() -> None:
    sources = Sources(BenchmarkOptions(budget="smoke").filled(), Path())
    every = [sources.training, sources.validation, *sources.tests.values()]
    seeds = [{source._member(name).seed for name in source.names} for source in every]
    assert not seeds[0] & seeds[1]
    assert not (seeds[0] | seeds[1]) & set().union(*seeds[2:])
    assert len({key_of(source) for source in every}) == len(every) == 3 + len(BESIDE)


def test_cohorts_beside_keep_the_misregistration_of_the_main_one() -> None:
    names = [setting.name for setting in settings_beside(None, real=False, jitter="0")]
    assert names == [setting.name for setting in BESIDE if setting.name != "jitter-0"]
    found = {setting.name: setting.jitter for setting in settings_beside(None, real=False, jitter="ours")}
    assert found["aggressive"] == "ours"
    assert found["shaky"] == "0.6"
    assert settings_beside(("no",), real=False, jitter="0.35") == ()
    with pytest.raises(InputError, match=r"balb-c.*martian"):
        settings_beside(("martian",), real=False, jitter="0.35")


def test_what_is_on_disk_is_read_and_what_is_damaged_is_told(tmp_path: Path, forbid) -> None:
    cohort = keep(replace(SMALL, count=2), tmp_path)
    made = SMALL.make(TUMOUR)
    kept = cohort.animal(TUMOUR)
    assert (kept.name, kept.tumour, kept.weeks.weeks) == (TUMOUR, True, (0, 1, 2, 3))
    for one, other in zip((*kept.weeks, kept.clean, kept.still), (*made.weeks, made.clean, made.still), strict=True):
        assert np.array_equal(one.to_numpy(), other.to_numpy())
        assert one.grid.matches(other.grid)
    assert np.array_equal(kept.lesions, made.lesions)
    assert kept.truth.synthetic
    forbid("napari_bonemet.forecast.benchmark.synthetic.make_leg")
    assert len(keep(replace(SMALL, count=2), tmp_path)) == 2
    (cohort.folder / f"{TUMOUR}.zarr" / "zarr.json").write_text("{}")
    with pytest.raises(InputError, match="Delete it"):
        read_animal(cohort.folder / f"{TUMOUR}.zarr")


def test_lost_bone_of_true_futures_is_kept_and_added_to(tmp_path: Path) -> None:
    cohort = keep(replace(SMALL, count=2), tmp_path / "animals")
    few = true_futures(cohort, 2, tmp_path, bone_threshold=75)
    lost = LostBone.since(cohort.animal(TUMOUR).seen[-1], bone_threshold=75)
    assert few[TUMOUR] == tuple(lost.mm3(SMALL.future(TUMOUR, seed)) for seed in (0, 1))
    path = next(tmp_path.glob(f"*/{TUMOUR}.json"))
    path.write_text(path.read_text().replace(str(few[TUMOUR][0]), "0.5"))
    more = true_futures(cohort, 3, tmp_path, bone_threshold=75)
    assert more[TUMOUR][:2] == (0.5, few[TUMOUR][1])
    assert len(more[TUMOUR]) == 3
    assert true_futures(cohort, 1, tmp_path, bone_threshold=75)[TUMOUR] == (0.5,)
    path.write_text(path.read_text().replace('"own_mm3": ', '"own_mm3": 1'))
    counted_again = true_futures(cohort, 1, tmp_path, bone_threshold=75)[TUMOUR]
    assert counted_again == few[TUMOUR][:1], "what was counted by another rule is not mixed in"


@pytest.mark.slow
def test_workers_make_what_one_process_makes(tmp_path: Path) -> None:
    some = replace(SMALL, count=2)
    one, two = (keep(some, tmp_path / str(workers), workers=workers) for workers in (1, 2))
    for first, second in zip(one, two, strict=True):
        assert first.name == second.name
        assert np.array_equal(first.truth.to_numpy(), second.truth.to_numpy())
