"""Recipes of bone quality: slices of patients, whose truth stands in a table of their own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.diagnose.quality.classifier import BoneQualityClassifier
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.errors import InputError
from napari_bonemet.phantom.vertebra.cohort import SpineCohortOptions, write_spines
from napari_bonemet.study.recipes.recipe import Recipe, read_recipe
from napari_bonemet.study.recipes.run import evaluate_recipe, train_recipe
from napari_bonemet.torch_import import import_torch

SMALL = QualityOptions(crop=32, pixel_um=3000.0, growth=2, blocks=(1, 1, 1, 1), epochs=1, batch=32)


@pytest.fixture(scope="module")
def spines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spines")
    write_spines(folder, SpineCohortOptions(patients=12, seed=1))
    return folder


def test_four_classes_are_cross_validated_over_patients(spines: Path, tmp_path: Path) -> None:
    import_torch().set_num_threads(1)
    made = Recipe(network="bone-quality", data=(spines,), folds=2, seed=1, out=tmp_path / "out", options=SMALL)
    done = train_recipe(made)
    assert done.result.classes == ("normal", "blastic", "mixed", "lytic")
    assert len(set(done.result.animals)) == 12
    by_patient: dict[str, set[int | None]] = {}
    for case in done.result.cases:
        by_patient.setdefault(case.animal, set()).add(case.fold)
    assert all(len(folds) == 1 for folds in by_patient.values()), "a patient is held out once, with all slices"
    for opinion in done.result.opinions:
        np.testing.assert_allclose(opinion.probability.sum(axis=1), 1, atol=1e-6)
    # The plain regression has learned something: blastic bone is bright.
    assert done.report.opinions[1].figures["auc"].value > 0.6
    page = done.report.page.read_text()
    assert "Model card: bone-quality" in page
    assert "patients" in page
    assert done.model is not None
    assert BoneQualityClassifier.load(done.model).options.crop == 32
    again = read_recipe(done.folder / "recipe.toml")
    assert (again.network, again.records, again.label) == ("bone-quality", None, "")
    with pytest.raises(InputError, match="two sides of the split"):
        evaluate_recipe(replace(made, out=tmp_path / "same"), done.model)

    write_spines(tmp_path / "others", SpineCohortOptions(patients=2, seed=2))
    asked = evaluate_recipe(replace(made, data=(tmp_path / "others",), out=tmp_path / "asked"), done.model)
    assert len(set(asked.result.animals)) == 2
    assert not asked.result.folds


def test_medical_records_are_refused(tmp_path: Path) -> None:
    for given in ({"label": "diagnosis"}, {"records": tmp_path / "r.csv"}, {"weeks": (2.0,)}):
        with pytest.raises(InputError, match="not told by medical records: expected tables of slices"):
            Recipe(network="bone-quality", **given)
