"""What came out for one leg, in plain words: bone that its futures lose, and the diagnosis of each week."""

from collections.abc import Iterator

from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.study.leg import LegStudy


def in_words(study: LegStudy) -> Iterator[str]:
    """Sentences for the terminal."""
    if study.forecast is not None and study.lost_mm3:
        yield _futures(study, study.forecast)
    if study.diagnoses:
        first = study.diagnoses[0]
        chances = ", ".join(
            f"{as_share(each.probability)} in week {week:g}"
            for week, each in zip(study.common.weeks, study.diagnoses, strict=True)
        )
        learned = "trained on synthetic legs, " if first.trained_on_synthetic else ""
        yield f"{study.leg}: probability of a lesion {chances} ({first.model}, {learned}research use)."


def as_share(probability: float) -> str:
    """A probability in percent; never rounded to a certainty, which no classifier has."""
    if probability < 0.005:
        return "under 1 %"
    return "over 99 %" if probability >= 0.995 else f"{100 * probability:.0f} %"


def _futures(study: LegStudy, forecast: Forecast) -> str:
    low, high, last = min(study.lost_mm3), max(study.lost_mm3), study.common.until(forecast.week).weeks[-1]
    count = len(study.lost_mm3)
    amount = f"{low:.3f}" if count == 1 else f"{low:.3f} to {high:.3f}"
    who = f"1 future by {forecast.model} loses" if count == 1 else f"{count} futures by {forecast.model} lose"
    truth = "the true week is not there"
    if study.scores is not None:
        truth = f"the true week lost {study.scores.true_lost_mm3:.3f} mm³"
    thick = 2 * study.options.figure.lesion_opening + 1
    counted = f", counting pieces {thick} voxels thick or more" if thick > 1 else ""
    return (
        f"{study.leg}, week {forecast.week:g}: {who} {amount} mm³ of bone since week {last:g}{counted}; {truth}. "
        "Predicted, research use."
    )
