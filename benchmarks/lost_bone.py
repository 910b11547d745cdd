"""Lost bone of synthetic legs by its sum of grey loss and by counting voxels, at several residual misregistrations.

python benchmarks/lost_bone.py --tumours 11 --controls 5
"""

import argparse
from collections.abc import Callable

import numpy as np

from napari_bonemet.metrics.lesions import newly_lost_mm3
from napari_bonemet.metrics.lost_bone import LostBone
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.scan import Scan

BONE = 75.0
JITTERS = (0.0, 0.35, 0.7)


def net_count(later: Scan, last: Scan) -> float:
    before, now = (int(np.count_nonzero(scan.to_numpy() > BONE)) for scan in (last, later))
    return (before - now) * last.grid.voxel_volume_mm3


MEASURES: dict[str, Callable[[Scan, Scan], float]] = {
    "grey loss": lambda later, last: LostBone.since(last, bone_threshold=BONE).mm3(later),
    "grey loss, bone alone": lambda later, last: LostBone.since(last, bone_threshold=BONE, margin=0).mm3(later),
    "voxels, net": net_count,
    "voxels lost": lambda later, last: newly_lost_mm3(later, last, bone_threshold=BONE, opening=0),
    "voxels lost, opened": lambda later, last: newly_lost_mm3(later, last, bone_threshold=BONE, opening=1),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tumours", type=int, default=11)
    parser.add_argument("--controls", type=int, default=5)
    parser.add_argument("--seed", type=int, default=77)
    given = parser.parse_args()
    every = animals(CohortOptions(controls=given.controls, tumours=given.tumours, seed=given.seed))
    found = np.empty((len(every), len(JITTERS), len(MEASURES)))
    true = np.empty(len(every))
    for number, animal in enumerate(every):
        leg = make_leg(animal)
        bone = [int(np.count_nonzero(mask)) for mask in leg.truth.bone]
        true[number] = (bone[-2] - bone[-1]) * animal.grid.voxel_volume_mm3
        for at, jitter in enumerate(JITTERS):
            last, later = leg.registered(jitter).scans[-2:]
            found[number, at] = [measure(later, last) for measure in MEASURES.values()]
    print(f"{len(every)} synthetic legs; true net loss {true.mean():.4f} mm3, sd over animals {true.std():.4f}")
    for column, name in enumerate(MEASURES):
        for at, jitter in enumerate(JITTERS):
            values, still = found[:, at, column], found[:, 0, column]
            off = np.sqrt(np.mean(np.square(values - still)))
            correlation = np.corrcoef(values, true)[0, 1]
            print(
                f"{name}, jitter {jitter}: mean {values.mean():.4f}, off {off:.4f} mm3, correlation {correlation:.3f}"
            )


if __name__ == "__main__":
    main()
