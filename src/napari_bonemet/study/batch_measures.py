"""Measures in a batch: of each leg where it is done, and of all of them at the end."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_bonemet.io.atomic import write_table
from napari_bonemet.io.records import Records
from napari_bonemet.morphometry.cohort.leg_week import LegWeek
from napari_bonemet.morphometry.cohort.weekly import weekly_table
from napari_bonemet.morphometry.measure import MeasureOptions
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Side
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.batch_job import LegJob
from napari_bonemet.study.measure_legs import measure_leg
from napari_bonemet.study.measuring import CohortMeasures, Joined, compare_cohort, join_records
from napari_bonemet.study.write_measures import write_cohort_measures

__all__ = ["join_planned", "measure_into", "measures_of", "write_batch_measures"]

# In a leg's folder its table; in the batch's, the cohort's tables, plots and report.
TABLE, FOLDER = "measures.csv", "measures"


@dataclass(frozen=True)
class _Planned:
    """A scan that a batch is going to read."""

    subject: str | None
    side: Side | None
    part: str
    week: float
    leg: str

    @property
    def title(self) -> str:
        return f"{self.leg}, week {self.week:g}"


def join_planned(jobs: Sequence[LegJob], records: Records | None, by: str | None = None) -> Joined:
    """The rows of all legs of a batch, before any is begun.

    Raises
    ------
    InputError
        When the records do not fit.
    """
    files = [job.files for job in jobs]
    planned = [_Planned(one.subject, one.side, one.part, week, one.leg) for one in files for week, _ in one.weeks]
    return join_records(planned, records, by)


def measure_into(
    series: ScanSeries, options: MeasureOptions, folder: Path, progress: Progress = NO_PROGRESS
) -> list[dict[str, Any]]:
    """Measure the weeks of a leg, write its table into `folder`, and give what its record keeps of them.

    Raises
    ------
    InputError
        When the leg cannot be measured.
    """
    rows = measure_leg(series, options, progress)
    write_table(folder / TABLE, [*weekly_table(rows).as_rows()])
    return [row.as_record() for row in rows]


def measures_of(records: Iterable[dict[str, Any] | None]) -> Iterator[LegWeek]:
    """What the records of legs keep of their measures."""
    for record in records:
        for row in (record or {}).get("summary", {}).get("measures") or ():
            yield LegWeek.from_record(row)


def write_batch_measures(
    rows: Sequence[LegWeek],
    out: Path,
    options: MeasureOptions,
    joined: Joined,
    *,
    overwrite: bool,
    progress: Progress = NO_PROGRESS,
) -> tuple[CohortMeasures, tuple[str, ...]]:
    """Compare the legs of a batch, and write the cohort's tables, plots and report into ``out/measures``.

    What a start before this one wrote there is replaced: it was of fewer legs.

    Raises
    ------
    InputError
        When that folder holds something else.
    OutputError
        When the disk refuses.
    """
    cohort = compare_cohort(rows, joined)
    title = f"Bone measures of {out.resolve().name}"
    said = write_cohort_measures(
        cohort, out / FOLDER, options=options, title=title, overwrite=overwrite, progress=progress
    )
    return cohort, said
