"""Time and memory of composites and of the region of interest at the published size.

    python benchmarks/composite.py --keep /tmp/composite

Two weeks of 1538 x 539 x 509 voxels (uint8): a synthetic leg at 30 µm drawn out to that size, with fresh noise. The
peer of the plain rule is one pass that reads two volumes and writes one: numpy.bitwise_or into an array that is
there already, over the same slabs on the same threads. Memory is the highest resident size beyond what was in use
before. With --keep the volumes are written to that folder, and read from it the next time.
"""

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.composite import CompositeOptions, make_composite
from napari_bonemet.processing.composite_slabs import lay_slabs
from napari_bonemet.processing.roi import RoiOptions, crop_roi
from napari_bonemet.provenance import fingerprint
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.slabs import over_slabs

SHAPE = (1538, 539, 509)
SMALL = (544, 192, 180)
SPACING_UM = 10.6
THRESHOLD = 75.0
NOISE = 6.0
SLAB = 64
PLAIN = CompositeOptions(noise_rule=False)


def draw(keep: Path | None) -> tuple[np.ndarray, np.ndarray]:
    files = [keep / f"week {week}.npy" for week in (0, 3)] if keep else []
    if files and all(file.exists() for file in files):
        return np.load(files[0]), np.load(files[1])
    leg = make_leg(LegOptions(shape=SMALL, weeks=(0, 3), seed=5, jitter_voxels=0.1, start_um=-1000))
    rng, made = np.random.default_rng(0), []
    for scan in leg.registered():
        voxels = ndimage.zoom(scan.to_numpy(), [n / m for n, m in zip(SHAPE, SMALL, strict=True)], order=1)
        for start in range(0, SHAPE[0], SLAB):
            part = voxels[start : start + SLAB].astype(np.float32)
            part += NOISE * rng.standard_normal(part.shape, dtype=np.float32)
            voxels[start : start + SLAB] = np.clip(np.rint(part), 0, 255)
        made.append(voxels)
    for file, voxels in zip(files, made, strict=False):
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, voxels)
    return made[0], made[1]


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 2**20


def forget_highest() -> None:
    """Let the highest resident size start anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def highest_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024


def timed(name: str, work: Callable[[], Any], rounds: int) -> float:
    """Print the least time of some rounds (the first, which compiles, apart), and return its CPU seconds."""
    work()
    spent = []
    for _ in range(rounds):
        forget_highest()
        before, wall, cpu = resident_mb(), time.perf_counter(), time.process_time()
        work()
        spent.append((time.process_time() - cpu, time.perf_counter() - wall, highest_mb() - before))
    cpu, wall, memory = (min(row[n] for row in spent) for n in range(3))
    print(f"{name:46} {cpu:6.2f} CPU s {wall:6.2f} s {memory:6.0f} MB beyond", flush=True)
    return cpu


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args(arguments)
    before, after = draw(chosen.keep)
    first, second = (
        Scan(voxels, (SPACING_UM,) * 3, subject="full", side="left", day=day, kind=Kind.REGIST, synthetic=True)
        for voxels, day in ((before, 0.0), (after, 21.0))
    )
    out = np.zeros(SHAPE, np.uint8)

    def peer() -> None:
        over_slabs(lambda a, b: np.bitwise_or(before[a:b], after[a:b], out=out[a:b]), len(out), slab=8)

    once = timed("two volumes read, one written (numpy)", peer, chosen.rounds)
    plain = timed("plain rule with its counts", lambda: lay_slabs(first, second, PLAIN, None, out), chosen.rounds)
    print(f"{'':46} {plain / once:6.2f} times the peer")
    timed("hash of the baseline", lambda: fingerprint(before), chosen.rounds)
    timed("make_composite, plain, with hash and record", lambda: make_plain(first, second, out), chosen.rounds)
    timed("make_composite, noise rule", lambda: make_composite(first, second, out=out), chosen.rounds)
    weeks = ScanSeries((first, second))
    timed("crop_roi, junction", lambda: crop_roi(weeks), chosen.rounds)
    timed("crop_roi, junction, fibula out", lambda: crop_roi(weeks, options=RoiOptions(remove_fibula=True)), 1)
    timed("crop_roi, growth plate", lambda: crop_roi(weeks, options=RoiOptions(preset="growth-plate")), 1)


def make_plain(first: Scan, second: Scan, out: np.ndarray) -> None:
    make_composite(first, second, options=PLAIN, out=out)


if __name__ == "__main__":
    main()
