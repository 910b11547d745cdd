"""The tables of a classifier's report, as HTML."""

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from napari_bonemet.diagnose.report.result import ClassifierResult
from napari_bonemet.diagnose.report.scores import OpinionScores
from napari_bonemet.html_table import html_table
from napari_bonemet.metrics.bootstrap import Interval

__all__ = ["case_by_case", "compared", "confused", "of_classes", "over", "rounded"]

_MOST_CASES = 400


def compared(result: ClassifierResult, scores: Sequence[OpinionScores]) -> Iterator[str]:
    """Every opinion over all cases with intervals, and as mean and spread of the folds."""
    yield "<h2>Beside the baselines</h2>" if len(scores) > 1 else "<h2>Scores</h2>"
    averaged = f"of “{result.classes[1]}”" if len(result.classes) == 2 else "as means of the classes"
    heads = ["", "area under the curve", "accuracy", "precision", "recall", "F1", "Brier"]
    rows = []
    for number, each in enumerate(scores):
        title = escape(each.title) if number else f"<b>{escape(each.title)}</b>"
        figures = [_with_interval(each.figures[name]) for name in ("auc", "accuracy", "precision", "recall", "f1")]
        rows.append([title, *figures, rounded(each.brier)])
    caption = f"Over all cases, precision, recall and F1 {averaged}; 95 % interval, whole animals drawn anew"
    yield html_table(heads, rows, caption=caption, escaped=True)
    if result.folds:
        rows = []
        for each in scores:
            pairs = [each.mean_of_folds(name) for name in ("auc", "accuracy", "precision", "recall", "f1")]
            rows.append([each.title, *(f"{rounded(mean)} ± {rounded(spread)}" for mean, spread in pairs)])
        yield html_table(heads[:-1], rows, caption=f"Mean ± SD of {len(result.folds)} folds")


def confused(result: ClassifierResult, own: OpinionScores) -> Iterator[str]:
    """The confusion matrix; the more of a class is called so, the deeper its colour."""
    counts = own.confusion.counts
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = []
    for index, name in enumerate(result.classes):
        cells = "".join(
            f"<td class='cell' style='--share:{share:.2f}'>{count}<small>{share:.0%}</small></td>"
            for count, share in zip(counts[index], shares[index], strict=True)
        )
        rows.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    heads = "".join(f"<th>called {escape(name)}</th>" for name in result.classes)
    yield "<h2>What was called what</h2>"
    head, body = f"<tr><th>truth</th>{heads}</tr>", "".join(rows)
    yield f"<table class='confusion'><thead>{head}</thead><tbody>{body}</tbody></table>"


def of_classes(result: ClassifierResult, own: OpinionScores) -> Iterator[str]:
    """Shares and areas of every class."""
    table = own.confusion
    heads = ["class", "cases", "precision", "recall", "specificity", "F1", "area under the curve", "average precision"]
    rows = []
    for index, name in enumerate(result.classes):
        curves = own.curves.get(name)
        shares = [table.precision(index), table.recall(index), table.specificity(index), table.f1(index)]
        areas = [curves.roc.area, curves.precision_recall.average] if curves else [float("nan")] * 2
        rows.append([name, str(int(table.counts[index].sum())), *map(rounded, [*shares, *areas])])
    yield html_table(heads, rows, caption="Class by class; curves hold each class against all others")


def over(result: ClassifierResult, scores: Sequence[OpinionScores], what: str) -> Iterator[str]:
    """A table fold by fold, or week by week, where there are several."""
    places: Sequence[float] = result.folds if what == "fold" else result.weeks
    if len(places) < 2:
        return
    yield f"<h2>{what.capitalize()} by {what}</h2>"
    heads = [what, "cases", *(f"{each.title}: {name}" for each in scores for name in ("area", "accuracy"))]
    rows = []
    for place in places:
        count = sum(getattr(case, what) == place for case in result.cases)
        figures = [(each.of_folds if what == "fold" else each.of_weeks)[place] for each in scores]  # type: ignore[index]
        rows.append([f"{place:g}", str(count), *(rounded(f[name]) for f in figures for name in ("auc", "accuracy"))])
    yield html_table(heads, rows)


def case_by_case(result: ClassifierResult) -> Iterator[str]:
    """Every case with what was said of it, folded away; the wrong ones first."""
    said = result.opinions[0].probability
    called = said.argmax(axis=1)
    order = sorted(range(len(result.cases)), key=lambda n: (called[n] == result.cases[n].truth, said[n].max()))
    rows = []
    for number in order[:_MOST_CASES]:
        case, probability = result.cases[number], said[number]
        where = [case.animal, case.side, "" if case.week is None else f"{case.week:g}"]
        wrong = "" if called[number] == case.truth else "wrong"
        answer = f"{result.classes[called[number]]} ({probability[called[number]]:.2f})"
        rows.append([*where, result.classes[case.truth], answer, wrong])
    more = f"; the first {_MOST_CASES} of {len(order)}" if len(order) > _MOST_CASES else ""
    table = html_table(["animal", "side", "week", "truth", "called", ""], rows)
    yield f"<details><summary>Case by case, wrong ones first{more}</summary>{table}</details>"


def _with_interval(found: Interval) -> str:
    return f"{rounded(found.value)} <small>{rounded(found.low)} to {rounded(found.high)}</small>"


def rounded(value: float) -> str:
    """A figure for the reader; a dash where there is none."""
    return f"{value:.2f}" if np.isfinite(value) else "–"
