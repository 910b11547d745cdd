"""How well response to treatment is told on unseen synthetic animals: python benchmarks/response.py [--train].

Prints, for the network that comes with the package (or --checkpoint) and for the baselines, area under the curve,
accuracy, precision, recall, F1 and Brier score on treated animals of cohort seed 2, with 95 % intervals over animals,
and paired differences of the areas. The baselines are fitted to the
animals of cohort seed 1 that the network learned from. With --out the report is written, too.

--train first trains the network on seed 1, cross-validated, as `train --network response` does from a folder. With
--record the figures are kept in the header of the checkpoint. Making the animals takes most of the time; with --kept
FOLDER their projections are kept there for the next run.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_bonemet.diagnose.curves import roc
from napari_bonemet.diagnose.intervals import over_animals
from napari_bonemet.diagnose.report.card import card_of
from napari_bonemet.diagnose.report.result import ClassifierResult, Opinion
from napari_bonemet.diagnose.report.scores import OpinionScores, scores_of
from napari_bonemet.diagnose.response.baselines import baseline_opinions
from napari_bonemet.diagnose.response.bone_measures import BoneChange
from napari_bonemet.diagnose.response.cases import ResponseCase, case_of
from napari_bonemet.diagnose.response.classifier import ResponseClassifier
from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.forecast.checkpoint import load_checkpoint, save_checkpoint
from napari_bonemet.metrics.bootstrap import Interval
from napari_bonemet.phantom.cohort import CohortOptions, animals, responses
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.study.classifier_report import write_report
from napari_bonemet.study.common import seen_in_every_week
from napari_bonemet.torch_import import import_torch

TREATED = CohortOptions(
    controls=0, tumours=0, treated=120, responders=0.5, resistant_strength=0.2, response_spread=0.15, seed=1
)
SHIPPED = Path(__file__).parents[1] / "src/napari_bonemet/checkpoints/response.safetensors"
_FIGURES = ("auc", "accuracy", "precision", "recall", "f1")


def cases(options: CohortOptions, kept: Path | None) -> list[ResponseCase]:
    """The treated animals of a cohort as the classifier sees them."""
    place = None if kept is None else kept / f"cases{options.seed}.npz"
    if place is None or not place.is_file():
        return _made(options, place)
    with np.load(place) as file:
        table = {name: file[name] for name in file.files}
    known, version = responses(options), (str(options.leg.generator),)
    found = [
        ResponseCase(str(name), "left", bool(answer), seen, BoneChange(volume, grey), True, version)
        for name, answer, seen, volume, grey in zip(*(table[name] for name in "arpvg"), strict=True)
        if str(name) in known
    ]
    return found if len(found) == len(known) else _made(options, place)


def _made(options: CohortOptions, place: Path | None) -> list[ResponseCase]:
    network, known, made = ResponseOptions(), responses(options), []
    for animal in animals(options):
        series = seen_in_every_week(make_leg(animal).registered(), network.bone_threshold)
        made.append(case_of(series, known[animal.subject], network))
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        columns = {"a": [c.animal for c in made], "r": [c.responds for c in made], "p": [c.pictures for c in made]}
        columns |= {"v": [c.bone.volume for c in made], "g": [c.bone.grey for c in made]}
        np.savez(place, **{name: np.asarray(column) for name, column in columns.items()})
    return made


def asked(
    model: ResponseClassifier, learned: Sequence[ResponseCase], unseen: Sequence[ResponseCase]
) -> ClassifierResult:
    """The network's opinion and the baselines' on animals that none of them learned from."""
    protocol = f"{len(learned)} animals of cohort seed 1 to learn from, others to be asked of"
    result = model.evaluate(unseen, protocol)
    said = baseline_opinions(learned, unseen)
    return replace(result, opinions=(*result.opinions, *(Opinion.of_two(*pair) for pair in said.items())))


def gain(result: ClassifierResult, number: int) -> Interval:
    """By how much the network's area is above a baseline's, the same animals drawn for both."""
    own, other = (result.opinions[n].probability[:, 1] for n in (0, number))

    def difference(at: np.ndarray) -> float:
        return roc(own[at], result.truth[at]).area - roc(other[at], result.truth[at]).area

    return over_animals(result.animals, difference)


def show(scores: Sequence[OpinionScores], result: ClassifierResult) -> None:
    """Print the scores, a line for each opinion."""
    for number, each in enumerate(scores):
        told = "  ".join(f"{name} {each.figures[name]}" for name in _FIGURES)
        more = f"  network's area above it by {gain(result, number)}" if number else ""
        print(f"{each.title:<38} {told}  Brier {each.brier:.3f}{more}")


def main() -> None:
    import_torch().set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--learn", type=int, default=TREATED.treated)
    parser.add_argument("--test", type=int, default=60)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    learned = cases(replace(TREATED, treated=chosen.learn), chosen.kept)
    if chosen.train:
        model, validated = ResponseClassifier.fit(learned, (TREATED.leg.spacing_um,) * 3)
        print(f"cross-validated, {len(learned)} animals, {sum(case.responds for case in learned)} respond")
        for each in scores_of(validated.result):
            pairs = (f"{name} {'{:.3f} ± {:.3f}'.format(*each.mean_of_folds(name))}" for name in _FIGURES)
            print(f"{each.title:<38} mean ± SD of folds: {'  '.join(pairs)}")
        model.save(chosen.checkpoint)
        if chosen.out is not None:
            card = card_of(model.checkpoint())
            write_report(validated.result, chosen.out / "folds", title="Response, cross-validated", card=card)
    model = ResponseClassifier.load(chosen.checkpoint)
    result = asked(model, learned, cases(replace(TREATED, seed=2, treated=chosen.test), chosen.kept))
    scores = scores_of(result)
    print(f"unseen: {len(result.cases)} animals, {int(result.truth.sum())} respond")
    show(scores, result)
    if chosen.record:
        held = load_checkpoint(chosen.checkpoint)
        test = {"animals": len(result.cases), "protocol": result.protocol, "opinions": [s.as_record() for s in scores]}
        save_checkpoint(replace(held, training={**held.training, "test": test}), chosen.checkpoint)
    if chosen.out is not None:
        card = card_of(load_checkpoint(chosen.checkpoint))
        write_report(result, chosen.out / "unseen", title="Response of unseen synthetic animals", card=card)


if __name__ == "__main__":
    main()
