"""Speed, memory and uncertainty of the synthetic legs: python benchmarks/phantom.py speed|full|futures.

- speed: four weeks of 48 x 100 x 100, truth and scans, in CPU seconds.
- full: one week of 1538 x 539 x 509 voxels in its own pose, and the most memory that took.
- futures: how the volume of new lesions in week 3 varies between futures of weeks 0 to 2 (coefficient of
  variation, per animal).
"""

import argparse
import resource
import time

import numpy as np

from napari_bonemet.phantom.leg import LegOptions, continue_leg, make_leg

FULL = (1538, 539, 509)


def speed() -> None:
    for shape, spacing in (((48, 100, 100), 30.0), ((48, 100, 100), 30.0), ((96, 200, 200), 15.0)):
        options = LegOptions(shape=shape, spacing_um=spacing, seed=int(time.time()))
        wall, cpu = time.perf_counter(), time.process_time()
        weeks = len(make_leg(options).series)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{weeks} weeks of {shape} at {spacing:g} µm: {cpu:.2f} CPU s, {wall:.2f} s")


def full(spacing: float) -> None:
    # Two weeks, since the first lies straight and costs no turning; the time is that of both.
    options = LegOptions(shape=FULL, spacing_um=spacing, weeks=(0, 3), seed=4)
    wall, cpu = time.perf_counter(), time.process_time()
    weeks = len(make_leg(options).series)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{weeks} weeks of {FULL} at {spacing:g} µm: {cpu:.0f} CPU s, {wall:.0f} s, {peak:.1f} GB at most")


def futures(animals: int, count: int, after: int) -> None:
    spreads = []
    for animal in range(animals):
        options = LegOptions(seed=1000 + animal)
        volumes = []
        for seed in range(count):
            before, last = continue_leg(options, after, seed).truth.lesion_labels[-2:]
            volumes.append(np.count_nonzero((last > 0) & (before == 0)) * options.grid.voxel_volume_mm3)
        spreads.append(float(np.std(volumes, ddof=1) / np.mean(volumes)))
        print(
            f"animal {options.seed}: new lesions {np.mean(volumes):.4f} mm³, varying by {spreads[-1]:.0%}", flush=True
        )
    within = np.mean([0.2 <= spread <= 0.5 for spread in spreads])
    print(f"{animals} animals, {count} futures each: median {np.median(spreads):.0%}, {within:.0%} within 20 to 50 %")


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed, memory and uncertainty of the synthetic legs")
    parser.add_argument("what", choices=("speed", "full", "futures"))
    parser.add_argument("--spacing", type=float, default=10.6, help="voxel size of the full week, µm")
    parser.add_argument("--animals", type=int, default=12)
    parser.add_argument("--futures", type=int, default=32)
    parser.add_argument("--after", type=int, default=2, help="the last week that stays")
    given = parser.parse_args()
    if given.what == "speed":
        speed()
    elif given.what == "full":
        full(given.spacing)
    else:
        futures(given.animals, given.futures, given.after)


if __name__ == "__main__":
    main()
