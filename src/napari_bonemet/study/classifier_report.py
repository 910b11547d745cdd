"""The report of a classifier on disk: a page, the table of what was said, and the figures for programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from napari_bonemet.diagnose.report.card import ModelCard
from napari_bonemet.diagnose.report.page import page_of_result
from napari_bonemet.diagnose.report.result import ClassifierResult
from napari_bonemet.diagnose.report.scores import OpinionScores, scores_of
from napari_bonemet.io.atomic import atomic_file, write_json, write_table
from napari_bonemet.provenance import Json, __version__

PAGE, ROWS, SCORES = "report.html", "predictions.csv", "scores.json"


@dataclass(frozen=True)
class WrittenReport:
    """A report.

    Parameters
    ----------
    page, rows, scores : Path
        The HTML page, the table of cases, the figures as JSON.
    opinions : tuple of OpinionScores
        What they say.
    """

    page: Path
    rows: Path
    scores: Path
    opinions: tuple[OpinionScores, ...]


def write_report(
    result: ClassifierResult,
    folder: str | Path,
    *,
    title: str,
    card: ModelCard | None = None,
    settings: Mapping[str, Json] | None = None,
) -> WrittenReport:
    """Score a result and write its report.

    Parameters
    ----------
    result : ClassifierResult
        Any classifier's.
    folder : path
        Made where missing; reports in it are replaced.
    title : str
        Of the page.
    card : ModelCard, optional
        Of the classifier.
    settings : mapping, optional
        The recipe, plain JSON values.

    Raises
    ------
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.figures.classifier import classifier_figures

    home = Path(folder)
    opinions = scores_of(result)
    figures = classifier_figures(result, opinions)
    page = page_of_result(result, opinions, figures, title=title, card=card, settings=settings)
    with atomic_file(home / PAGE) as temporary:
        temporary.write_text(page, encoding="utf-8")
    write_table(home / ROWS, result.rows())
    record: dict[str, Json] = {
        "task": result.task,
        "network": result.network,
        "classes": list(result.classes),
        "cases": len(result.cases),
        "animals": len(set(result.animals)),
        "protocol": result.protocol,
        "synthetic": result.synthetic,
        "trained_on_synthetic": result.trained_on_synthetic,
        "opinions": [each.as_record() for each in opinions],
        "settings": dict(settings or {}),
        "version": __version__,
    }
    write_json(home / SCORES, record)
    return WrittenReport(home / PAGE, home / ROWS, home / SCORES, opinions)
