"""The whole benchmark at its least: what it leaves, that it goes on where it stopped, that it mixes nothing."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.benchmark.baselines import BASELINES
from napari_bonemet.forecast.benchmark.results import write_results
from napari_bonemet.forecast.benchmark.run import Benchmark, Result, rows_of, run_benchmark
from napari_bonemet.forecast.registry import load_forecaster
from napari_bonemet.progress import Cancelled

PACKAGE = "napari_bonemet.forecast.benchmark"


class Stopping:
    """Asks to stop once a message says `words`."""

    def __init__(self, words: str) -> None:
        self.words = words

    def advance(self, fraction: float) -> None: ...

    def message(self, text: str) -> None:
        if self.words in text:
            raise Cancelled

    def check(self) -> None: ...


def test_every_row_stands_beside_copying_on_every_cohort(result: Result) -> None:
    lines = {(line["row"], line["test"]): line for line in result.table}
    rows = (*BASELINES, "tvae-gate")
    assert set(lines) == {(row, test) for row in rows for test in ("main", "aggressive")}
    copied = lines["copy-last-week", "main"]
    assert copied["gain_db"] == 0
    assert copied["share_of_way"] == 0
    assert copied["copy_psnr_db"] < copied["ceiling_psnr_db"] > copied["still_psnr_db"]
    assert "spread_skill" not in copied
    drawn = lines["tvae-gate", "main"]
    assert drawn["samples"] == 3
    assert drawn["seed"] == 1
    assert drawn["kl_nats"] is not None
    for name in ("spread_skill", "coverage_90_raw", "coverage_90", "lost_variance_ratio", "crps_over_deterministic"):
        assert np.isfinite(drawn[name]), name
    assert drawn["gain_db_low"] <= drawn["gain_db"] <= drawn["gain_db_high"]
    best = min(lines[row, "main"]["mean_error"] for row in BASELINES)
    assert drawn["crps_over_deterministic"] == pytest.approx(drawn["crps"] / best)


def test_a_second_start_makes_nothing_again(asked: Benchmark, result: Result, forbid) -> None:
    for name in ("store._make", "synthetic.continue_leg", "fitting._train", "testing.score_animal"):
        forbid(f"{PACKAGE}.{name}")
    assert run_benchmark(asked).table == result.table


def test_a_stopped_run_goes_on_and_ends_the_same(asked: Benchmark, result: Result) -> None:
    row = next(row for row in rows_of(asked) if row.recipe.name == "tvae-gate")
    scored = row.folder / "scores" / "main" / "synthetic-2t1.json"
    first = json.loads(scored.read_text())
    scored.unlink()
    with pytest.raises(Cancelled):
        run_benchmark(asked, progress=Stopping("scoring synthetic-2t1"))
    assert not scored.exists()
    again = run_benchmark(asked)
    second = json.loads(scored.read_text())
    timed = {"seconds": 0.0}
    assert {**second, **timed} == {**first, **timed}
    changed = ("samples_per_second",)
    plain = [[{k: v for k, v in line.items() if k not in changed} for line in r.table] for r in (result, again)]
    assert plain[0] == plain[1]


def test_a_row_s_checkpoint_is_the_forecaster_that_was_scored(asked: Benchmark, result: Result) -> None:
    for row in rows_of(asked):
        if row.recipe.name in ("extrapolation", "ridge", "tvae-gate"):
            assert load_forecaster(row.model).name == row.recipe.name
    record = json.loads((rows_of(asked)[-1].folder / "row.json").read_text())
    assert (record["budget"], record["seed"], record["animals"]) == ("smoke", 1, 3)
    assert record["parameters"] > 1000
    assert record["training"]["options"]["epochs"] == 1


def test_other_options_are_not_mixed_in(asked: Benchmark, result: Result) -> None:
    with pytest.raises(InputError, match=r"other options.*samples 3.*samples 4"):
        run_benchmark(replace(asked, options=replace(asked.options, samples=4)))
    with pytest.raises(InputError, match="something else"):
        run_benchmark(replace(asked, out=asked.out / "rows"))
    with pytest.raises(InputError, match=r"not known.*tvae-gate.*psychic"):
        run_benchmark(replace(asked, networks=("psychic",)))


def test_table_page_and_plots_say_what_was_found(asked: Benchmark, result: Result) -> None:
    written = write_results(asked, result)
    with written.table.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["row"] for row in read] == [line["row"] for line in result.table]
    text = written.page.read_text(encoding="utf-8")
    drawn = next(line for line in result.table if line["row"] == "tvae-gate" and line["test"] == "main")
    assert f"| tvae-gate | 1 | {drawn['gain_db']:+.2f} (" in text
    assert "1.7 times as aggressive" in text
    assert "--budget smoke" in text
    assert "--networks tvae-gate --seeds 1" in text
    assert "made by a program" in text
    assert len(written.plots) == 3
    for plot in written.plots:
        assert f"]({plot.name})" in text
        assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_given_checkpoint_is_scored_as_the_row_that_made_it(asked: Benchmark, result: Result, tmp_path) -> None:
    trained = rows_of(asked)[-1]
    path = tmp_path / "mine.safetensors"
    path.write_bytes(trained.model.read_bytes())
    again = run_benchmark(replace(asked, networks=(), checkpoints=(path,)))
    found = {line["row"]: line for line in (*result.table, *again.table) if line["test"] == "main"}
    assert found["file mine"]["budget"] == "given"
    assert found["file mine"]["seed"] == 1
    for name in ("gain_db", "crps", "coverage_90", "lost_correlation", "gain_db_low"):
        assert found["file mine"][name] == pytest.approx(found["tvae-gate"][name])
    with pytest.raises(InputError, match="one name"):
        run_benchmark(replace(asked, checkpoints=(path, path)))
