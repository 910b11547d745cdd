"""Which lesions the Annotate dock points at: those of the week seen, or of the forecast held to the true week."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.figures.marks import SliceArrow, arrows_on_lesions
from napari_bonemet.io.composite_codes import LOST
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.morphometry.change.remodelling import codes_of
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.futures_drawn import BONE_THRESHOLD
from napari_bonemet.widgets.futures_run import weeks_beside

__all__ = ["Lost", "lost_on"]


@dataclass(frozen=True, eq=False)
class Lost:
    """Lost bone that can be pointed at.

    Parameters
    ----------
    scan : Scan
        What it is seen on.
    words : str
        What is pointed at.
    last : Scan or None
        What newly lost bone is counted from; None where `labels` say it.
    labels : ndarray of bool or None
        Lesions that were found already.
    truth : Scan or None
        The week as it came, where `scan` is a forecast.
    """

    scan: Scan
    words: str
    last: Scan | None = None
    labels: np.ndarray | None = None
    truth: Scan | None = None

    def arrows(self, index: int | None, progress: Progress = NO_PROGRESS) -> tuple[SliceArrow, ...]:
        """Arrows on one slice, or on all."""
        lost, hits = self.labels, None
        if self.last is not None:
            progress.message("finding lost bone")
            bone = self.last.to_numpy() > BONE_THRESHOLD
            lost = newly_lost_bone(self.scan.to_numpy() > BONE_THRESHOLD, bone, opening=1)
            if self.truth is not None:
                hits = newly_lost_bone(self.truth.to_numpy() > BONE_THRESHOLD, bone, opening=1)
        if lost is None:
            return ()
        progress.message("placing arrows")
        slices = None if index is None else [index]
        return arrows_on_lesions(self.scan, lost, hits=hits, slices=slices, progress=progress)


def lost_on(desk: Desk) -> Lost:
    """What can be pointed at: the futures if they are looked at, else the lesions or lost bone of the week.

    Raises
    ------
    InputError
        When there is nothing of the kind.
    """
    series, forecast = desk.working, desk.forecast
    if forecast is not None and desk.ahead and series is not None:
        weeks = weeks_beside(series, forecast)
        truth = weeks.at_week(forecast.week) if forecast.week in weeks.weeks else None
        many = len(forecast.samples)
        of = f"the mean of {many} samples" if many > 1 else "the forecast"
        words = f"blue where {of} is right, red where it is wrong" if truth else f"what {of} loses"
        return Lost(forecast.mean, words, last=weeks.until(forecast.week)[-1], truth=truth)
    week = desk.week
    if series is None or week is None or week not in series.weeks or week == series.baseline.week:
        raise InputError(
            "There are no lesions to point at",
            expected="registered weeks, and a week after the first on the canvas",
            found="no registered weeks" if series is None else f"week {week:g}" if week is not None else "no week",
            remedy="Register the weeks, and turn to a later one or to the future",
        )
    scan = series.at_week(week)
    if desk.lesions is not None and week in desk.lesions.labels:
        labels = desk.lesions.labels[week]
        if labels.grid.matches(scan.grid):
            return Lost(scan, "the lesions of Measures", labels=labels.to_numpy() > 0)
    composite = desk.composites.get(week)
    if composite is not None and composite.scan.grid.matches(scan.grid):
        return Lost(scan, "bone lost in the composite", labels=codes_of(composite.scan) == LOST)
    return Lost(scan, f"bone lost since week {series.baseline.week:g}", last=series.baseline)
