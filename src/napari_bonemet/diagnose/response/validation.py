"""The response network and its baselines on legs that none of them learned from: folds of whole animals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from napari_bonemet.diagnose.folds import folds_by_animal, require_apart
from napari_bonemet.diagnose.report.result import Case, ClassifierResult, Opinion
from napari_bonemet.diagnose.response.baselines import BASELINES, baseline_opinions
from napari_bonemet.diagnose.response.cases import ResponseCase, require_both
from napari_bonemet.diagnose.response.opinion import CLASSES
from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress, report

TASK = "Response to treatment"
NETWORK = "3D network on projections"


@dataclass(frozen=True)
class FoldDone:
    """A fold that was scored: which of how many, and how many legs it learned from and held out."""

    fold: int
    of: int
    learned: int
    held_out: int


@dataclass(frozen=True, eq=False)
class CrossValidated:
    """What was said of every leg while its animal was held out.

    Parameters
    ----------
    result : ClassifierResult
        The network's opinion and the baselines'.
    log_odds : ndarray, (cases,)
        The network's, before it became a probability.
    """

    result: ClassifierResult
    log_odds: np.ndarray


def cross_validate(
    cases: Sequence[ResponseCase],
    options: ResponseOptions,
    *,
    folds: int = 3,
    device: str = "cpu",
    progress: Progress = NO_PROGRESS,
) -> CrossValidated:
    """Train as many networks as there are folds, each without the animals of one fold, and ask it of those.

    Xu et al. (section 3.4.1) use three folds. Nothing is chosen by a held-out leg: neither epoch nor threshold. The
    baselines are fitted fold by fold to the same legs.

    Parameters
    ----------
    cases : sequence of ResponseCase
        All legs.
    options : ResponseOptions
        The network; its seed draws the folds, too.
    folds : int
        How many.
    device : str
        Where torch computes.
    progress : Progress
        Told of each step; every fold is reported as a FoldDone.

    Raises
    ------
    InputError
        When there are fewer animals of one kind than folds.
    Cancelled
        When the user asked to stop.
    """
    from napari_bonemet.diagnose.response.training import log_odds_of, train_response

    require_both(cases, "cross-validate")
    animals = [case.animal for case in cases]
    made = folds_by_animal(animals, [CLASSES[case.responds] for case in cases], folds, options.seed)
    log_odds, of_fold = np.full(len(cases), np.nan), np.zeros(len(cases), dtype=int)
    said = {title: np.full(len(cases), np.nan) for title in BASELINES}
    for number, held in enumerate(made):
        rest = np.setdiff1d(np.arange(len(cases)), held)
        learned, scored = [cases[n] for n in rest], [cases[n] for n in held]
        require_apart([case.animal for case in learned], [case.animal for case in scored])
        part = PartOf(progress, number / folds, (number + 1) / folds)
        network = train_response(learned, options, device=device, progress=part).network
        log_odds[held] = log_odds_of(network, np.stack([case.pictures for case in scored]), device)
        of_fold[held] = number + 1
        for title, probability in baseline_opinions(learned, scored).items():
            said[title][held] = probability
        report(progress, FoldDone(number + 1, folds, len(learned), len(scored)))
    protocol = (
        f"{folds}-fold cross-validation: each leg was held out once, with all legs of its animal; epochs were fixed "
        "beforehand, and no figure of held-out legs chose anything"
    )
    opinions = [Opinion.of_two(NETWORK, expit(log_odds)), *(Opinion.of_two(*pair) for pair in said.items())]
    synthetic = any(case.synthetic for case in cases)
    result = result_of(cases, opinions, options, protocol, of_fold=of_fold, trained_on_synthetic=synthetic)
    return CrossValidated(result, log_odds)


def result_of(
    cases: Sequence[ResponseCase],
    opinions: Sequence[Opinion],
    options: ResponseOptions,
    protocol: str,
    *,
    of_fold: np.ndarray | None = None,
    trained_on_synthetic: bool = False,
) -> ClassifierResult:
    """Opinions on legs as a result; `of_fold` says in which fold, from 1, each was held out."""
    numbers = [None] * len(cases) if of_fold is None else of_fold.tolist()
    return ClassifierResult(
        network="response",
        task=TASK,
        classes=CLASSES,
        cases=tuple(
            Case(case.animal, int(case.responds), case.side or "", None, fold)
            for case, fold in zip(cases, numbers, strict=True)
        ),
        opinions=tuple(opinions),
        protocol=protocol,
        synthetic=any(case.synthetic for case in cases),
        trained_on_synthetic=trained_on_synthetic,
        settings=options.as_record(),
    )
