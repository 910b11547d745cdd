"""The report of a classifier: one HTML page with its figures and tables in it, which can be sent as it is."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

import numpy as np

from napari_bonemet.diagnose.report.card import ModelCard
from napari_bonemet.diagnose.report.page_style import STYLE
from napari_bonemet.diagnose.report.result import ClassifierResult
from napari_bonemet.diagnose.report.scores import OpinionScores
from napari_bonemet.html_table import html_table
from napari_bonemet.metrics.bootstrap import Interval
from napari_bonemet.provenance import __version__

__all__ = ["card_html", "page_of_result"]

_SYNTHETIC = "Synthetic data: the legs were made by a program, and say nothing of any animal."
_LEARNED = "The classifier learned from synthetic legs, made by a program."
_MOST_CASES = 400


def page_of_result(
    result: ClassifierResult,
    scores: Sequence[OpinionScores],
    figures: Mapping[str, str],
    *,
    title: str,
    card: ModelCard | None = None,
    settings: Mapping[str, object] | None = None,
) -> str:
    """The page.

    Parameters
    ----------
    result : ClassifierResult
        The cases, and what was said of them.
    scores : sequence of OpinionScores
        Of the opinions, in their order.
    figures : mapping of str to str
        SVG by title.
    title : str
        Of the page.
    card : ModelCard, optional
        Of the classifier that was trained or asked.
    settings : mapping, optional
        How it was made: the recipe.
    """
    parts = [
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<style>{STYLE}</style></head><body><header><p class='task'>{escape(result.task)}</p>",
        f"<h1>{escape(title)}</h1><p class='how'>{escape(_counted(result))}</p></header><main>",
    ]
    if result.synthetic or result.trained_on_synthetic:
        words = _SYNTHETIC if result.synthetic else _LEARNED
        parts.append(f"<p class='synthetic'>{escape(words)}</p>")
    parts += [*_headline(result, scores[0]), *_compared(result, scores), *_drawn(figures)]
    parts += [*_confusion(result, scores[0]), *_of_classes(result, scores[0])]
    parts += [*_over(result, scores, "fold"), *_over(result, scores, "week")]
    parts += [*_notes(result), *([card_html(card)] if card else []), *_cases(result), *_made(result, settings or {})]
    parts.append(f"</main><footer>napari-bonemet {escape(__version__)}. Research use.</footer></body></html>\n")
    return "\n".join(parts)


def _counted(result: ClassifierResult) -> str:
    of_class = ", ".join(f"{int((result.truth == index).sum())} {name}" for index, name in enumerate(result.classes))
    return f"{len(result.cases)} cases of {len(set(result.animals))} animals ({of_class}). {result.protocol}."


def _headline(result: ClassifierResult, own: OpinionScores) -> Iterator[str]:
    """The classifier's main figures, large."""
    averaged = "" if len(result.classes) == 2 else ", mean of the classes"
    names = {"auc": f"area under the curve{averaged}", "accuracy": "accuracy", "f1": f"F1{averaged}"}
    tiles = []
    for name, words in names.items():
        found = own.figures[name]
        tiles.append(
            f"<div class='tile'><b>{_number(found.value)}</b><span>{escape(words)}</span>"
            f"<small>95 % {_number(found.low)} to {_number(found.high)}</small></div>"
        )
    yield f"<section class='tiles'>{''.join(tiles)}</section>"


def _compared(result: ClassifierResult, scores: Sequence[OpinionScores]) -> Iterator[str]:
    yield "<h2>Beside the baselines</h2>" if len(scores) > 1 else "<h2>Scores</h2>"
    averaged = f"of “{result.classes[1]}”" if len(result.classes) == 2 else "as means of the classes"
    heads = ["", "area under the curve", "accuracy", "precision", "recall", "F1", "Brier"]
    rows = []
    for number, each in enumerate(scores):
        title = escape(each.title) if number else f"<b>{escape(each.title)}</b>"
        figures = [_with_interval(each.figures[name]) for name in ("auc", "accuracy", "precision", "recall", "f1")]
        rows.append([title, *figures, _number(each.brier)])
    caption = f"Over all cases, precision, recall and F1 {averaged}; 95 % interval, whole animals drawn anew"
    yield html_table(heads, rows, caption=caption, escaped=True)
    if result.folds:
        rows = []
        for each in scores:
            pairs = [each.mean_of_folds(name) for name in ("auc", "accuracy", "precision", "recall", "f1")]
            rows.append([each.title, *(f"{_number(mean)} ± {_number(spread)}" for mean, spread in pairs)])
        yield html_table(heads[:-1], rows, caption=f"Mean ± SD of {len(result.folds)} folds")


def _drawn(figures: Mapping[str, str]) -> Iterator[str]:
    if figures:
        yield "<h2>Curves</h2><section class='figures'>"
        for title, drawing in figures.items():
            yield f"<figure>{drawing}<figcaption>{escape(title)}</figcaption></figure>"
        yield "</section>"


def _confusion(result: ClassifierResult, own: OpinionScores) -> Iterator[str]:
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


def _of_classes(result: ClassifierResult, own: OpinionScores) -> Iterator[str]:
    table = own.confusion
    heads = ["class", "cases", "precision", "recall", "specificity", "F1", "area under the curve", "average precision"]
    rows = []
    for index, name in enumerate(result.classes):
        curves = own.curves.get(name)
        shares = [table.precision(index), table.recall(index), table.specificity(index), table.f1(index)]
        areas = [curves.roc.area, curves.precision_recall.average] if curves else [float("nan")] * 2
        rows.append([name, str(int(table.counts[index].sum())), *map(_number, [*shares, *areas])])
    yield html_table(heads, rows, caption="Class by class; curves hold each class against all others")


def _over(result: ClassifierResult, scores: Sequence[OpinionScores], what: str) -> Iterator[str]:
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
        rows.append([f"{place:g}", str(count), *(_number(f[name]) for f in figures for name in ("auc", "accuracy"))])
    yield html_table(heads, rows)


def _notes(result: ClassifierResult) -> Iterator[str]:
    if result.notes:
        items = "".join(f"<li>{escape(note)}</li>" for note in result.notes)
        yield f"<details open><summary>To know ({len(result.notes)})</summary><ul>{items}</ul></details>"


def card_html(card: ModelCard) -> str:
    """A card as a part of a page."""
    rows = [("use", card.use), ("trained on", card.trained_on), *card.scored, ("limits", "\n".join(card.limits))]
    told = "".join(f"<dt>{escape(name)}</dt><dd>{_lines(value)}</dd>" for name, value in [*rows, *card.details])
    return f"<h2>Model card: {escape(card.name)}</h2><dl class='card'>{told}</dl>"


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _cases(result: ClassifierResult) -> Iterator[str]:
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


def _made(result: ClassifierResult, settings: Mapping[str, object]) -> Iterator[str]:
    rows = [[name.replace("_", " "), _words(value)] for name, value in {**settings, **result.settings}.items()]
    if rows:
        yield f"<details><summary>Settings</summary>{html_table(['setting', 'value'], rows)}</details>"


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _with_interval(found: Interval) -> str:
    return f"{_number(found.value)} <small>{_number(found.low)} to {_number(found.high)}</small>"


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "–"
