"""24 small synthetic legs on two Dask workers, one of them killed amid a leg, then stopped, then started again.

    python benchmarks/batch.py --out batch

Does the legs once without any trouble, once with it, and compares every file bit for bit. What was done before the
second start must lie where it lay (same inodes, nothing done twice), and every leg must be there (nothing lost).
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from napari_bonemet.phantom.cohort import CohortOptions, write_cohort
from napari_bonemet.phantom.options import LegOptions

LEGS, WORKERS = 24, 2
LEG = LegOptions(shape=(32, 60, 60), spacing_um=50.0, weeks=(0, 1, 2), pose_degrees=4.0, turn_degrees=10.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("batch-benchmark"))
    place = parser.parse_args().out.resolve()
    shutil.rmtree(place, ignore_errors=True)
    cohort = CohortOptions(controls=LEGS // 3, tumours=LEGS - LEGS // 3, component="Seg-CT", leg=LEG)
    scans = write_cohort(place / "in", cohort).scans
    calm, troubled = place / "calm", place / "troubled"
    seconds = {"calm": timed(lambda: finish(scans, calm))}
    seconds["until stopped"] = timed(lambda: trouble(scans, troubled))
    before = done(troubled)
    leftovers = [path.name for path in troubled.glob(".*tibia.tmp-*")]
    seconds["second start"] = timed(lambda: finish(scans, troubled))
    seconds["third start, nothing left to do"] = timed(lambda: finish(scans, troubled))
    after = done(troubled)
    report = {
        "legs": LEGS,
        "workers": WORKERS,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "done when stopped": len(before),
        "left by the killed worker when stopped": leftovers,
        "done twice": [leg for leg, number in before.items() if after.get(leg) != number],
        "lost": sorted(set(done(calm)) - set(after)),
        "files": len(files(calm)),
        "files that differ": differing(calm, troubled),
    }
    print(json.dumps(report, indent=2))
    good = len(after) == LEGS and not (report["done twice"] or report["lost"] or report["files that differ"])
    print("the same, bit for bit" if good else "NOT the same")
    return 0 if good else 1


def words(scans: Path, out: Path) -> list[str]:
    command = [sys.executable, "-m", "napari_bonemet", "batch"]
    return [*command, str(scans), "--out", str(out), "--workers", str(WORKERS), "--json"]


def finish(scans: Path, out: Path) -> None:
    said = subprocess.run(words(scans, out), capture_output=True, text=True, check=False)
    if said.returncode:
        raise SystemExit(f"The batch came to {said.returncode}: {said.stderr}")


def trouble(scans: Path, out: Path) -> None:
    """Kill the worker that writes the fifth leg, and press Ctrl-C when half of the legs are done."""
    batch = subprocess.Popen(
        words(scans, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    until(lambda: len(done(out)) >= 4 and at_work(out))
    killed = at_work(out)
    os.kill(killed, signal.SIGKILL)
    print(f"killed worker {killed} after {len(done(out))} legs")
    until(lambda: len(done(out)) >= LEGS // 2)
    os.killpg(batch.pid, signal.SIGINT)
    _, said = batch.communicate()
    print(f"stopped after {len(done(out))} legs with exit status {batch.returncode}")
    print(*(f"  {line}" for line in said.decode().splitlines() if "again" in line or "Stopped" in line), sep="\n")


def at_work(out: Path) -> int:
    """The process that writes a leg, from the hidden name of its folder; 0 where none is well under way."""
    return next((int(found.parent.name.split("-")[-2]) for found in out.glob(".*tibia.tmp-*/week 0*")), 0)


def done(out: Path) -> dict[str, int]:
    """The legs that are done, each with the number of its folder on the disk, which a new one would not have."""
    return {record.parent.name: record.parent.stat().st_ino for record in out.glob("[!.]*/job.json")}


def files(out: Path) -> dict[str, Path]:
    return {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}


def differing(one: Path, other: Path) -> list[str]:
    first, second = files(one), files(other)
    return sorted(
        name
        for name in {*first, *second}
        if name not in first or name not in second or first[name].read_bytes() != second[name].read_bytes()
    )


def until(happened: Callable[[], object]) -> None:
    while not happened():
        time.sleep(0.01)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
