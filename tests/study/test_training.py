"""A network trained by one call, from the generator and from the same animals on disk."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.models.catalogue import ARCHITECTURES
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.forecast.training import EpochReport, TrainingOptions
from napari_bonemet.io import write_series
from napari_bonemet.phantom.cohort import write_cohort
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Kind
from napari_bonemet.study.holding_out import HoldOut
from napari_bonemet.study.training import TRAINABLE, TrainedNetwork, TrainingPlan, train_network
from napari_bonemet.study.training_legs import SyntheticAnimals, even_gap, legs_in_folders, legs_of_cohort

WEEKS = (0.0, 1.0, 2.0, 3.0)
COHORT = SyntheticAnimals(animals=5, voxel_size=60.0, slices=10, side=48).cohort(WEEKS, seed=3)
SMALL = TvaeOptions(crop=48, size=32, width=4, g_dim=8, hidden=8, z_dim=4)
PLAN = TrainingPlan(
    cohort=COHORT,
    options=SMALL,
    training=TrainingOptions(epochs=2, batch=16, seed=1),
    hold_out=HoldOut(usual=0.4, seed=1),
    device="cpu",
)


@dataclass
class Listener:
    reports: list[Any] = field(default_factory=list)
    stop_in: str = "nothing"

    def advance(self, fraction: float) -> None: ...

    def message(self, text: str) -> None:
        if self.stop_in in text:
            raise Cancelled

    def check(self) -> None: ...

    def report(self, item: Any) -> None:
        self.reports.append(item)


@pytest.fixture(scope="module")
def made() -> TrainedNetwork:
    return train_network(PLAN)


def test_animals_held_out_are_not_trained_on_and_stand_beside_copying(made: TrainedNetwork) -> None:
    learned = {leg.baseline.subject for leg in made.split.learned}
    kept = {leg.baseline.subject for leg in made.split.held_out}
    assert (len(learned), len(kept), learned & kept) == (3, 2, set())
    assert made.model.training["animals"] == 3
    assert made.model.training["validation_animals"] == sorted(kept)
    assert {row.leg for row in made.scores} == {leg.leg for leg in made.split.held_out}
    assert all(row.copy_psnr > 10 and row.psnr != row.copy_psnr for row in made.scores)
    assert (made.model.name, made.options.weeks_seen, made.samples) == ("tvae-gate", 3, 4)


def test_the_cohort_on_disk_trains_the_same_network(made: TrainedNetwork, tmp_path: Path) -> None:
    cohort = write_cohort(tmp_path, COHORT)
    again = train_network(replace(PLAN, cohort=None, folders=(cohort.scans,)))
    ours, theirs = (model.checkpoint().tensors for model in (made.model, again.model))
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert [row.as_row() for row in again.scores] == [row.as_row() for row in made.scores]


def test_every_epoch_is_told_and_the_model_is_given_before_it_is_scored() -> None:
    listener, given, said = Listener(stop_in="scoring"), [], []
    with pytest.raises(Cancelled):
        train_network(PLAN, say=said.append, trained=given.append, progress=listener)
    assert [item.epoch for item in listener.reports if isinstance(item, EpochReport)] == [1, 2]
    assert [model.name for model in given] == ["tvae-gate"]
    assert said == ["Training tvae-gate on 3 legs (synthetic legs); of other animals 2 legs held out, on cpu."]


def test_both_outputs_can_be_trained() -> None:
    assert TRAINABLE[0] == "tvae-gate"
    assert sorted(TRAINABLE) == sorted(ARCHITECTURES)
    plan = replace(PLAN, network="tvae", training=TrainingOptions(epochs=1, batch=16))
    assert train_network(plan).model.name == "tvae"


def test_synthetic_animals_are_a_cohort_of_which_every_fourth_is_a_control() -> None:
    cohort = SyntheticAnimals(animals=9).cohort((0, 2, 4), seed=7)
    assert (cohort.controls, cohort.tumours, cohort.seed, cohort.leg.weeks) == (2, 7, 7, (0, 2, 4))
    with pytest.raises(InputError, match="whole weeks"):
        SyntheticAnimals().cohort((0, 1.5, 3), seed=0)
    legs = legs_of_cohort(COHORT, bone_threshold=75)
    assert all(scan.kind == Kind.REGIST and scan.synthetic for leg in legs for scan in leg)
    assert [leg.baseline.subject for leg in legs] == ["synthetic-3c1", *(f"synthetic-3t{n}" for n in range(1, 5))]


def test_legs_without_all_weeks_are_left_out_and_said(made: TrainedNetwork, tmp_path: Path) -> None:
    whole, short = made.split.learned[:2]
    write_series(whole, tmp_path / "a")
    write_series(short.select(WEEKS[:3]), tmp_path / "a")
    warned: list[str] = []
    (leg,) = legs_in_folders([tmp_path / "a"], WEEKS, bone_threshold=75, warn=warned.append)
    assert leg.leg == whole.leg
    assert warned == [f"{short.leg} is left out: it has no week 3"]
    with pytest.raises(InputError, match="No leg has all the weeks"):
        legs_in_folders([tmp_path / "a"], (0, 7), bone_threshold=75)
    write_series(whole, tmp_path / "b")
    with pytest.raises(InputError, match="more than once"):
        legs_in_folders([tmp_path / "a", tmp_path / "b"], WEEKS, bone_threshold=75)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"inputs": (0.0, 1.0), "target": 3.0}, "even steps"),
        ({"network": "psychic"}, "not known"),
        ({"cohort": None}, "nothing to learn from yet"),
        ({"cohort": None, "folders": (Path("nowhere"),)}, "nowhere is not there"),
        ({"device": "mps"}, "'mps' is not there"),
        ({"hold_out": HoldOut(animals=("871",))}, "Validation animals are not there"),
    ],
)
def test_what_cannot_be_trained_is_said(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        train_network(replace(PLAN, **change))


def test_steps_between_weeks() -> None:
    assert even_gap((0, 2, 4), 6) == 2
    for weeks in ((0.0, 1.0, 3.0), (2.0, 1.0), (1.0, 1.0)):
        with pytest.raises(InputError, match="even steps"):
            even_gap(weeks[:-1], weeks[-1])
