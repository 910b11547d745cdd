"""Recipes: what a file may say, truth out of records, and a network trained and asked of other animals."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.diagnosis import NO_LESION, Diagnosis
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.diagnose.slices import Bag, bag_of
from napari_bonemet.errors import InputError
from napari_bonemet.phantom.cohort import CohortOptions, write_cohort
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.grey_legs import read_grey_legs
from napari_bonemet.study.recipes.labels import label_legs, label_scans, labels_column
from napari_bonemet.study.recipes.recipe import FORMAT, Recipe, read_recipe, write_recipe
from napari_bonemet.study.recipes.run import evaluate_recipe, train_recipe
from napari_bonemet.study.training_legs import legs_in_folders
from napari_bonemet.torch_import import import_torch

LEG = LegOptions(shape=(16, 40, 40), spacing_um=60, weeks=(0, 2))
SMALL = ResponseOptions(weeks=(0, 2), rows=8, columns=16, pixel_um=150, width=2, hidden=4, epochs=2)
COHORT = CohortOptions(
    controls=1, tumours=0, treated=8, responders=0.5, resistant_strength=0.0, seed=5, format="zarr", leg=LEG
)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("cohort"), COHORT).records.parent


@pytest.fixture(autouse=True)
def one_thread() -> None:
    import_torch().set_num_threads(1)


def recipe(cohort: Path, out: Path) -> Recipe:
    return Recipe(data=(cohort / "Regist-CT",), folds=2, seed=3, out=out, options=SMALL)


def test_a_recipe_is_read_as_it_was_written(tmp_path: Path) -> None:
    for one in (
        recipe(tmp_path, tmp_path / "out"),
        Recipe(network="lesion-slices", weeks=(1, 2), records=tmp_path / "a"),
    ):
        path = write_recipe(one, tmp_path / "recipe.toml", overwrite=True)
        assert read_recipe(path) == one
    assert "# Folds of the cross-validation" in path.read_text()


def test_places_are_those_beside_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(f'format = "{FORMAT}"\ndata = ["scans", "{tmp_path / "more"}"]\nout = "results"\n')
    found = read_recipe(path)
    assert found.data == (tmp_path / "scans", tmp_path / "more")
    assert found.out == tmp_path / "results"
    assert found.options is None


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("folds = 3", "is no recipe"),
        (f'format = "{FORMAT}"\nfolds = 1', "folds"),
        (f'format = "{FORMAT}"\nfolds = "three"', "folds"),
        (f'format = "{FORMAT}"\nnetwork = "pickle"', "network"),
        (f'format = "{FORMAT}"\nweight = 3', "does not know"),
        (f'format = "{FORMAT}"\ndata = ["../../etc"]', "leads out"),
        (f'format = "{FORMAT}"\ndata = "scans"', "list of folders"),
        (f'format = "{FORMAT}"\n[options]\ncrop = 48', "ResponseOptions does not know"),
        (f'format = "{FORMAT}"\n[options]\nepochs = -1', "epochs"),
        ("not toml", "can be read"),
    ],
)
def test_what_is_no_recipe_is_refused(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(lines)
    with pytest.raises(InputError, match=words):
        read_recipe(path)


def test_a_recipe_is_filled_by_its_network() -> None:
    filled = Recipe(weeks=(0, 3), seed=7).filled
    assert (filled.label, filled.positive) == ("response", "responder")
    assert isinstance(filled.options, ResponseOptions)
    assert (filled.options.weeks, filled.options.seed) == ((0, 3), 7)
    assert Recipe(network="lesion-slices").filled.label == "diagnosis"
    with pytest.raises(InputError, match="not those of response"):
        Recipe(options=ClassifierOptions())


def test_the_network_of_weeks_together_sees_several(tmp_path: Path) -> None:
    filled = Recipe(network="lesion-weeks").filled.options
    assert isinstance(filled, ClassifierOptions)
    assert filled.together == 3
    path = tmp_path / "r.toml"
    path.write_text(f'format = "{FORMAT}"\nnetwork = "lesion-weeks"\n[options]\nepochs = 2\n')
    assert read_recipe(path).options == ClassifierOptions(epochs=2, together=3)
    with pytest.raises(InputError, match="does not see 1 weeks"):
        Recipe(network="lesion-weeks", options=ClassifierOptions())
    with pytest.raises(InputError, match="does not see 3 weeks"):
        Recipe(network="lesion-slices", options=ClassifierOptions(together=3))


def rewrite(cohort: Path, path: Path, change: dict[int, str]) -> Path:
    with (cohort / "MiceMediRec.csv").open() as file:
        rows = list(csv.DictReader(file))
    for number, word in change.items():
        rows[number]["response"] = word
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_truth_of_legs_and_scans(cohort: Path) -> None:
    legs = legs_in_folders((cohort / "Regist-CT",), (0, 2), bone_threshold=75)
    labels = labels_column(cohort / "MiceMediRec.csv", "Response", "RESPONDER")
    assert (labels.positive, labels.negative) == ("responder", "non-responder")
    found = label_legs(labels, legs)
    assert len(found.known) == 8
    assert {truth for _, truth in found.known} == {True, False}
    assert "synthetic-5c1" in found.notes[-1]
    lesions = labels_column(cohort / "MiceMediRec.csv", "diagnosis", "bone lesion")
    scans = [scan for leg in legs for scan in leg]
    of_scans = dict(label_scans(lesions, scans).known)
    assert not any(of_scans[n] for n, scan in enumerate(scans) if scan.week == 0)
    assert any(of_scans.values())


@pytest.mark.parametrize(
    ("column", "change", "words"),
    [
        (("mood", "responder"), {}, "mood"),
        (("response", "cured"), {}, "'cured' and one other"),
        (("response", "responder"), {2: "perhaps"}, "one other word"),
        (("response", "responder"), {2: "responder", 3: "non-responder"}, "says both"),
    ],
)
def test_records_that_cannot_be_learned_from(
    cohort: Path, tmp_path: Path, column: tuple[str, str], change: dict[int, str], words: str
) -> None:
    path = rewrite(cohort, tmp_path / "records.csv", change)
    legs = legs_in_folders((cohort / "Regist-CT",), (0, 2), bone_threshold=75)
    with pytest.raises(InputError, match=words):
        label_legs(labels_column(path, *column), legs)


def test_train_then_ask_of_other_animals(cohort: Path, tmp_path: Path) -> None:
    done = train_recipe(recipe(cohort, tmp_path / "out"))
    assert done.model is not None
    assert {path.name for path in done.folder.iterdir()} == {
        "model.safetensors", "recipe.toml", "report.html", "predictions.csv", "scores.json",
    }  # fmt: skip
    assert len(done.result.cases) == 8
    scores = json.loads(done.report.scores.read_text())
    assert scores["synthetic"] is True
    assert len(scores["opinions"]) == 3
    page = done.report.page.read_text()
    assert "Model card: response" in page
    assert "Synthetic data" in page
    # The same recipe again says the same.
    again = train_recipe(replace(read_recipe(done.folder / "recipe.toml"), out=tmp_path / "again"))
    for one, other in zip(done.result.opinions, again.result.opinions, strict=True):
        np.testing.assert_array_equal(one.probability, other.probability)
    with pytest.raises(InputError, match="two sides of the split"):
        evaluate_recipe(recipe(cohort, tmp_path / "same"), done.model)
    others = write_cohort(tmp_path / "others", replace(COHORT, seed=6, treated=4)).records.parent
    asked = evaluate_recipe(recipe(others, tmp_path / "asked"), done.model)
    assert asked.model is None
    assert not asked.result.folds
    assert {case.animal for case in asked.result.cases} == {f"synthetic-6r{n}" for n in range(1, 5)}
    assert not (tmp_path / "asked" / "model.safetensors").exists()


def test_the_lesion_classifier_by_a_recipe(cohort: Path, tmp_path: Path) -> None:
    options = ClassifierOptions(crop=32, width=4, epochs=1)
    made = Recipe(network="lesion-slices", data=(cohort / "Regist-CT",), folds=2, out=tmp_path / "out", options=options)
    done = train_recipe(made)
    assert done.result.weeks == (0.0, 2.0)
    assert len(done.result.cases) == 18
    assert [each.title for each in done.report.opinions] == ["slice network", "bone volume alone"]
    assert np.isfinite(done.result.opinions[0].probability).all()
    assert "Week by week" in done.report.page.read_text()
    assert done.model is not None
    with pytest.raises(InputError, match="two sides of the split"):
        evaluate_recipe(replace(made, out=tmp_path / "same"), done.model)


def early_without_lesion(records: Path) -> Path:
    """Make the first week after inoculation one without a lesion, so that both kinds are in weeks that have a past."""
    with records.open() as file:
        rows = list(csv.DictReader(file))
    with records.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, **({"diagnosis": NO_LESION} if row["week"] == "1" else {})} for row in rows)
    return records.parent


def test_earlier_weeks_are_seen_though_they_are_no_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weekly = replace(COHORT, controls=0, tumours=4, treated=0, leg=replace(LEG, weeks=(0, 1, 2)))
    cohort = early_without_lesion(write_cohort(tmp_path / "cohort", weekly).records)
    options = ClassifierOptions(crop=32, width=4, epochs=1, together=3)
    made = Recipe(network="lesion-weeks", data=(cohort / "Regist-CT",), weeks=(1, 2), folds=2, options=options)
    seen: list[tuple[float | None, ...]] = []

    def told(scans: tuple[Scan, ...], *rest: Any, **more: Any) -> Bag:
        seen.append(tuple(scan.week for scan in scans))
        return bag_of(scans, *rest, **more)

    monkeypatch.setattr("napari_bonemet.diagnose.fitting.bag_of", told)
    asked: list[tuple[float | None, ...]] = []
    classify = LesionClassifier.classify

    def listened(model: LesionClassifier, scan: Scan, *, earlier: Sequence[Scan] = (), **more: Any) -> Diagnosis:
        asked.append((scan.week, *(other.week for other in earlier)))
        assert {(other.subject, other.side) for other in earlier} == {(scan.subject, scan.side)}
        return classify(model, scan, earlier=earlier, **more)

    monkeypatch.setattr(LesionClassifier, "classify", listened)
    done = train_recipe(replace(made, out=tmp_path / "out"))
    assert done.model is not None
    assert done.result.network == "lesion-weeks"
    assert done.result.weeks == (1.0, 2.0)
    assert set(seen) == {(1.0, 0.0, 0.0), (2.0, 1.0, 0.0)}
    assert set(asked) == {(1.0, 0.0), (2.0, 0.0, 1.0)}
    asked.clear()
    others = early_without_lesion(write_cohort(tmp_path / "others", replace(weekly, seed=6, tumours=2)).records)
    result = evaluate_recipe(replace(made, data=(others / "Regist-CT",), out=tmp_path / "asked"), done.model).result
    assert len(result.cases) == len(asked)
    assert set(asked) == {(1.0, 0.0), (2.0, 0.0, 1.0)}


def test_weeks_that_are_not_on_one_grid_are_not_seen_together(
    cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(*args: Any, **more: Any) -> tuple[ScanSeries, ...]:
        legs = read_grey_legs(*args, **more)
        first, *others = legs[0].scans
        return (ScanSeries((replace(first, origin=(0.0, 0.0, 600.0)), *others)), *legs[1:])

    monkeypatch.setattr("napari_bonemet.study.recipes.of_lesions.read_grey_legs", moved)
    made = Recipe(network="lesion-weeks", data=(cohort / "Regist-CT",), folds=2, out=tmp_path / "out")
    with pytest.raises(InputError, match="not on one grid"):
        train_recipe(made)
