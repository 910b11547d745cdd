"""What the bone quality box runs beside the screen, and its words."""

from typing import Any

import numpy as np

from napari_bonemet.bone_quality import UNKNOWN, Involvement, Quality
from napari_bonemet.diagnose.quality.diagnosis import QualityDiagnosis
from napari_bonemet.diagnose.registry import load_quality_classifier
from napari_bonemet.progress import Progress
from napari_bonemet.scan import Scan
from napari_bonemet.study.device import choose_device
from napari_bonemet.widgets.diagnosis.plot import colour_of
from napari_bonemet.widgets.diagnosis.run import DiagnosisOptions

__all__ = ["COLUMNS", "legend", "rows_of", "segments_of", "tell_quality", "words_of"]

COLUMNS = ("Vertebra", "Slices", "Quality", "Involved")


def tell_quality(
    scan: Scan, segment: np.ndarray | None, options: DiagnosisOptions, progress: Progress
) -> QualityDiagnosis:
    """Ask the bone quality network.

    Raises
    ------
    InputError
        When the network is not there, the values are no Hounsfield units, or no slice shows bone.
    """
    progress.message("loading the network")
    classifier = load_quality_classifier(device=choose_device(options.device))
    return classifier.classify(scan.in_memory(), segment=segment, progress=progress)


def segments_of(labels: Any) -> np.ndarray:
    """Which vertebra each slice belongs to, (z,): the label that most of its voxels have; 0 where there is none."""
    numbers = []
    for plane in np.asarray(labels):
        values, counts = np.unique(plane[plane > 0], return_counts=True)
        numbers.append(int(values[counts.argmax()]) if len(values) else 0)
    return np.asarray(numbers, dtype=np.int64)


def rows_of(said: QualityDiagnosis) -> list[list[str]]:
    """A row per vertebra: its number, its slices, its class by their votes, which sides are involved."""
    rows = []
    for number, quality in said.verdict.items():
        own = said.slices[said.segment == number]
        sides = said.involvement_of(number)
        involved = "–" if sides == UNKNOWN else Involvement(sides).word
        rows.append([str(number) if number else "whole scan", f"{own[0]}–{own[-1]}", quality.word, involved])
    return rows


def legend() -> str:
    """Which curve is which, as rich text."""
    return "&nbsp; ".join(f"<span style='color:{colour_of(each)}'>■</span> {each.word}" for each in Quality)


def words_of(said: QualityDiagnosis) -> str:
    """How many slices of each class, what the network learned from, and what it is for."""
    counts = {each.word: int(np.count_nonzero(said.quality == each)) for each in Quality}
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    stranger = " It never saw a real vertebra." if said.trained_on_synthetic and not said.synthetic else ""
    return f"Slices: {told}. {said.note.rstrip('.')}.{stranger} This is no diagnosis of a person."
