"""Curves of a classifier as SVG: ROC with its folds, precision over recall, reliability, and probabilities."""

from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any

import numpy as np

from napari_bonemet.diagnose.report.result import ClassifierResult
from napari_bonemet.diagnose.report.scores import Curves, OpinionScores
from napari_bonemet.figures.style import drawing

__all__ = ["classifier_figures"]

# Colours that stay apart for all eyes (Okabe and Ito 2008); the classifier's own first.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_GREY, _INK = "#9a9a9a", "#222222"
_SIDE = 3.9
_LONGEST = 34
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def classifier_figures(result: ClassifierResult, scores: Sequence[OpinionScores]) -> Mapping[str, str]:
    """Figures of a result.

    Parameters
    ----------
    result : ClassifierResult
        The cases.
    scores : sequence of OpinionScores
        Of its opinions, in their order.

    Returns
    -------
    mapping of str to str
        SVG by the figure's title, each whole in itself, with text as text; those without anything to draw are left
        out.
    """
    own = scores[0]
    if not own.curves:
        return {}
    several = len(result.classes) > 2
    made = {"Receiver operating characteristic": _svg(lambda axes: _roc(axes, scores, several=several))}
    if any(curves.mean for curves in own.curves.values()) and not several:
        made["The folds"] = _svg(lambda axes: _folds(axes, next(iter(own.curves.values()))))
    made["Precision over recall"] = _svg(lambda axes: _precision(axes, scores, several=several))
    made["Reliability"] = _svg(lambda axes: _reliability(axes, scores, several=several))
    if not several:
        made["What was said of whom"] = _svg(lambda axes: _said(axes, result))
    return made


def _svg(draw: Callable[[Any], None]) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(_SIDE, _SIDE), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.tick_params(labelsize=8, colors=_INK)
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        text = StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata=_NO_METADATA)
    return text.getvalue()[text.getvalue().index("<svg") :]


def _lines(scores: Sequence[OpinionScores], *, several: bool) -> list[tuple[str, Curves]]:
    """What each line is called: of two classes the opinions, of more the classes of the first opinion."""
    if several:
        return [(_short(name), curves) for name, curves in scores[0].curves.items()]
    return [(_short(each.title), curves) for each in scores for curves in each.curves.values()]


def _short(title: str) -> str:
    """Words short enough for a legend, in which no sign begins a formula."""
    words = title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1]}…"
    return words.replace("$", r"\$")


def _square(axes: Any, x: str, y: str) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)


def _legend(axes: Any, place: str) -> None:
    axes.legend(fontsize=7, loc=place, handlelength=1.4, facecolor="white", edgecolor="none", framealpha=0.75)


def _roc(axes: Any, scores: Sequence[OpinionScores], *, several: bool) -> None:
    axes.plot([0, 1], [0, 1], color=_GREY, lw=0.8, ls=":")
    for number, (name, curves) in enumerate(_lines(scores, several=several)):
        label = f"{name} ({curves.roc.area:.2f})"
        colour, width = COLOURS[number % len(COLOURS)], 2.0 if not number else 1.2
        axes.plot(curves.roc.false_positive, curves.roc.true_positive, color=colour, lw=width, label=label)
    _square(axes, "false positive share", "true positive share")
    _legend(axes, "lower right")


def _folds(axes: Any, curves: Curves) -> None:
    axes.plot([0, 1], [0, 1], color=_GREY, lw=0.8, ls=":")
    for number, (fold, one) in enumerate(curves.folds.items()):
        label = f"fold {fold} ({one.area:.2f})"
        axes.plot(one.false_positive, one.true_positive, color=COLOURS[1 + number % 5], lw=0.9, label=label)
    mean = curves.mean
    if mean is not None:
        band = f"mean ± SD ({mean.area:.2f} ± {mean.area_spread:.2f})"
        axes.fill_between(mean.false_positive, mean.low, mean.high, color=COLOURS[0], alpha=0.18, lw=0)
        axes.plot(mean.false_positive, mean.true_positive, color=COLOURS[0], lw=2.2, label=band)
    _square(axes, "false positive share", "true positive share")
    _legend(axes, "lower right")


def _precision(axes: Any, scores: Sequence[OpinionScores], *, several: bool) -> None:
    lines = _lines(scores, several=several)
    for number, (name, curves) in enumerate(lines):
        one = curves.precision_recall
        colour, width = COLOURS[number % len(COLOURS)], 2.0 if not number else 1.2
        axes.step(one.recall, one.precision, where="pre", color=colour, lw=width, label=f"{name} ({one.average:.2f})")
    if not several:
        axes.axhline(lines[0][1].precision_recall.prevalence, color=_GREY, lw=0.8, ls=":")
    _square(axes, "recall", "precision")
    _legend(axes, "lower left")


def _reliability(axes: Any, scores: Sequence[OpinionScores], *, several: bool) -> None:
    axes.plot([0, 1], [0, 1], color=_GREY, lw=0.8, ls=":")
    for number, (name, curves) in enumerate(_lines(scores, several=several)):
        one = curves.reliability
        known = one.cases > 0
        size = 4 + 40 * one.cases[known] / one.cases.sum()
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(one.mean_probability[known], one.frequency[known], color=colour, lw=1.0, label=name)
        axes.scatter(one.mean_probability[known], one.frequency[known], s=size, color=colour)
    _square(axes, "probability that was said", "share of cases in which it is so")
    _legend(axes, "upper left")


def _said(axes: Any, result: ClassifierResult) -> None:
    """Probability of each case by its truth; cases side by side, so that none hides another."""
    said, names = result.opinions[0].probability[:, 1], [_short(name) for name in result.classes]
    for index in range(len(names)):
        own = np.sort(said[result.truth == index])
        beside = index + 0.7 * (np.arange(len(own)) / max(len(own) - 1, 1) - 0.5)
        axes.scatter(beside, own, s=9, color=COLOURS[1 - index], alpha=0.8, lw=0)
    axes.axhline(0.5, color=_GREY, lw=0.8, ls=":")
    axes.set_xticks(range(len(names)), names, fontsize=9)
    axes.set_ylim(-0.02, 1.02)
    axes.set_ylabel(f"probability of {names[1]}", fontsize=9)
    axes.set_xlabel("truth", fontsize=9)
