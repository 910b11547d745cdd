"""What the Diagnosis dock says of what a classifier said."""

from collections.abc import Iterable, Mapping, Sequence

from napari_bonemet.diagnose.diagnosis import LESION, NO_LESION, UNLIKE, VERDICT_AT
from napari_bonemet.diagnose.together.futures import NextWeek
from napari_bonemet.widgets.diagnosis.said import Diagnosed, week_words

__all__ = [
    "COLUMNS",
    "RULE",
    "as_number",
    "forecast_line",
    "model_line",
    "rows",
    "strange_line",
    "verdict_words",
]

COLUMNS = ("Week", "Lesion", "Verdict", "Slice", "Records")
RULE = (
    f"{LESION}: a probability of {VERDICT_AT} or more. A week's is never below that of any of its slices, "
    "and above the highest where slices show different signs."
)
# No room for more in a table of five columns.
_SHORT = {LESION: "lesion", NO_LESION: "none", UNLIKE: "unlike"}


def verdict_words(volume: Diagnosed) -> str:
    """The verdict in a word."""
    return _SHORT[volume.diagnosis.verdict]


def as_number(probability: float) -> str:
    """Two digits; never rounded to a certainty, which no network has."""
    if probability < 0.005:
        return "< 0.01"
    return "> 0.99" if probability >= 0.995 else f"{probability:.2f}"


def rows(volumes: Iterable[Diagnosed], labels: Mapping[float, bool] | None = None) -> list[list[str]]:
    """The table of the dock: week, probability of a lesion, verdict, slice, and what the records say.

    Parameters
    ----------
    volumes : iterable of Diagnosed
        Weeks, and a forecast.
    labels : mapping of week to bool, optional
        Whether the records name a lesion.
    """
    known = labels or {}
    return [
        [
            volume.title.removeprefix("week ").replace(", predicted", " pred."),
            as_number(volume.diagnosis.probability),
            verdict_words(volume),
            f"{volume.slice_index}",
            {True: "lesion", False: "none", None: "–"}[known.get(volume.week) if volume.week is not None else None],
        ]
        for volume in volumes
    ]


def forecast_line(volumes: Sequence[Diagnosed]) -> str:
    """What the forecast says, with the range over its samples; empty where there is no forecast."""
    predicted = next((volume for volume in volumes if volume.predicted), None)
    if predicted is None:
        return ""
    text = f"Predicted {week_words(predicted.week)}: {as_number(predicted.diagnosis.probability)}"
    if not predicted.samples:
        return f"{text}, of one future."
    mean = as_number(NextWeek(predicted.samples).probability)
    each = [sample.probability for sample in predicted.samples]
    lesions = sum(sample.lesion for sample in predicted.samples)
    return (
        f"{text} of their mean; {mean} over the samples ({as_number(min(each))} to "
        f"{as_number(max(each))}), {LESION} in {lesions} of {len(each)}. Model samples, not confidence."
    )


def strange_line(volumes: Sequence[Diagnosed]) -> str:
    """Which weeks are unlike what the network learned from; empty where none is."""
    strange = [volume.title for volume in volumes if volume.diagnosis.unlike]
    if not strange:
        return ""
    return (
        f"{', '.join(strange)}: {UNLIKE} (another scanner, voxel size, bone or greys). "
        "There is no verdict, and the probability is worth nothing."
    )


def model_line(volume: Diagnosed) -> str:
    """Which network it was, what it learned from, and what it is for."""
    said = volume.diagnosis
    stranger = " It never saw a real bone." if said.trained_on_synthetic and not said.synthetic else ""
    return f"{said.model}: {said.note.rstrip('.')}.{stranger} This is no diagnosis of an animal or a person."
