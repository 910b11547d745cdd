"""Many legs on Dask: bit for bit the same however often workers die and the batch is stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.io.sidecar import read_json
from napari_bonemet.phantom.cohort import CohortOptions, write_cohort
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.register import RegistrationOptions
from napari_bonemet.study import batch_leg
from napari_bonemet.study.batch import BatchOptions, BatchResult, jobs_in, run_batch
from napari_bonemet.study.batch_job import LegJob
from napari_bonemet.study.batch_leg import do_leg
from napari_bonemet.study.options import StudyOptions

LEGS = 5
SMALL = LegOptions(
    shape=(16, 36, 36), spacing_um=60.0, weeks=(0, 1), pose_degrees=2.0, turn_degrees=4.0, pose_voxels=1.0
)
QUICK = RegistrationOptions(levels=1, iterations=10, sampling=5000, azimuths=8, starts=1)
OPTIONS = BatchOptions(study=StudyOptions(registration=QUICK))
FLAGS = ["--levels", "1", "--iterations", "10", "--sampling", "5000", "--azimuths", "8", "--starts", "1"]


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cohort")
    made = write_cohort(home, CohortOptions(controls=2, tumours=3, component="Seg-CT", leg=SMALL))
    return made.scans


@pytest.fixture(scope="module")
def alone(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every leg done here, without Dask, never interrupted: what a batch has to come to."""
    out = tmp_path_factory.mktemp("alone") / "out"
    for job in jobs_in(scans, out, OPTIONS):
        assert not do_leg(job).again
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def results(out: Path) -> dict[str, bytes]:
    """All that a batch wrote into the folders of its legs, hidden leftovers included."""
    return {name: data for name, data in contents(out).items() if os.sep in name}


def until(happened: Callable[[], object], seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def done(out: Path) -> dict[str, int]:
    """The legs that are done; a folder that was made again has another number."""
    return {place.parent.name: place.parent.stat().st_ino for place in out.glob("[!.]*/job.json")}


def worker_at_work(out: Path) -> int:
    """The process that writes a leg just now, from the hidden name of its folder; the leg is well under way."""
    for place in (found.parent for found in out.glob(".*tibia.tmp-*/week 0*")):
        return int(place.name.split("-")[-2])
    return 0


def test_workers_may_die_and_the_batch_may_be_stopped(scans: Path, alone: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [sys.executable, "-m", "napari_bonemet", "batch", str(scans), "--out", str(out), "--workers", "2", *FLAGS]
    said = tmp_path / "said"
    with said.open("w") as file:
        first = subprocess.Popen(words, stderr=file, start_new_session=True)
    until(lambda: worker_at_work(out))
    os.kill(worker_at_work(out), signal.SIGKILL)
    until(lambda: "begun again: the worker that was at it died" in said.read_text() and len(done(out)) >= 2)
    os.killpg(first.pid, signal.SIGINT)  # as a terminal does: the workers are told, too
    assert first.wait(timeout=180) == 1, said.read_text()
    assert "the same command does what is left" in said.read_text()
    assert "Traceback" not in said.read_text()
    before = done(out)
    assert 2 <= len(before) < LEGS
    second = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert second.returncode == 0, second.stderr
    assert f"{LEGS - len(before)} legs done, {len(before)} had been done before" in second.stdout
    assert {leg: number for leg, number in done(out).items() if leg in before} == before
    assert results(out) == results(alone)
    assert len(read_json(out / "batch.json")["legs"]) == LEGS


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Callable[..., BatchResult]:
    """A batch in this process: what Dask does is tested above, what is decided here is tested quickly."""

    def run(scans: Path, out: Path, options: BatchOptions = OPTIONS, **more: bool) -> BatchResult:
        from napari_bonemet.study import batch
        from napari_bonemet.study.batch_run import Outcome

        def run_jobs(jobs: list[LegJob], finished: Callable[[LegJob, Outcome], None], **_: object) -> dict[str, int]:
            for job in jobs:
                try:
                    finished(job, Outcome("done", do_leg(job).record))
                except InputError as error:
                    finished(job, Outcome("failed", None, str(error)))
            return {job.leg: 1 for job in jobs}

        monkeypatch.setattr(batch, "run_jobs", run_jobs)
        return run_batch(jobs_in(scans, out, options, **more))

    return run


def one_leg(scans: Path, place: Path, number: int = 0) -> Path:
    """A copy of one leg of the cohort, that may be changed."""
    import shutil

    leg = sorted(scans.iterdir())[number]
    shutil.copytree(leg, place / leg.name)
    return place


def test_what_is_done_is_skipped_even_when_only_its_times_changed(
    here: Callable[..., BatchResult], scans: Path, tmp_path: Path
) -> None:
    source = one_leg(scans, tmp_path / "in")
    assert len(here(source, tmp_path / "out").done) == 1
    before = contents(tmp_path / "out")
    assert here(source, tmp_path / "out").done == ()
    for path in source.rglob("*.png"):
        os.utime(path, (1.0, 1.0))
    again = here(source, tmp_path / "out")
    assert (again.done, len(again.skipped)) == ((), 1)
    changed = {name for name, data in contents(tmp_path / "out").items() if data != before[name]}
    assert changed == {".batch-inputs.json"}


def test_other_options_or_scans_are_told_and_done_again_only_when_asked_to(
    here: Callable[..., BatchResult], scans: Path, tmp_path: Path
) -> None:
    source, out = one_leg(scans, tmp_path / "in"), tmp_path / "out"
    here(source, out)
    other = replace(OPTIONS, study=StudyOptions(registration=replace(QUICK, bone_threshold=80.0)))
    with pytest.raises(InputError, match=r"bone threshold 75\.0 then, 80\.0 now"):
        here(source, out, other)
    assert len(here(source, out, other, overwrite=True).done) == 1
    assert here(source, out, other, overwrite=True).done == ()
    slice_ = next(source.rglob("slice_0008.png"))
    slice_.write_bytes(slice_.with_name("slice_0007.png").read_bytes())
    with pytest.raises(InputError, match=r"week \d has other voxels now"):
        here(source, out, other)
    assert len(here(source, out, other, overwrite=True).done) == 1


def test_a_folder_that_no_batch_made_is_never_replaced(
    here: Callable[..., BatchResult], scans: Path, tmp_path: Path
) -> None:
    source = one_leg(scans, tmp_path / "in")
    mine = tmp_path / "out" / next(source.iterdir()).name / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("precious")
    with pytest.raises(InputError, match="not made by a batch"):
        here(source, tmp_path / "out", overwrite=True)
    assert mine.read_text() == "precious"


def test_a_leg_that_cannot_be_done_stops_no_other(
    here: Callable[..., BatchResult], scans: Path, tmp_path: Path
) -> None:
    source = one_leg(scans, one_leg(scans, tmp_path / "in"), 1)
    broken = next(source.iterdir())
    next(broken.rglob("slice_0003.png")).unlink()
    result = here(source, tmp_path / "out")
    assert len(result.done) == 1
    assert list(result.failed) == [broken.name]
    record = read_json(tmp_path / "out" / "batch.json")
    assert "slice" in record["failed"][broken.name]
    assert not (tmp_path / "out" / broken.name).exists()


def test_two_at_the_same_leg_leave_the_first_ones_result(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = jobs_in(one_leg(scans, tmp_path / "in"), tmp_path / "out", OPTIONS)
    fill = batch_leg._fill

    def overtaken(*words: object) -> object:
        monkeypatch.setattr(batch_leg, "_fill", fill)
        assert not do_leg(job).again
        return fill(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(batch_leg, "_fill", overtaken)
    assert do_leg(job).again


def test_the_region_of_interest_and_the_whole_chain(scans: Path, tmp_path: Path) -> None:
    source = one_leg(scans, tmp_path / "in")
    study = replace(OPTIONS.study, crop_to_roi=True, perceptual=False)
    study = replace(study, roi=replace(study.roi, first_slice=4, slices=8))
    (job,) = jobs_in(source, tmp_path / "roi", BatchOptions(study=study))
    record = do_leg(job).record
    assert record["summary"]["roi"]["last_slice"] == 11
    assert len([*(job.folder / "roi" / "week 1").glob("*.png")]) == 8
    assert len([*(job.folder / "composite" / "week 1").glob("*.png")]) == 8
    assert len([*(job.folder / "week 1").glob("*.png")]) == 16
    (job,) = jobs_in(source, tmp_path / "whole", BatchOptions(whole_chain=True, study=study))
    assert do_leg(job).record["summary"]["metrics"]["week"] == 1
    assert (job.folder / "figure.png").is_file()


def test_a_reference_brings_every_leg_onto_its_grid(scans: Path, tmp_path: Path) -> None:
    from napari_bonemet.io import read_scan

    reference = sorted(scans.iterdir())[1] / "week 0"
    (job,) = jobs_in(one_leg(scans, tmp_path / "in"), tmp_path / "out", OPTIONS, reference=reference)
    assert "reference" in do_leg(job).record["made_from"]["inputs_sha256"]
    assert read_scan(job.folder / "week 1").grid.matches(read_scan(reference).grid)


def test_results_never_lie_among_the_scans(scans: Path) -> None:
    with pytest.raises(InputError, match="lies in the folder of the scans"):
        jobs_in(scans, scans / "out", OPTIONS)


def test_a_running_scheduler_is_used_and_each_of_its_workers_takes_one_leg_at_a_time(
    scans: Path, alone: Path, tmp_path: Path
) -> None:
    from distributed import LocalCluster

    jobs = jobs_in(scans, tmp_path / "out", OPTIONS)[:3]
    with LocalCluster(
        n_workers=1, threads_per_worker=4, processes=False, protocol="tcp", dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        at_work: list[int] = []
        result = run_batch(jobs, scheduler=cluster.scheduler_address, progress=Watch(tmp_path / "out", at_work))
        assert cluster.scheduler.status.name == "running"
    assert len(result.done) == 3
    assert max(at_work) == 1
    wanted = {name: data for name, data in results(alone).items() if Path(name).parts[0] in result.done}
    assert results(tmp_path / "out") == wanted


class Watch:
    """Counts the legs that are being written."""

    def __init__(self, out: Path, seen: list[int]) -> None:
        self.out, self.seen = out, seen

    def advance(self, _: float) -> None:
        self.seen.append(len([*self.out.glob(".*tibia.tmp-*")]))

    def message(self, text: str) -> None: ...

    def check(self) -> None: ...
