"""What the lesion list runs beside the screen: lesions found, and followed through the weeks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.change.lesion_history import FollowedLesion, LesionHistory
from napari_bonemet.morphometry.change.lesions import LesionOptions
from napari_bonemet.morphometry.change.remodelling import Remodelling
from napari_bonemet.morphometry.masks.compartments import compartments_from_labels
from napari_bonemet.morphometry.measure import MeasureOptions
from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.remodelling import LegRemodelling, RemodelOptions, remodel_leg
from napari_bonemet.widgets.looks import prepare_labels
from napari_bonemet.widgets.measures_lesion_list import LesionLine, Seen

__all__ = ["LegLesions", "find_in", "lines_of", "remodelling_as", "require_weeks"]


@dataclass(frozen=True, eq=False)
class LegLesions:
    """The lesions of a leg over its weeks.

    Parameters
    ----------
    weeks : tuple of float
        The weeks that were looked at, the first one to compare with.
    lesions : tuple of LesionLine
        By number.
    labels : mapping of float to Scan
        Week to the lesions' numbers, voxel by voxel.
    position_from : str
        Where positions along the bone are counted from.
    remodelling : tuple of Remodelling
        Of each later week since the first.
    tables : mapping of str to list of dict
        "lesions", a row per lesion and week, and "remodelling", a row per week; for CSV files.
    notes : tuple of str
        What to look at, in words.
    """

    weeks: tuple[float, ...]
    lesions: tuple[LesionLine, ...]
    labels: Mapping[float, Scan] = field(default_factory=dict)
    position_from: str = "first slice"
    remodelling: tuple[Remodelling, ...] = ()
    tables: Mapping[str, list[dict[str, object]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def require_weeks(series: ScanSeries | None) -> ScanSeries:
    """The registered weeks, where there are two or more.

    Raises
    ------
    InputError
        When there are not.
    """
    if series is None:
        raise InputError("Lesions are bone lost from one week to another", remedy="Register the weeks first")
    if len(series) < 2:
        raise InputError(
            f"Lesions are bone lost from one week to another, and {series.leg} has one",
            expected="two weeks or more",
            found=f"week {series.weeks[0]:g} alone",
        )
    return series


def find_in(
    series: ScanSeries,
    options: MeasureOptions,
    labels: np.ndarray | None = None,
    progress: Progress = NO_PROGRESS,
) -> LegLesions:
    """Find the lesions of every week since the first, and follow them.

    Parameters
    ----------
    series : ScanSeries
        Registered weeks.
    options : MeasureOptions
        How compartments are found, and what is bone.
    labels : ndarray of uint8, (z, y, x), optional
        Compartments of the first week, where they are known.

    Raises
    ------
    InputError
        When the weeks cannot be compared, or the first shows no bone.
    """
    parts = None
    if labels is not None:
        parts = compartments_from_labels(labels, series.baseline, options=options.compartments)
    made = remodel_leg(
        series, options=remodelling_as(options), compartments=parts, progress=PartOf(progress, 0.0, 0.95)
    )
    prepare_labels()
    return _told(made)


def remodelling_as(options: MeasureOptions) -> RemodelOptions:
    """Remodelling and lesions since the first week, with the threshold and compartments that bone is measured with."""
    threshold = options.compartments.bone_threshold
    return RemodelOptions(
        pairs="baseline",
        compartments=options.compartments,
        composite=CompositeOptions(bone_threshold=threshold),
        lesions=LesionOptions(bone_threshold=threshold),
    )


def _told(made: LegRemodelling) -> LegLesions:
    history = made.history
    return LegLesions(
        made.series.weeks,
        lines_of(history),
        dict(history.labels),
        history.position_from,
        made.remodelling,
        {"lesions": made.lesion_rows(), "remodelling": made.remodelling_rows()},
        made.notes,
    )


def lines_of(history: LesionHistory) -> tuple[LesionLine, ...]:
    """The list of followed lesions, by number."""
    return tuple(LesionLine(lesion.number, _weeks(lesion), _note(lesion)) for lesion in history.lesions)


def _weeks(followed: FollowedLesion) -> dict[float, Seen]:
    return {
        entry.week: Seen(
            entry.lesion.volume_mm3,
            entry.lesion.centre_um,
            entry.lesion.position_um * 1e-3,
            entry.growth_mm3,
            len(entry.lesion.perforations),
            entry.lesion.perforated_mm2,
        )
        for entry in followed.weeks
    }


def _note(followed: FollowedLesion) -> str:
    """What became of it, where that is more than growing."""
    plain = ("new", "grew", "did not grow")
    events = [f"{entry.event} in week {entry.week:g}" for entry in followed.weeks if entry.event not in plain]
    gone = [] if followed.fate.startswith("there") else [followed.fate]
    return "; ".join([*events, *gone])
