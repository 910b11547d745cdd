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

from napari_bonemet.phantom.anatomy import anatomy_of
from napari_bonemet.phantom.growth import grow_leg
from napari_bonemet.phantom.leg import LegOptions, make_leg
from napari_bonemet.phantom.lesions import grow

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


def new_lesion_mm3(animal: int, after: int, seed: int) -> float:
    # The growth alone of what continue_leg(LegOptions(seed=animal), after, seed) makes; scans would take longer.
    options = LegOptions(seed=animal, weeks=(after, 3), continued_after=(after,), continued_seeds=(seed,))
    grown = grow_leg(options, options.grid, grow(anatomy_of(options), options))
    lost = (grown.lost_to[1] > 0) & (grown.occupancy[0] > 0.5)
    return float(np.count_nonzero(lost) * options.grid.voxel_volume_mm3)


def futures(animals: range, count: int, after: int) -> None:
    spreads = []
    for animal in animals:
        volumes = [new_lesion_mm3(animal, after, seed) for seed in range(count)]
        spreads.append(float(np.std(volumes, ddof=1) / np.mean(volumes)))
        print(f"animal {animal}: new lesions {np.mean(volumes):.4f} mm³ +- {spreads[-1]:.0%}", flush=True)
    within = np.mean([0.2 <= spread <= 0.5 for spread in spreads])
    print(
        f"{len(spreads)} animals, {count} futures each: {min(spreads):.0%} to {max(spreads):.0%}, "
        f"median {np.median(spreads):.0%}, {within:.0%} within 20 to 50 %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed, memory and uncertainty of the synthetic legs")
    parser.add_argument("what", choices=("speed", "full", "futures"))
    parser.add_argument("--spacing", type=float, default=10.6, help="voxel size of the full week, µm")
    parser.add_argument("--animals", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=1000, help="the sizes were chosen on 1000 to 1011")
    parser.add_argument("--futures", type=int, default=32)
    parser.add_argument("--after", type=int, default=2, help="the last week that stays")
    given = parser.parse_args()
    if given.what == "speed":
        speed()
    elif given.what == "full":
        full(given.spacing)
    else:
        futures(range(given.first_seed, given.first_seed + given.animals), given.futures, given.after)


if __name__ == "__main__":
    main()
