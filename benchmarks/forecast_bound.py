"""What no forecaster can know: true futures, which know all that is hidden at week 2, held to the week that came.

python benchmarks/forecast_bound.py --tumours 16 --futures 12
"""

import argparse
from collections.abc import Iterator

import numpy as np

from napari_bonemet.metrics.events import average_precision
from napari_bonemet.metrics.lost_bone import LostBone, new_lesions
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import LegOptions, continue_leg, make_leg
from napari_bonemet.scan import Scan

SEEN, BONE = 2, 75.0
# Share of the futures from which on a voxel counts as newly lost.
LIKELY = 0.4


def decibels(copied: float, mine: float) -> float:
    return float(10 * np.log10(copied / mine))


def weeks_of(animal: LegOptions, futures: int) -> tuple[Scan, np.ndarray, np.ndarray]:
    """The last week seen, the week that came, and other weeks that could have come: without noise, on the grid."""
    leg = make_leg(animal)
    last, truth = leg.registered().scans[SEEN : SEEN + 2]
    others = [continue_leg(leg, SEEN, seed).truth.clean[SEEN + 1] for seed in range(1, futures + 1)]
    return last, truth.to_numpy().astype(np.float32), np.stack([scan.to_numpy() for scan in others]).astype(np.float32)


def figures(animal: LegOptions, futures: int) -> Iterator[tuple[str, float | np.ndarray]]:
    scan, truth, drawn = weeks_of(animal, futures)
    last, mean = scan.to_numpy().astype(np.float32), drawn.mean(axis=0)
    for name, forecast in (("copied", last), ("mean", mean), ("single", drawn)):
        yield name, float(np.square(forecast - truth).mean())
    events = new_lesions(truth, last)
    likely = np.mean([new_lesions(one, last) for one in drawn], axis=0)
    for name, said in (("dice of the mean", new_lesions(mean, last)), ("dice where likely", likely >= LIKELY)):
        yield name, np.array([2 * np.count_nonzero(said & events), said.sum() + events.sum()])
    bone = last > BONE
    yield "likely", likely[bone]
    yield "events", events[bone]
    lost = LostBone.since(scan)
    yield "lost", np.array([lost.mm3(truth), *(lost.mm3(one) for one in drawn)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tumours", type=int, default=16)
    parser.add_argument("--futures", type=int, default=12)
    parser.add_argument("--seed", type=int, default=2)
    given = parser.parse_args()
    every = [one for one in animals(CohortOptions(controls=1, tumours=given.tumours, seed=given.seed)) if one.tumour]
    found = [dict(figures(animal, given.futures)) for animal in every]
    copied, mean, single = (float(np.mean([one[name] for one in found])) for name in ("copied", "mean", "single"))
    print(f"{len(every)} synthetic legs with a tumour, {given.futures} true futures each, all hidden states known")
    print(f"gain over copying: mean {decibels(copied, mean):+.2f} dB, single {decibels(copied, single):+.2f} dB")
    for name in ("dice of the mean", "dice where likely"):
        both, all_ = np.sum([one[name] for one in found], axis=0)
        print(f"new lesions, {name}: {both / all_:.3f}")
    likely, events = (np.concatenate([one[name] for one in found]) for name in ("likely", "events"))
    print(f"new lesions, average precision: {average_precision(likely, events):.3f}")
    lost = np.stack([one["lost"] for one in found])
    truth, futures = lost[:, 0], lost[:, 1:]
    off, spread = np.sqrt(np.mean((futures.mean(1) - truth) ** 2)), np.sqrt(futures.var(1, ddof=1).mean())
    print(f"lost bone: {truth.mean():.4f} mm3, futures off by {off:.4f}, sd between futures {spread:.4f}")


if __name__ == "__main__":
    main()
