"""The first baseline: next week looks like this week."""

from dataclasses import dataclass
from typing import ClassVar

from napari_bonemet.forecast.forecaster import DETERMINISTIC, Forecast, as_future, before, summarise
from napari_bonemet.forecast.registry import forecaster
from napari_bonemet.progress import NO_PROGRESS, Progress, report
from napari_bonemet.provenance import Step
from napari_bonemet.series import ScanSeries


@forecaster("copy-last-week")
@dataclass(frozen=True)
class CopyLastWeek:
    """The last seen week, unchanged, whatever the gap. Every model must beat it.

    Parameters
    ----------
    bone_threshold : float
        Bone is above this grey value.
    """

    name: ClassVar[str] = "copy-last-week"
    deterministic: ClassVar[bool] = True

    bone_threshold: float = 75.0

    def predict(
        self, seen: ScanSeries, week: float, *, samples: int = 1, seed: int = 0, progress: Progress = NO_PROGRESS
    ) -> Forecast:
        """Copy the last scan before `week`; one sample, however many are asked for.

        Raises
        ------
        InputError
            When there is no scan before `week`, or the weeks are no greys on one grid.
        """
        progress.check()
        last = before(seen, week)[-1]
        step = Step("forecast", {"model": self.name, "from_week": last.week, "week": week})
        sample = as_future(last, last.to_numpy().copy(), week, step)
        report(progress, sample)
        forecast = summarise(
            [sample], week=week, model=self.name, seed=seed, bone_threshold=self.bone_threshold, note=_note(samples)
        )
        progress.advance(1.0)
        return forecast


def _note(samples: int) -> str:
    return f"{DETERMINISTIC} ({samples} were asked for)" if samples > 1 else DETERMINISTIC
