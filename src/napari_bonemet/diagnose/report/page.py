"""The report of a classifier: one HTML page with its figures and tables in it, which can be sent as it is."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from napari_bonemet.diagnose.report.card import ModelCard
from napari_bonemet.diagnose.report.page_style import STYLE
from napari_bonemet.diagnose.report.page_tables import case_by_case, compared, confused, of_classes, over, rounded
from napari_bonemet.diagnose.report.result import ClassifierResult
from napari_bonemet.diagnose.report.scores import OpinionScores
from napari_bonemet.html_table import html_table
from napari_bonemet.provenance import __version__

__all__ = ["card_html", "page_of_result"]

_SYNTHETIC = "Synthetic data: the legs were made by a program, and say nothing of any animal."
_LEARNED = "The classifier learned from synthetic bone, made by a program."


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
    parts += [*_headline(result, scores[0]), *compared(result, scores), *_drawn(figures)]
    parts += [*confused(result, scores[0]), *of_classes(result, scores[0])]
    parts += [*over(result, scores, "fold"), *over(result, scores, "week")]
    parts += [*_notes(result), *([card_html(card)] if card else [])]
    parts += [*case_by_case(result), *_made(result, settings or {})]
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
            f"<div class='tile'><b>{rounded(found.value)}</b><span>{escape(words)}</span>"
            f"<small>95 % {rounded(found.low)} to {rounded(found.high)}</small></div>"
        )
    yield f"<section class='tiles'>{''.join(tiles)}</section>"


def _drawn(figures: Mapping[str, str]) -> Iterator[str]:
    if figures:
        yield "<h2>Curves</h2><section class='figures'>"
        for title, drawing in figures.items():
            yield f"<figure>{drawing}<figcaption>{escape(title)}</figcaption></figure>"
        yield "</section>"


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


def _made(result: ClassifierResult, settings: Mapping[str, object]) -> Iterator[str]:
    rows = [[name.replace("_", " "), _words(value)] for name, value in {**settings, **result.settings}.items()]
    if rows:
        yield f"<details><summary>Settings</summary>{html_table(['setting', 'value'], rows)}</details>"


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
