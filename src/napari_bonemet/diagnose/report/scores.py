"""How good opinions are: over all cases with intervals over animals, fold by fold, and week by week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from napari_bonemet.diagnose.curves import MeanRoc, PrecisionRecall, Roc, mean_roc, precision_recall, roc
from napari_bonemet.diagnose.intervals import over_animals
from napari_bonemet.diagnose.report.confusion import Confusion, confusion
from napari_bonemet.diagnose.report.result import ClassifierResult, Opinion
from napari_bonemet.metrics.bootstrap import Interval
from napari_bonemet.metrics.reliability import Reliability, reliability
from napari_bonemet.provenance import Json

__all__ = ["Curves", "OpinionScores", "scores_of"]

_BINS = 10
_MEASURES = ("accuracy", "precision", "recall", "f1", "auc")


@dataclass(frozen=True, eq=False)
class Curves:
    """One class against all others.

    Parameters
    ----------
    name : str
        The class.
    roc, precision_recall
        Over all cases together.
    folds : mapping of int to Roc
        Of each fold that has both kinds of cases.
    mean : MeanRoc or None
        Of the folds, where there are two or more.
    reliability : Reliability
        Whether it comes as often as it is said.
    """

    name: str
    roc: Roc
    precision_recall: PrecisionRecall
    folds: Mapping[int, Roc]
    mean: MeanRoc | None
    reliability: Reliability


@dataclass(frozen=True, eq=False)
class OpinionScores:
    """How good one opinion is.

    Parameters
    ----------
    title : str
        Whose opinion.
    confusion : Confusion
        The most probable class against the truth.
    figures : mapping of str to Interval
        "accuracy", "precision", "recall", "f1", "auc" with 95 % over animals; means over the classes that curves are
        drawn of (of two classes: of the positive one).
    of_folds, of_weeks : mapping of fold or week to figures
        The same without intervals; not a number where there is none.
    curves : mapping of str to Curves
        By class; a class that no case has, or every one, has none.
    brier : float
        Mean over cases of the squared distance between probabilities and truth, summed over the classes and halved.
    """

    title: str
    confusion: Confusion
    figures: Mapping[str, Interval]
    of_folds: Mapping[int, Mapping[str, float]]
    of_weeks: Mapping[float, Mapping[str, float]]
    curves: Mapping[str, Curves]
    brier: float

    def mean_of_folds(self, name: str) -> tuple[float, float]:
        """Mean and standard deviation (n - 1) of a figure over the folds; not a number where there are too few."""
        values = np.array([figures[name] for figures in self.of_folds.values()])
        values = values[np.isfinite(values)]
        mean = float(values.mean()) if len(values) else float("nan")
        return mean, float(values.std(ddof=1)) if len(values) > 1 else float("nan")

    def as_record(self) -> dict[str, Json]:
        """The figures as plain JSON values."""
        return {
            "title": self.title,
            **{name: _plain(each.value) for name, each in self.figures.items()},
            **{f"{name}_95": [_plain(each.low), _plain(each.high)] for name, each in self.figures.items()},
            **{
                f"{name}_folds": [_plain(value) for value in self.mean_of_folds(name)]
                for name in (self.figures if self.of_folds else ())
            },
            "brier": _plain(self.brier),
            "confusion": self.confusion.counts.tolist(),
        }


def scores_of(result: ClassifierResult, *, draws: int = 1000, seed: int = 0) -> tuple[OpinionScores, ...]:
    """Score every opinion.

    Parameters
    ----------
    result : ClassifierResult
        Whose opinions.
    draws, seed : int
        Of the bootstrap over animals.
    """
    return tuple(_Scoring(result, opinion, draws, seed).done() for opinion in result.opinions)


@dataclass(frozen=True, eq=False)
class _Scoring:
    result: ClassifierResult
    opinion: Opinion
    draws: int
    seed: int
    truth: np.ndarray = field(init=False)
    said: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "truth", self.result.truth)
        object.__setattr__(self, "said", self.opinion.probability.argmax(axis=1))

    def done(self) -> OpinionScores:
        result = self.result
        folds, weeks = (np.array([getattr(case, name) for case in result.cases]) for name in ("fold", "week"))
        wrong = self.opinion.probability - np.eye(len(result.classes))[self.truth]
        found = ((index, self._curves(index, folds)) for index in result.curves_of)
        return OpinionScores(
            title=self.opinion.title,
            confusion=confusion(self.truth, self.said, len(result.classes)),
            figures={name: self._interval(name) for name in _MEASURES},
            of_folds={fold: self._figures(np.flatnonzero(folds == fold)) for fold in result.folds},
            of_weeks={week: self._figures(np.flatnonzero(weeks == week)) for week in result.weeks},
            curves={result.classes[index]: curves for index, curves in found if curves is not None},
            brier=float(np.square(wrong).sum(axis=1).mean() / 2),
        )

    def _interval(self, name: str) -> Interval:
        return over_animals(
            self.result.animals, lambda at: self._figures(at, (name,))[name], draws=self.draws, seed=self.seed
        )

    def _figures(self, at: np.ndarray, names: Sequence[str] = _MEASURES) -> dict[str, float]:
        """Figures of some of the cases."""
        table = confusion(self.truth[at], self.said[at], len(self.result.classes))
        made: dict[str, float] = {}
        for name in names:
            if name == "accuracy":
                made[name] = table.accuracy
            elif name == "auc":
                made[name] = _mean([self._area(index, at) for index in self.result.curves_of])
            else:
                made[name] = _mean([getattr(table, name)(index) for index in self.result.curves_of])
        return made

    def _area(self, index: int, at: np.ndarray) -> float:
        ill = self.truth[at] == index
        return roc(self.opinion.probability[at, index], ill).area if 0 < ill.sum() < len(ill) else float("nan")

    def _curves(self, index: int, folds: np.ndarray) -> Curves | None:
        said, ill = self.opinion.probability[:, index], self.truth == index
        if not 0 < ill.sum() < len(ill):
            return None
        own = {fold: np.flatnonzero(folds == fold) for fold in self.result.folds}
        whole = {fold: roc(said[at], ill[at]) for fold, at in own.items() if 0 < ill[at].sum() < len(at)}
        return Curves(
            self.result.classes[index],
            roc(said, ill),
            precision_recall(said, ill),
            whole,
            mean_roc([*whole.values()]) if len(whole) > 1 else None,
            reliability(np.clip(said, 0, 1), ill, _BINS),
        )


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def _plain(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
