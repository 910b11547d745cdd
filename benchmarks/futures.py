"""Futures of unseen synthetic animals: network samples beside copying, ridge regression, and the true futures.

Run as ``python benchmarks/futures.py [--tumours 30 --controls 10 --samples 16 --continuations 32]
[--checkpoint FILE ...] [--oracle oracle.csv] [--out table.csv]``. Without checkpoints the shipped networks
are measured. The animals are those of the cohort of seed 2, 48 x 100 x 100 voxels of 30 µm, with a residual
misregistration of 0.35 voxel; the shipped networks learned from the cohort of seed 1.

Protocol: squared errors of week 3 are pooled over all voxels of all animals of a group, greys of 255; "gain" is
over copying week 2. "mean" scores the mean of the samples, "single" each sample by itself, "best" the
sample of each animal that came nearest. Lost bone is bone of the scan of week 2 that week 3 lacks, opened
once; the oracle is its spread over true continuations of the same past, each scanned like a week.
"""

import argparse
import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from napari_bonemet.forecast.copying import CopyLastWeek
from napari_bonemet.forecast.forecaster import Forecaster
from napari_bonemet.forecast.registry import load_forecaster, make_forecaster
from napari_bonemet.forecast.ridge import RidgeForecaster
from napari_bonemet.io.atomic import write_table
from napari_bonemet.metrics.lesions import newly_lost_mm3
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import continue_leg, make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

SEEN, TARGET, BONE = 2, 3.0, 75
RIDGE_ANIMALS = 24


@dataclass(frozen=True)
class Result:
    """Mean squared errors of one animal, greys squared, and the bone that its samples lose, mm³."""

    animal: str
    tumour: bool
    copy: float
    mean: float
    single: float
    best: float
    spread: float
    lost: tuple[float, ...]


def squared(first: Scan, second: Scan) -> float:
    return float(np.mean((first.to_numpy().astype(np.float64) - second.to_numpy()) ** 2))


def lost_mm3(later: Scan, last: Scan) -> float:
    return newly_lost_mm3(later, last, bone_threshold=BONE, opening=1)


def forecast(model: Forecaster, animal: LegOptions, leg: ScanSeries, samples: int) -> Result:
    seen, truth = leg.until(TARGET), leg.at_week(TARGET)
    made = model.predict(seen, TARGET, samples=samples, seed=animal.seed % 2**31)
    errors = [squared(sample, truth) for sample in made.samples]
    return Result(
        animal=animal.subject,
        tumour=animal.tumour,
        copy=squared(seen[-1], truth),
        mean=squared(made.mean, truth),
        single=float(np.mean(errors)),
        best=min(errors),
        spread=float(np.sqrt(np.mean(made.spread.to_numpy() ** 2))),
        lost=tuple(lost_mm3(sample, seen[-1]) for sample in made.samples),
    )


def oracle(every: Sequence[LegOptions], continuations: int, path: Path | None) -> dict[str, list[float]]:
    """Bone lost in each true continuation, mm³; read from `path` where it is there, else made and kept there."""
    if path is not None and path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            return {row["animal"]: [float(v) for v in row["lost_mm3"].split()] for row in csv.DictReader(file)}
    found = {}
    for animal in every:
        leg = make_leg(animal)
        last = leg.registered().scans[SEEN]
        futures = (continue_leg(leg, SEEN, seed) for seed in range(continuations))
        found[animal.subject] = [lost_mm3(future.registered().scans[SEEN + 1], last) for future in futures]
    if path is not None:
        rows = [{"animal": name, "lost_mm3": " ".join(f"{v:.6f}" for v in lost)} for name, lost in found.items()]
        write_table(path, rows)
    return found


def gain(results: Sequence[Result], what: str) -> float:
    return 10 * float(np.log10(np.mean([r.copy for r in results]) / np.mean([getattr(r, what) for r in results])))


def row(name: str, group: str, results: Sequence[Result], true: dict[str, list[float]]) -> dict[str, object]:
    made = [float(np.std(r.lost, ddof=1)) if len(r.lost) > 1 else 0.0 for r in results]
    real = [float(np.std(true[r.animal], ddof=1)) for r in results]
    centre = [float(np.mean(r.lost)) for r in results]
    real_centre = [float(np.mean(true[r.animal])) for r in results]
    return {
        "model": name,
        "animals": f"{len(results)} synthetic, {group}",
        "copy_psnr_db": round(10 * float(np.log10(255**2 / np.mean([r.copy for r in results]))), 3),
        "gain_mean_db": round(gain(results, "mean"), 3),
        "gain_single_db": round(gain(results, "single"), 3),
        "gain_best_db": round(gain(results, "best"), 3),
        "worst_gain_mean_db": round(min(gain([r], "mean") for r in results), 3),
        "spread_greys": round(float(np.mean([r.spread for r in results])), 3),
        "lost_mm3": round(float(np.mean(centre)), 5),
        "true_lost_mm3": round(float(np.mean(real_centre)), 5),
        "lost_sd_mm3": round(float(np.mean(made)), 5),
        "true_lost_sd_mm3": round(float(np.mean(real)), 5),
        "median_sd_ratio": round(float(np.median(np.divide(made, real))), 3) if min(real) > 0 else None,
        "rank_correlation_of_sd": round(float(stats.spearmanr(made, real).statistic), 3) if max(made) > 0 else None,
        "rank_correlation_of_lost": round(float(stats.spearmanr(centre, real_centre).statistic), 3)
        if max(centre) > 0
        else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tumours", type=int, default=30)
    parser.add_argument("--controls", type=int, default=10)
    parser.add_argument("--seed", type=int, default=2, help="the cohort; 1 is what the shipped networks learned from")
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--continuations", type=int, default=32)
    parser.add_argument("--checkpoint", type=Path, action="append", help="a trained network; the shipped ones without")
    parser.add_argument("--oracle", type=Path, help="CSV to keep the true continuations in, or to read them from")
    parser.add_argument("--out", type=Path, help="CSV to write")
    given = parser.parse_args()
    every = animals(CohortOptions(controls=given.controls, tumours=given.tumours, seed=given.seed))
    legs = [make_leg(animal).registered() for animal in every]
    true = oracle(every, given.continuations, given.oracle)
    learned = animals(CohortOptions(controls=RIDGE_ANIMALS // 4, tumours=3 * RIDGE_ANIMALS // 4, seed=1))
    ridge = RidgeForecaster.fit([make_leg(animal).registered() for animal in learned])
    networks = [load_forecaster(path) for path in given.checkpoint or ()]
    models = [CopyLastWeek(), ridge, *(networks or [make_forecaster(name) for name in ("tvae", "tvae-gate")])]
    rows = []
    for number, model in enumerate(models):
        start = time.perf_counter()
        found = [forecast(model, a, leg, given.samples) for a, leg in zip(every, legs, strict=True)]
        name = f"{model.name} {given.checkpoint[number - 2].stem}" if networks and number > 1 else model.name
        for group, wanted in (("tumour", True), ("control", False)):
            part = [result for result in found if result.tumour == wanted]
            if part:
                rows.append(row(name, group, part, true))
                print(*(f"{key}={value}" for key, value in rows[-1].items()), sep="  ", flush=True)
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
    if given.out is not None:
        write_table(given.out, rows)


if __name__ == "__main__":
    main()
