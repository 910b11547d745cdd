"""The response classifier that comes with the package, on animals that it never saw."""

import json
from dataclasses import replace
from typing import Any

from napari_bonemet.diagnose.report.card import card_of
from napari_bonemet.diagnose.response.classifier import ResponseClassifier
from napari_bonemet.forecast.checkpoint import load_checkpoint
from napari_bonemet.forecast.shipped import shipped_checkpoint
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions


def test_it_is_small_and_says_what_it_is() -> None:
    path = shipped_checkpoint("response")
    assert path.stat().st_size < 2e6
    held = load_checkpoint(path)
    assert (held.synthetic, held.input_kind, held.spacing, held.weeks) == (True, "grey", (30.0,) * 3, (0, 1, 2, 3))
    training: Any = held.training
    assert training["generator"] == ["1"]
    assert (training["animals"], training["responders"]) == (120, 56)
    assert all(name.startswith("synthetic-1r") for name in training["animal_names"])
    opinions = training["test"]["opinions"]
    assert opinions[0]["auc"] > max(each["auc"] for each in opinions[1:])
    assert json.dumps(held.header(), allow_nan=False)
    told = card_of(held).as_text()
    assert "other animals, bone volume, first to last week: auc 0.86" in told
    assert "synthetic bone" in told


def test_of_one_animal_it_tells_whether_treatment_stops_the_lesions() -> None:
    model = ResponseClassifier.load(shipped_checkpoint("response"))
    animal = LegOptions(seed=77, treatment_week=1)
    helped, not_helped = (
        model.classify(make_leg(replace(animal, treatment_strength=strength)).registered()) for strength in (0.9, 0.0)
    )
    assert helped.responds
    assert not not_helped.responds
