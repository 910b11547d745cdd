"""Legs of treated animals with what became of them: what the response classifier learns from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_bonemet.diagnose.response.bone_measures import BoneChange, bone_change
from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.diagnose.response.projections import pictures, project
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.training_record import generators
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Side
from napari_bonemet.series import ScanSeries


@dataclass(frozen=True, eq=False)
class ResponseCase:
    """One leg of a treated animal.

    Parameters
    ----------
    animal : str
        Whose leg.
    side : {"left", "right"} or None
        Which leg.
    responds : bool
        Whether the animal responded to the treatment.
    pictures : ndarray, (channels, weeks, rows, columns) float32
        What the network sees.
    bone : BoneChange
        What the baselines see.
    synthetic : bool
        Whether the generator made it.
    generator : tuple of str
        Versions of the generator that made it.
    """

    animal: str
    side: Side | None
    responds: bool
    pictures: np.ndarray
    bone: BoneChange
    synthetic: bool
    generator: tuple[str, ...] = ()


def case_of(
    series: ScanSeries, responds: bool, options: ResponseOptions, *, progress: Progress = NO_PROGRESS
) -> ResponseCase:
    """A leg as the classifier and the baselines see it; errors as :func:`project`."""
    chosen = series.select(options.weeks)
    seen = project(chosen, options, progress=PartOf(progress, 0.0, 0.5))
    return ResponseCase(
        animal=chosen.baseline.subject or "unnamed",
        side=chosen.baseline.side,
        responds=bool(responds),
        pictures=pictures(seen, options),
        bone=bone_change(chosen, options.bone_threshold, progress=PartOf(progress, 0.5, 1.0)),
        synthetic=chosen.synthetic,
        generator=tuple(str(version) for version in generators(chosen)),
    )


def cases_of(
    legs: Sequence[ScanSeries],
    responds: Sequence[bool],
    options: ResponseOptions,
    *,
    progress: Progress = NO_PROGRESS,
) -> tuple[ResponseCase, ...]:
    """Legs as the classifier sees them, one after another.

    Raises
    ------
    InputError
        When an answer is missing, or a leg cannot be used.
    """
    if len(legs) != len(responds):
        raise InputError("Every leg needs its response", found=f"{len(legs)} legs and {len(responds)} responses")
    made = []
    for number, (leg, answer) in enumerate(zip(legs, responds, strict=True)):
        progress.message(f"projecting {leg.leg}")
        part = PartOf(progress, number / len(legs), (number + 1) / len(legs))
        made.append(case_of(leg, answer, options, progress=part))
    return tuple(made)


def require_both(cases: Sequence[ResponseCase], purpose: str) -> None:
    """Raise InputError unless some respond and some do not."""
    yes = sum(case.responds for case in cases)
    if not 0 < yes < len(cases):
        raise InputError(
            f"There is not enough to {purpose}",
            expected="legs of animals that responded and of animals that did not",
            found=f"{yes} and {len(cases) - yes}",
        )
