"""Five weeks of one leg from Seg-CT slices to registered weeks, composites and region of interest: minutes and memory.

    python benchmarks/full_leg.py --size full --cache /tmp/bench
    python benchmarks/full_leg.py --size half

Writes synthetic Seg-CT slices of the published size (1700 x 900 x 700, PNG; kept in --cache, some minutes once), each
week in its own pose and with more lesions (0 to 15 % of the bone), then runs ``napari-bonemet register``, ``composite``
and ``roi`` on them as a user would, and removes what they wrote. The papers take 15 minutes a leg to register and 20
for the region of interest.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from legs.bases import CACHE, SIZES, Size, base_of
from legs.holes import cut_holes
from legs.posing import Taking, draw_pose, take
from napari_bonemet.slabs import cores
from registration_pairs import ANIMALS, GAIN, OFFSET

SHAPES = {"full": (1700, 900, 700), "half": (850, 450, 350), "tiny": (283, 150, 117)}
WEEKS, MOST_LOST = 5, 0.15
MOST_MINUTES = 3.0
PAPERS = {"register": 15.0, "composite": 0.0, "roi": 20.0}


@dataclass(frozen=True)
class Spent:
    """One command: minutes by the clock and of all cores, and the most memory it held."""

    step: str
    minutes: float
    cpu_minutes: float
    peak_gib: float


def slices_of(size: Size, cache: Path) -> Path:
    """The folder of slices, made where it is not there yet."""
    folder = cache / size / "Seg-CT"
    if folder.exists():
        return folder
    beside = folder.with_name("Seg-CT being made")
    shutil.rmtree(beside, ignore_errors=True)
    base = base_of(ANIMALS[0], size, cache)
    rng = np.random.default_rng(7)
    lost = 0.0
    for week in range(WEEKS):
        # What is lost stays lost: each week's holes are cut into what the week before left.
        base, more = cut_holes(base, MOST_LOST * week / (WEEKS - 1) - lost, rng)
        lost += more
        pose = draw_pose(base, rng, shift=424.0 / base.options.spacing_um)
        gain, offset = (GAIN, OFFSET) if week % 2 else (1.0, 0.0)
        voxels = take(base, pose, Taking(4000 + week, gain, offset), SHAPES[size])
        _write(voxels, beside / f"week {week}" / f"871 week {week} left tibia")
        print(f"week {week}: {lost:.1%} of the bone lost", flush=True)
    beside.rename(folder)
    return folder


def _write(voxels: np.ndarray, folder: Path) -> None:
    from PIL import Image

    folder.mkdir(parents=True)

    def one(number: int) -> None:
        Image.fromarray(voxels[number]).save(folder / f"{number:04d}.png", compress_level=1)

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(one, range(len(voxels))))


def run(step: str, arguments: Sequence[str]) -> Spent:
    """Run one command of the package to its end.

    Raises
    ------
    RuntimeError
        When it fails.
    """
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "napari_bonemet", step, *arguments])
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"napari-bonemet {step} ended with {os.waitstatus_to_exitcode(status)}")
    wall = time.perf_counter() - start
    return Spent(step, wall / 60, (used.ru_utime + used.ru_stime) / 60, used.ru_maxrss / 2**20)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--format", choices=("png", "zarr"), default="png", help="how weeks are written")
    parser.add_argument("--preset", choices=("growth-plate", "junction"), default="junction")
    parser.add_argument("--slices", type=int, default=None, help="of the region; 300 of the published voxel size")
    parser.add_argument(
        "--around-bone",
        type=float,
        default=500.0,
        help="micrometres; published weeks are cropped, too",
    )
    parser.add_argument("--only-slices", action="store_true", help="write the Seg-CT slices and stop")
    parser.add_argument("--keep", action="store_true", help="keep what the commands wrote")
    chosen = parser.parse_args(arguments)
    spacing = SIZES[chosen.size][1]
    source = slices_of(chosen.size, chosen.cache)
    if chosen.only_slices:
        return
    out = chosen.cache / chosen.size / "full leg"
    shutil.rmtree(out, ignore_errors=True)
    registered, count = out / "Regist-CT", chosen.slices or round(300 * 10.6 / spacing)
    written = ("--format", chosen.format)
    spent = [
        run(
            "register",
            [
                str(source),
                "--spacing",
                f"{spacing}",
                "--around-bone",
                f"{chosen.around_bone:g}",
                "--out",
                str(registered),
                *written,
            ],
        ),
        run("composite", [str(registered), "--out", str(out / "composites")]),
        run(
            "roi",
            [
                str(registered),
                "--preset",
                chosen.preset,
                "--slices",
                f"{count}",
                "--out",
                str(out / "RoI-CT"),
                *written,
            ],
        ),
    ]
    said = json.loads((registered / "register.json").read_text(encoding="utf-8"))["legs"]
    print(f"\nverdicts: {', '.join(week['verdict'] for leg in said.values() for week in leg['weeks'])} (bar: all good)")
    print(f"{WEEKS} weeks of {SHAPES[chosen.size]} voxels on {cores()} cores")
    print("step | minutes | CPU minutes | peak GiB | the papers' minutes")
    for one in spent:
        papers = f"{PAPERS[one.step]:g}" if PAPERS[one.step] else "-"
        print(f"{one.step} | {one.minutes:.2f} | {one.cpu_minutes:.2f} | {one.peak_gib:.2f} | {papers}")
    total, cpu = sum(one.minutes for one in spent), sum(one.cpu_minutes for one in spent)
    papers = sum(PAPERS.values())
    print(f"in all {total:.2f} minutes, {cpu:.2f} CPU minutes (bar: {MOST_MINUTES:g}; the papers: {papers:g})")
    if not chosen.keep:
        shutil.rmtree(out)


if __name__ == "__main__":
    main()
