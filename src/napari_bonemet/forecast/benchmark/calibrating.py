"""Each row's calibration: fitted on the validation animals, kept beside the row, held to unseen animals."""

import json
from collections.abc import Iterator

from napari_bonemet.forecast.benchmark.fitting import Row
from napari_bonemet.forecast.benchmark.scoring import Scoring, draw
from napari_bonemet.forecast.benchmark.store import Cohort
from napari_bonemet.forecast.calibration import Calibration
from napari_bonemet.forecast.calibration_options import CalibrationOptions
from napari_bonemet.forecast.forecaster import Forecast, Forecaster
from napari_bonemet.progress import PartOf, Progress

CALIBRATION = "calibration.json"


def calibration_of(row: Row, model: Forecaster, validation: Cohort, how: Scoring, progress: Progress) -> Calibration:
    """The calibration of a row, fitted where it is not there.

    Raises
    ------
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop.
    """
    from napari_bonemet.io.atomic import write_json

    path = row.folder / CALIBRATION
    if path.is_file():
        return Calibration.from_record(json.loads(path.read_text(encoding="utf-8")))

    def forecasts() -> Iterator[Forecast]:
        for number, animal in enumerate(validation):
            part = PartOf(progress, number / len(validation), (number + 1) / len(validation))
            yield draw(model, animal, how, part)[0]

    made = Calibration.fit(
        forecasts(),
        (animal.truth for animal in validation),
        (animal.seen[-1] for animal in validation),
        options=CalibrationOptions(bone_threshold=how.bone_threshold),
    )
    write_json(path, made.as_record())
    return made
