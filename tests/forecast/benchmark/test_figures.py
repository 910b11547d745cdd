"""The figures of the table: pooled over animals by hand, with intervals, and written as cells."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.benchmark import recipes
from napari_bonemet.forecast.benchmark.baselines import BASELINES
from napari_bonemet.forecast.benchmark.columns import Column, markdown, written
from napari_bonemet.forecast.benchmark.figures import FIGURES
from napari_bonemet.forecast.benchmark.lost import LOST, with_lost
from napari_bonemet.forecast.benchmark.options import BenchmarkOptions
from napari_bonemet.forecast.benchmark.page import command
from napari_bonemet.forecast.benchmark.pooling import Figure, gain, pooled, share_of_way, spread_over_skill, table_of
from napari_bonemet.forecast.benchmark.recipes import chosen_rows

ANIMALS = [
    {"animal": "a", "tumour": True, "copy_se": 100.0, "mean_se": 50.0, "clean_se": 10.0, "new": [2, 4, 6]},
    {"animal": "b", "tumour": True, "copy_se": 300.0, "mean_se": 250.0, "clean_se": 10.0, "new": [1, 1, 0]},
    {"animal": "c", "tumour": False, "copy_se": 100.0, "mean_se": 200.0, "clean_se": 10.0, "new": [0, 3, 0]},
]


def test_figures_are_ratios_of_sums_over_the_right_animals() -> None:
    found = pooled(FIGURES, ANIMALS, draws=200)
    assert found["gain_db"] == pytest.approx(0)
    assert found["gain_tumour_db"] == pytest.approx(10 * np.log10(400 / 300))
    assert found["gain_control_db"] == pytest.approx(-10 * np.log10(2))
    assert found["worst_gain_db"] == pytest.approx(-10 * np.log10(2))
    assert found["dice_new"] == pytest.approx(2 * 3 / (5 + 6))
    assert found["psnr_db"] == pytest.approx(10 * np.log10(255**2 * 3 / 500))
    assert found["gain_db_low"] < found["gain_db"] < found["gain_db_high"]
    assert found["gain_control_db_low"] == found["gain_control_db_high"] == found["gain_control_db"]
    assert "lpips" not in found


def test_the_way_to_the_ceiling_is_counted_in_decibels() -> None:
    assert share_of_way(np.array([[100.0, 100.0, 10.0]])) == 0
    assert share_of_way(np.array([[100.0, 10.0, 10.0]])) == pytest.approx(1)
    assert share_of_way(np.array([[100.0, np.sqrt(1000.0), 10.0]])) == pytest.approx(0.5)
    assert np.isnan(share_of_way(np.array([[10.0, 10.0, 10.0]])))


def test_animals_without_what_a_figure_needs_are_left_out() -> None:
    figure = Figure("x", ("a", "b"), gain)
    table = table_of(figure, [{"tumour": True, "a": 1.0, "b": [2, 3]}, {"tumour": True, "a": 1.0, "b": None}])
    assert table.tolist() == [[1, 2, 3]]


def test_lost_bone_is_held_to_what_came_and_to_what_else_could_have_come() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.0, 1.0, 400)
    scores = [
        {"animal": str(n), "tumour": True, "lost_true_mm3": t + 0.1 * rng.standard_normal(),
         "lost_mm3": (t + 0.1 * rng.standard_normal(16)).tolist()}
        for n, t in enumerate(truth)
    ]  # fmt: skip
    futures = {str(n): (t + 0.2 * rng.standard_normal(32)).tolist() for n, t in enumerate(truth)}
    found = pooled(LOST, with_lost(scores, futures), draws=50)
    assert found["lost_spread_skill"] == pytest.approx(1, abs=0.08)
    assert found["lost_coverage_90"] == pytest.approx(15 / 17, abs=0.04)
    assert found["lost_variance_ratio"] == pytest.approx(0.25, abs=0.03)
    assert found["lost_variance_ratio_median"] == pytest.approx(0.25, abs=0.04)
    assert found["lost_correlation"] == pytest.approx(0.93, abs=0.04)
    assert found["lost_of_true"] == pytest.approx(1, abs=0.03)
    sure = with_lost([{**scores[0], "lost_mm3": [0.4]}], {})
    assert set(pooled(LOST, sure, draws=50)) == {
        f"lost_{name}{end}" for name in ("of_true", "correlation") for end in ("", "_low", "_high")
    }


def test_spread_over_skill_pools_sums() -> None:
    assert spread_over_skill(np.array([[4.0, 8.0, 1], [0.0, 8.0, 1]])) == 0.5


def test_cells_hold_figures_with_their_intervals() -> None:
    line = {"gain_db": 1.234, "gain_db_low": 1.0, "gain_db_high": 1.5, "share": 0.191, "none": None}
    assert written(line, Column("", "gain_db", "+.2f", True)) == "+1.23 (+1.00 to +1.50)"
    assert written(line, Column("", "share", ".0%")) == "19%"
    assert written(line, Column("", "none")) == ""
    table = markdown([line], [Column("Gain", "gain_db", ".1f"), Column("None", "none")])
    assert table == ["| Gain |", "| --- |", "| 1.2 |"]


def test_rows_and_their_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    every = recipes.recipes()
    assert list(every)[: len(BASELINES)] == list(BASELINES)
    assert every["tvae-printed-kl"].training == {"kl_weight": 1e-4}
    assert every["tvae"].options == every["tvae-printed-kl"].options == {"change": False}
    chosen = [(row.name, seed) for row, seed in chosen_rows(("tvae-gate", "tvae"), None)]
    assert chosen[len(BASELINES) :] == [("tvae", 0), ("tvae-gate", 0), ("tvae-gate", 1), ("tvae-gate", 2)]
    assert [seed for row, seed in chosen_rows(("tvae",), (4, 4, 5)) if row.name == "tvae"] == [4, 5]
    assert [row.name for row, _ in chosen_rows((), None)] == list(BASELINES)
    with pytest.raises(InputError, match="not known"):
        chosen_rows(("tvae-5d",), None)


def test_the_command_that_makes_it_again_names_what_was_changed() -> None:
    plain = BenchmarkOptions().filled()
    assert command(plain) == "napari-bonemet benchmark forecast --out benchmark"
    changed = BenchmarkOptions(budget="smoke", animals=6, jitter="0").filled()
    words = command(changed, "--networks", "tvae")
    assert words.endswith("--budget smoke --jitter 0 --animals 6 --networks tvae")
