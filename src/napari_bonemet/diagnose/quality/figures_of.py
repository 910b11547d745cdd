"""How a trained network does on patients that it never saw: slices, vertebrae and involvement."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_bonemet.bone_quality import Involvement, Quality
from napari_bonemet.diagnose.quality.scores import balanced_sensitivity, class_scores, confusion
from napari_bonemet.diagnose.quality.slices import LabelledSlices
from napari_bonemet.diagnose.quality.training import Opinion, opinion_of
from napari_bonemet.diagnose.quality.voting import choose_threshold, vote_all
from napari_bonemet.provenance import Json


def threshold_of(network: Any, validation: LabelledSlices, device: str = "cpu") -> int:
    """The votes that a lesion needs, chosen on the patients of `validation`."""
    said = opinion_of(network, validation.squares, device)
    if said.probability is None:
        return 0
    return choose_threshold(said.quality, said.probability, validation.segment, validation.segment_quality)


def figures_of(network: Any, slices: LabelledSlices, threshold: int, device: str = "cpu") -> dict[str, Json]:
    """Sensitivity and specificity of each class, and how often which was taken for which.

    Parameters
    ----------
    network : torch.nn.Module
        In its eval mode.
    slices : LabelledSlices
        Of patients that it did not learn from.
    threshold : int
        Votes that a lesion needs.

    Returns
    -------
    mapping
        "slices" and "segments" (tables 1 and 4, figure 3) where it learned quality, "involvement" (table 2) where it
        learned that; plain JSON values.
    """
    said = opinion_of(network, slices.squares, device)
    found: dict[str, Json] = {"patients": len(slices.patients), "count": len(slices), "vote_threshold": threshold}
    if said.probability is not None:
        found["slices"] = _scored(said.quality, slices.quality)
        found["segments"] = _segments(said, slices, threshold)
    if said.involvement is not None and (slices.involvement >= 0).any():
        scores = class_scores(said.involvement.argmax(axis=1), slices.involvement, Involvement)
        found["involvement"] = _rounded(scores)
    return found


def _segments(said: Opinion, slices: LabelledSlices, threshold: int) -> Json:
    votes = vote_all(said.quality, said.known, slices.segment, threshold)
    names = list(slices.segment_quality)
    verdict = np.array([int(votes[name]) for name in names])
    return _scored(verdict, np.array([slices.segment_quality[name] for name in names]))


def _scored(said: np.ndarray, true: np.ndarray) -> Json:
    return {
        **_rounded(class_scores(said, true, Quality)),
        "mean_sensitivity": round(balanced_sensitivity(said, true), 4),
        "confusion": confusion(said, true, Quality).tolist(),
        "count": len(true),
    }


def _rounded(scores: Mapping[str, float | None]) -> dict[str, Json]:
    return {name: None if score is None else round(score, 4) for name, score in scores.items()}
