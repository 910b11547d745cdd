"""Whether futures tell that a lesion is to come: python benchmarks/diagnosis_next_week.py [--animals 20 --samples 16].

Weeks 0 to 2 of synthetic animals that no network saw are given to a forecaster; a classifier is asked about each of its
futures of week 3, and the mean of its answers is the probability of a lesion next week. Beside it stand what can be had
without a forecast, the classifier's answer to week 2 (its last word, carried forward), and what no forecast can beat:
its answer to week 3 itself. Half of the tumours grow at half the pace, so that some lesions are only about to show.

The second table holds those animals alone in which the last week's scan is not called a lesion.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.diagnosis import VERDICT_AT
from napari_bonemet.diagnose.registry import SINGLE, TOGETHER, load_classifier
from napari_bonemet.diagnose.scoring.figures import figures_of
from napari_bonemet.diagnose.together.futures import lesion_next_week
from napari_bonemet.forecast.forecaster import Forecaster
from napari_bonemet.forecast.registry import load_forecaster
from napari_bonemet.forecast.shipped import shipped_checkpoint
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import LegOptions, make_leg
from napari_bonemet.torch_import import import_torch

WEEK = 3.0
LAST, TRUE = "week 2 carried forward", "week 3 itself"
FIGURES = ("roc_area", "accuracy", "recall", "specificity")


@dataclass(frozen=True)
class Found:
    """What is said of an animal's week 3 by each way, and whether it has a lesion then."""

    subject: str
    lesion: bool
    said: dict[str, float]


def legs(each: int, seed: int) -> Iterator[LegOptions]:
    """Animals without a tumour, as many with one, and as many with one that grows at half the pace."""
    for animal in animals(CohortOptions(controls=each, tumours=2 * each, seed=seed)):
        slow = animal.tumour and int(animal.seed) % 2 == 0
        yield replace(animal, aggressiveness=animal.aggressiveness / 2) if slow else animal


def look(animal: LegOptions, classifier: LesionClassifier, forecasters: Sequence[Forecaster], samples: int) -> Found:
    leg = make_leg(animal)
    weeks = leg.registered()
    seen, true = weeks.scans[:-1], weeks.scans[-1]
    said = {
        LAST: classifier.classify(seen[-1], earlier=seen[:-1]).probability,
        TRUE: classifier.classify(true, earlier=seen).probability,
    }
    for forecaster in forecasters:
        forecast = forecaster.predict(replace(weeks, scans=seen), WEEK, samples=samples, seed=1)
        said[f"futures by {forecast.model}"] = lesion_next_week(classifier, forecast, seen).probability
    return Found(animal.subject or "", bool((leg.truth.lesion_labels[-1] > 0).any()), said)


def table(found: Sequence[Found]) -> str:
    ill = np.array([each.lesion for each in found])
    names = [each.subject for each in found]
    lines = [
        f"{len(found)} animals, {int(ill.sum())} with a lesion in week {WEEK:g}",
        f"| by | {' | '.join(FIGURES)} | Brier score |",
        "| --- " * (len(FIGURES) + 2) + "|",
    ]
    for way in found[0].said:
        said = np.array([each.said[way] for each in found])
        figures = figures_of(said, ill, names)
        cells = [f"{figures[name].value:.2f} ({figures[name].low:.2f} to {figures[name].high:.2f})" for name in FIGURES]
        lines.append(f"| {way} | {' | '.join(cells)} | {np.square(said - ill).mean():.3f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--animals", type=int, default=20, help="without a tumour; twice as many with one")
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--seed", type=int, default=950)
    parser.add_argument("--classifier", choices=(SINGLE, TOGETHER), default=TOGETHER)
    parser.add_argument("--forecasters", nargs="+", default=("tvae-gate", "stvae"))
    given = parser.parse_args()
    import_torch().set_num_threads(1)
    classifier = load_classifier(name=given.classifier)
    forecasters = [load_forecaster(shipped_checkpoint(name)) for name in given.forecasters]
    found = []
    for animal in legs(given.animals, given.seed):
        found.append(look(animal, classifier, forecasters, given.samples))
        print(found[-1], flush=True)
    print(table(found))
    open_yet = [each for each in found if each.said[LAST] < VERDICT_AT]
    print(table(open_yet))


if __name__ == "__main__":
    main()
