"""Labelled slices of synthetic patients, without a way over the disk."""

from collections.abc import Iterable

import numpy as np

from napari_bonemet.diagnose.quality.cropping import squares_of
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.slices import LabelledSlices
from napari_bonemet.phantom.vertebra.options import SpineOptions
from napari_bonemet.phantom.vertebra.spine import SyntheticSpine, make_spine
from napari_bonemet.progress import NO_PROGRESS, Progress


def slices_of_spine(spine: SyntheticSpine, options: QualityOptions) -> LabelledSlices:
    """The slices of a patient that lie in a vertebra, discs left out."""
    at = np.flatnonzero(spine.vertebra)
    subject = spine.options.subject
    segment = np.array([f"{subject} {number}" for number in spine.vertebra[at]])
    numbers = sorted(set(spine.vertebra[at].tolist()))
    return LabelledSlices(
        squares=squares_of(spine.scan, options, at),
        quality=spine.quality[at],
        involvement=spine.involvement[at],
        patient=np.full(len(at), subject),
        segment=segment,
        segment_quality={f"{subject} {number}": int(spine.vertebra_quality(number)) for number in numbers},
    )


def slices_of_patients(
    patients: Iterable[SpineOptions], options: QualityOptions, progress: Progress = NO_PROGRESS
) -> LabelledSlices:
    """The slices of many patients."""
    everyone = list(patients)
    made = []
    for number, patient in enumerate(everyone):
        progress.check()
        made.append(slices_of_spine(make_spine(patient), options))
        progress.advance((number + 1) / len(everyone))
    return LabelledSlices.together(made)


def mislabelled(slices: LabelledSlices, share: float, rng: np.random.Generator) -> LabelledSlices:
    """The slices with a share of their labels of quality drawn anew, as where readers err (section 2.2)."""
    wrong = rng.random(len(slices)) < share
    quality = np.where(wrong, rng.integers(0, 4, len(slices)), slices.quality)
    return LabelledSlices(
        slices.squares, quality, slices.involvement, slices.patient, slices.segment, dict(slices.segment_quality)
    )
