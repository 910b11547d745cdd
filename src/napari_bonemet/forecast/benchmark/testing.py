"""A row on a cohort of unseen animals: one JSON file per animal, so that a killed run goes on where it stopped."""

import json
from typing import Any

from napari_bonemet.forecast.benchmark.fitting import Row
from napari_bonemet.forecast.benchmark.scoring import Scoring, score_animal
from napari_bonemet.forecast.benchmark.store import Cohort
from napari_bonemet.forecast.forecaster import Forecaster
from napari_bonemet.io.names import safe_name
from napari_bonemet.progress import PartOf, Progress

SCORES = "scores"


def score_row(
    row: Row, model: Forecaster, cohort: Cohort, test: str, how: Scoring, *, progress: Progress
) -> list[dict[str, Any]]:
    """The scores of every animal of the cohort; those that are there are read.

    Parameters
    ----------
    row : Row
        Where the scores are kept, in a folder for each test.
    model : Forecaster
        The row's.
    cohort : Cohort
        Unseen animals.
    test : str
        Name of the cohort.
    how : Scoring
        How many samples, and by what calibration.

    Raises
    ------
    InputError
        When the forecaster cannot forecast from these weeks.
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop; what is scored stays.
    """
    from napari_bonemet.io.atomic import write_json

    folder, scores = row.folder / SCORES / test, []
    for number, name in enumerate(cohort.source.names):
        progress.message(f"{row.title}, {test}: scoring {name} ({number + 1} of {len(cohort)})")
        part = PartOf(progress, number / len(cohort), (number + 1) / len(cohort))
        path = folder / f"{safe_name(name)}.json"
        if not path.is_file():
            write_json(path, score_animal(model, cohort.animal(name), how, part))
        scores.append(json.loads(path.read_text(encoding="utf-8")))
        part.advance(1.0)
    return scores
