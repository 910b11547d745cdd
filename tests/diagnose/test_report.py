"""Reports of classifiers: scores against counting by hand, and a page that is whole in itself."""

import re

import numpy as np
import pytest

from napari_bonemet.diagnose.report.card import card_of
from napari_bonemet.diagnose.report.page import page_of_result
from napari_bonemet.diagnose.report.result import Case, ClassifierResult, Opinion
from napari_bonemet.diagnose.report.scores import scores_of
from napari_bonemet.errors import InputError
from napari_bonemet.figures.classifier import classifier_figures
from napari_bonemet.forecast.checkpoint import Checkpoint

TRUTH = (0, 0, 0, 1, 1, 1, 1, 1)
SAID = (0.1, 0.4, 0.7, 0.2, 0.6, 0.8, 0.9, 0.95)
BAD = "<script>alert('x')</script> $m & co"


def result(**changed: object) -> ClassifierResult:
    cases = tuple(Case(f"m{n} {BAD}", truth, "left", float(n % 2), n % 2 + 1) for n, truth in enumerate(TRUTH))
    known: dict[str, object] = {
        "network": "response",
        "task": "Response",
        "classes": ("no", "yes $"),
        "cases": cases,
        "opinions": (Opinion.of_two("network", SAID), Opinion.of_two("baseline", np.full(8, 0.5))),
        "protocol": "two folds",
        "synthetic": True,
        "trained_on_synthetic": True,
        "settings": {"width": 8},
        "notes": (BAD,),
    }
    return ClassifierResult(**{**known, **changed})  # type: ignore[arg-type]


def test_scores_are_what_is_counted_by_hand() -> None:
    own, flat = scores_of(result(), draws=50)
    np.testing.assert_array_equal(own.confusion.counts, [[2, 1], [1, 4]])
    values = {name: interval.value for name, interval in own.figures.items()}
    assert values == pytest.approx({"accuracy": 6 / 8, "precision": 4 / 5, "recall": 4 / 5, "f1": 0.8, "auc": 12 / 15})
    assert own.confusion.specificity(1) == pytest.approx(2 / 3)
    assert own.brier == pytest.approx(np.mean((np.array(SAID) - TRUTH) ** 2))
    assert own.figures["auc"].low <= values["auc"] <= own.figures["auc"].high
    assert own.figures["auc"].animals == 8
    # Even cases: 0.1 and 0.7 are not, 0.6 and 0.9 are; odd ones: 0.4 is not, 0.2, 0.8 and 0.95 are.
    assert own.of_folds[1]["auc"] == pytest.approx(3 / 4)
    assert own.of_folds[2]["auc"] == pytest.approx(2 / 3)
    assert own.mean_of_folds("auc") == pytest.approx((17 / 24, np.std([3 / 4, 2 / 3], ddof=1)))
    assert own.of_weeks[0.0] == own.of_folds[1]
    assert flat.figures["auc"].value == 0.5


def test_of_several_classes_each_is_held_against_the_others() -> None:
    said = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.6, 0.3], [0.1, 0.1, 0.8]])
    cases = tuple(Case(f"m{n}", truth) for n, truth in enumerate((0, 1, 2, 2)))
    three = result(classes=("good", "thin", "poor"), cases=cases, opinions=(Opinion("network", said),))
    own = scores_of(three, draws=20)[0]
    assert own.figures["accuracy"].value == 0.75
    assert own.figures["recall"].value == pytest.approx((1 + 1 + 0.5) / 3)
    assert list(own.curves) == ["good", "thin", "poor"]
    assert not own.of_folds
    page = page_of_result(three, [own], classifier_figures(three, [own]), title="three")
    assert "mean of the classes" in page


def test_the_page_is_whole_in_itself_and_trusts_no_name() -> None:
    made = result()
    scores = scores_of(made, draws=20)
    figures = classifier_figures(made, scores)
    assert list(figures)[:3] == ["Receiver operating characteristic", "The folds", "Precision over recall"]
    card = card_of(
        checkpoint(training={"animals": 8, "cross_validation": {"folds": 2, "opinions": [scores[0].as_record()]}})
    )
    page = page_of_result(made, scores, figures, title=f"Title {BAD}", card=card, settings={"recipe": BAD})
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "Synthetic data" in page
    assert not re.search(r"(?:src|href)\s*=\s*['\"](?!#)|@import|url\((?!#)", page)
    # Letters stay letters: what is drawn can be searched.
    assert ">false positive share</text>" in page
    assert "yes $" in figures["What was said of whom"]
    assert "0.80" in page
    assert page.count("<svg") == len(figures) == 5


def test_figures_do_not_change_from_run_to_run() -> None:
    made = result()
    scores = scores_of(made, draws=20)
    assert classifier_figures(made, scores) == classifier_figures(made, scores)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"opinions": (Opinion.of_two("short", [0.5]),)}, "does not fit"),
        ({"opinions": (Opinion.of_two("wild", np.full(8, 1.5)),)}, "no probabilities"),
        ({"cases": ()}, "needs cases"),
        ({"classes": ("one", "two"), "cases": (Case("m", 2),)}, "no class"),
    ],
)
def test_what_is_no_result_is_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        result(**changed)


def checkpoint(**changed: object) -> Checkpoint:
    known: dict[str, object] = {
        "name": "response",
        "configuration": {"width": 8, "weeks": [0, 1]},
        "tensors": {},
        "input_kind": "grey",
        "spacing": (30.0, 30.0, 30.0),
        "weeks": (0.0, 1.0),
        "synthetic": True,
    }
    return Checkpoint(**{**known, **changed})  # type: ignore[arg-type]


def test_the_card_tells_what_the_header_holds() -> None:
    opinion = {"title": "network", "auc": 0.81, "auc_95": [0.7, 0.9], "accuracy": 0.75, "f1": True, "recall": None}
    training = {"animals": 24, "responders": 12, "cross_validation": {"folds": 3, "opinions": [opinion]}}
    card = card_of(checkpoint(training=training))
    assert "24 animals, 12 responders (synthetic, made by the generator)" in card.trained_on
    assert card.scored == (("3 folds, network", "auc 0.81 (0.70 to 0.90), accuracy 0.75"),)
    assert any("synthetic bone" in limit for limit in card.limits)
    assert "auc 0.81" in card.as_text()
    assert not any("synthetic bone" in limit for limit in card_of(checkpoint(synthetic=False)).limits)


@pytest.mark.parametrize(
    "training",
    [
        {"cross_validation": {"opinions": "many"}},
        {"cross_validation": [1], "validation": "good"},
        {"cross_validation": {"opinions": [3, {"auc": "high", "auc_95": "wide"}]}, "animals": "all"},
    ],
)
def test_a_strange_header_makes_a_shorter_card(training: dict[str, object]) -> None:
    card = card_of(checkpoint(training=training))
    assert "does not tell" in card.trained_on
    assert not any(value for _, value in card.scored)


def test_the_card_of_the_lesion_classifier_that_comes_with_the_package() -> None:
    from napari_bonemet.forecast.checkpoint import load_checkpoint
    from napari_bonemet.forecast.shipped import shipped_checkpoint

    card = card_of(load_checkpoint(shipped_checkpoint("lesion-slices")))
    assert card.synthetic
    assert "animals" in card.trained_on
    assert any("synthetic bone" in limit for limit in card.limits)
