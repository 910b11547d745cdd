"""Capture range, precision, time and memory of registration on a real mouse femur.

    python benchmarks/registration.py ../shared/data --poses 32 --turn 180 --tilt 15 --shift 8

Random poses: a turn about the long axis up to --turn degrees, a tilt up to --tilt, a shift up to --shift voxels;
5 % of the bone is removed and noise added. A pose counts as found when bone lies within half a voxel of the truth
on average; the bar is a mean error over bone under 0.1 voxel in every pose.
With --cut, this part of the slices is cut from either end.
"""

import argparse
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.processing.register import register_weeks
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform
from ours import options_of
from real_voxels import load_maker

THRESHOLD = 60.0


LARGEST_ERROR = 0.1


def register(fixed: Scan, moving: Scan, metric: str | None) -> RigidTransform:
    options = options_of(metric, bone_threshold=THRESHOLD)
    return register_weeks(ScanSeries((fixed, moving)), options=options).transforms[1]


def draw_pose(base: Scan, chosen: argparse.Namespace, rng: np.random.Generator) -> RigidTransform:
    tilt = rng.normal(size=2)
    tilt *= chosen.tilt * rng.uniform() / np.linalg.norm(tilt)
    shift = rng.uniform(-chosen.shift, chosen.shift, 3) * base.spacing
    turn = RigidTransform.about(base.grid.centre, degrees=(rng.uniform(-chosen.turn, chosen.turn), 0, 0))
    return RigidTransform.about(base.grid.centre, degrees=(0, *tilt), shift=shift.tolist()).after(turn)


def measure(weeks: Any, cut: float, metric: str | None) -> tuple[float, float]:
    fixed, moving = (_cut(scan, cut) for scan in weeks.series.scans[:2])
    start = time.process_time()
    found = register(fixed, moving, metric)
    return weeks.pose_error_voxels(1, found), time.process_time() - start


def _cut(scan: Scan, share: float) -> Scan:
    ends = round(share * scan.shape[0])
    return scan.crop((slice(ends, scan.shape[0] - ends), slice(None), slice(None)))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--poses", type=int, default=32)
    parser.add_argument("--turn", type=float, default=180.0)
    parser.add_argument("--tilt", type=float, default=15.0)
    parser.add_argument("--shift", type=float, default=8.0)
    parser.add_argument("--noise", type=float, default=2.0)
    parser.add_argument("--cut", type=float, default=0.0)
    parser.add_argument("--metric", default=None, help="of registration; its default when not given")
    chosen = parser.parse_args(arguments)
    maker = load_maker()
    scan = maker.mouse_femur(chosen.data)
    pairs = []
    for seed in range(chosen.poses):
        rng = np.random.default_rng(seed)
        pose = draw_pose(scan.pad((24,) * 3, (24,) * 3), chosen, rng)
        weeks = maker.make_weeks(scan, THRESHOLD, seed=seed, noise=chosen.noise, pad=24, poses=(RigidTransform(), pose))
        pairs.append(measure(weeks, chosen.cut, chosen.metric))
        print(f"pose {seed}: turned by {pose.angle:.0f} degrees, error {pairs[-1][0]:.3f} voxel", flush=True)
    errors, seconds = np.asarray(pairs).T
    found = errors < 0.5
    precision = float(np.median(errors[found])) if found.any() else float("nan")
    print(
        f"{found.sum()} of {found.size} found, median error of those {precision:.3f} voxel, largest {errors.max():.3f} "
        f"(bar: {LARGEST_ERROR})"
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{np.median(seconds):.1f} CPU s each, peak memory {memory:.2f} GiB")


if __name__ == "__main__":
    main()
