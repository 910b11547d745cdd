"""Measures in a batch: kept in each leg's record, and put together at the end, legs of earlier starts too."""

import csv
from pathlib import Path

import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.io.records import read_records
from napari_bonemet.io.registry import read_scan
from napari_bonemet.io.sidecar import read_json
from napari_bonemet.morphometry.cohort.leg_week import LegWeek
from napari_bonemet.morphometry.masks.compartments import CompartmentOptions
from napari_bonemet.morphometry.measure import MeasureOptions, measure_series
from napari_bonemet.phantom.cohort import Cohort, CohortOptions, write_cohort
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.batch import BatchOptions, jobs_in
from napari_bonemet.study.batch_leg import do_leg
from napari_bonemet.study.batch_measures import join_planned, measures_of, write_batch_measures
from napari_bonemet.study.common import seen_in_every_week

SMALL = LegOptions(shape=(24, 50, 50), spacing_um=60.0, weeks=(0, 2))
OPTIONS = BatchOptions(
    measures=True, composites=False, measuring=MeasureOptions(compartments=CompartmentOptions(bone_threshold=80))
)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    return write_cohort(tmp_path_factory.mktemp("cohort"), CohortOptions(controls=1, tumours=1, leg=SMALL))


def test_each_leg_keeps_its_measures_and_all_are_put_together(cohort: Cohort, tmp_path: Path) -> None:
    out = tmp_path / "out"
    jobs = jobs_in(cohort.scans, out, OPTIONS)
    records = [do_leg(job).record for job in jobs]
    rows = list(measures_of(records))
    assert [(row.animal, row.week) for row in rows] == [
        (animal, week) for animal in ("synthetic-0c1", "synthetic-0t1") for week in (0, 2)
    ]
    written = ScanSeries(tuple(read_scan(jobs[1].folder / f"week {week}") for week in (0, 2)))
    seen = seen_in_every_week(written, 80)
    known = [LegWeek.of(each) for each in measure_series(seen, options=OPTIONS.measuring)]
    for row, each in zip(rows[2:], known, strict=True):
        assert row.values == pytest.approx(dict(each.values))
    # Found done by a second start, they are the same.
    again = [do_leg(job) for job in jobs]
    assert all(done.again for done in again)
    assert list(measures_of(done.record for done in again)) == rows
    assert LegWeek.from_record(read_json(jobs[0].folder / "job.json")["summary"]["measures"][0]) == rows[0]

    joined = join_planned(jobs, read_records(cohort.records))
    made, _ = write_batch_measures(rows, out, OPTIONS.measuring, joined, overwrite=False)
    assert made.table.groups == ("no tumour", "tumour")
    with (out / "measures" / "measures.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["group"] for row in table] == [*["no tumour"] * 2, *["tumour"] * 2]
    assert read_json(out / "measures" / "measures.json")["options"]["compartments"]["bone_threshold"] == 80


def test_without_measures_nothing_is_measured(cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = jobs_in(cohort.scans, tmp_path / "out", BatchOptions(composites=False))[0]
    record = do_leg(job).record
    assert list(measures_of([record, None])) == []
    assert not (job.folder / "measures.csv").exists()


def test_records_of_others_are_told_before_anything_is_begun(cohort: Cohort, tmp_path: Path) -> None:
    (tmp_path / "mice.csv").write_text("Mouse,Week\n9,0\n")
    jobs = jobs_in(cohort.scans, tmp_path / "out", OPTIONS)
    with pytest.raises(InputError, match="no row of any animal"):
        join_planned(jobs, read_records(tmp_path / "mice.csv"))
