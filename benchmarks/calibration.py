"""A forecaster's uncertainty on synthetic animals that neither it nor its calibration has seen, before and after.

python benchmarks/calibration.py --tumours 12 --controls 4 --samples 12
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_bonemet.forecast.calibrated import CalibratedForecast
from napari_bonemet.forecast.calibration import Calibration
from napari_bonemet.forecast.forecaster import Forecast, Forecaster
from napari_bonemet.forecast.registry import make_forecaster
from napari_bonemet.metrics.events import LesionCase, average_precision, lesion_cases, lesion_reliability, reliability
from napari_bonemet.metrics.lost_bone import LostBone, grey_loss, new_lesions, resorption_share
from napari_bonemet.metrics.probabilistic import (
    coverage,
    interval_coverage,
    mean_crps,
    quantile_interval,
    scalar_spread_skill,
    spread_skill_sums,
)
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.scan import Scan

WEEK = 3.0


@dataclass(frozen=True)
class Case:
    """A forecast, what came, and the week before."""

    forecast: Forecast
    truth: Scan
    last: Scan


def cases(model: Forecaster, options: CohortOptions, samples: int) -> list[Case]:
    made = []
    for animal in animals(options):
        leg = make_leg(animal).registered()
        seen = leg.until(WEEK)
        made.append(Case(model.predict(seen, WEEK, samples=samples, seed=1), leg.at_week(WEEK), seen[-1]))
    return made


def voxels(unseen: Sequence[Case], made: Sequence[CalibratedForecast], level: float) -> dict[str, object]:
    sums = [spread_skill_sums(c.forecast.samples, c.truth) for c in unseen]
    whole = sum(sums[1:], sums[0])
    variance = sum(float(np.square(m.spread.to_numpy().astype(float)).sum()) for m in made)
    held = [coverage(m.lower, m.upper, c.truth) for m, c in zip(made, unseen, strict=True)]
    raw = [coverage(*quantile_interval(c.forecast.samples, level), c.truth) for c in unseen]
    error = [float(np.abs(c.forecast.mean.to_numpy() - c.truth.to_numpy()).mean()) for c in unseen]
    return {
        "spread/skill": [round(whole.ratio, 3), round(float(np.sqrt(variance / whole.squared_error)), 3)],
        "coverage": [round(float(np.mean(raw)), 3), round(float(np.mean(held)), 3)],
        "coverage, least and largest animal": [round(min(held), 3), round(max(held), 3)],
        "mean absolute error of the mean": round(float(np.mean(error)), 3),
        "CRPS, raw and stretched": [
            round(float(np.mean([mean_crps(c.forecast.samples, c.truth) for c in unseen])), 3),
            round(float(np.mean([mean_crps(m.samples, c.truth) for m, c in zip(made, unseen, strict=True)])), 3),
        ],
    }


def resorption(unseen: Sequence[Case], made: Sequence[CalibratedForecast]) -> dict[str, object]:
    tables, precision = [], []
    for m, c in zip(made, unseen, strict=True):
        bone, came = c.last.to_numpy() > 75, new_lesions(c.truth, c.last)
        maps = (
            resorption_share(c.forecast.samples, c.last),
            grey_loss(c.forecast.mean, c.last),
            m.resorption_probability,
        )
        tables.append([reliability(maps[n], came, 10, bone) for n in (0, 2)])
        found = [average_precision(one, came, bone) for one in maps]
        if None not in found:
            precision.append(found)
    before, after = (sum((t[n] for t in tables[1:]), tables[0][n]) for n in (0, 1))
    return {
        "calibration error": [round(before.error, 4), round(after.error, 4)],
        "Brier score": [round(before.brier, 4), round(after.brier, 4)],
        "mean average precision: share, grey loss of the mean, calibrated": np.mean(precision, axis=0)
        .round(3)
        .tolist(),
    }


def lesions(unseen: Sequence[Case], calibration: Calibration) -> dict[str, object]:
    found: list[LesionCase] = []
    for c in unseen:
        found += lesion_cases((new_lesions(s, c.last) for s in c.forecast.samples), new_lesions(c.truth, c.last))
    if calibration.lesions is None or not found:
        return {"foreseen": len(found)}
    said = calibration.lesions.probability([case.probability for case in found])
    mapped = [LesionCase(float(p), case.came, case.voxels) for p, case in zip(said, found, strict=True)]
    tables = [lesion_reliability(each) for each in (found, mapped)]
    return {
        "foreseen": len(found),
        "calibration error": [round(t.error, 3) for t in tables if t],
        "Brier score": [round(t.brier, 3) for t in tables if t],
    }


def lost_bone(unseen: Sequence[Case], made: Sequence[CalibratedForecast]) -> dict[str, object]:
    gauges = [LostBone.since(c.last) for c in unseen]
    truths = np.array([g.mm3(c.truth) for g, c in zip(gauges, unseen, strict=True)])
    raw = np.array([[g.mm3(s) for s in c.forecast.samples] for g, c in zip(gauges, unseen, strict=True)])
    after = np.array([m.lost_bone for m in made])
    return {
        "correlation": round(float(np.corrcoef(raw.mean(axis=1), truths)[0, 1]), 3),
        "spread/skill": [round(scalar_spread_skill(each, truths), 3) for each in (raw, after)],
        "coverage": [round(interval_coverage(each, truths), 3) for each in (raw, after)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="tvae-gate")
    parser.add_argument("--tumours", type=int, default=12)
    parser.add_argument("--controls", type=int, default=4)
    parser.add_argument("--samples", type=int, default=12)
    parser.add_argument("--seeds", type=int, nargs=2, default=(5, 6), help="cohorts of the fit and of the test")
    given = parser.parse_args()
    model = make_forecaster(given.model)
    fit, test = (
        cases(model, CohortOptions(controls=given.controls, tumours=given.tumours, seed=seed), given.samples)
        for seed in given.seeds
    )
    start = time.process_time()
    calibration = Calibration.fit((c.forecast for c in fit), (c.truth for c in fit), (c.last for c in fit))
    fitted = time.process_time() - start
    start = time.process_time()
    made = [calibration.apply(c.forecast, c.last) for c in test]
    print(f"fit {fitted:.1f} CPU s, apply {(time.process_time() - start) / len(test):.2f} CPU s a leg")
    print(json.dumps(calibration.evidence, indent=1))
    print("unseen, before and after:")
    for name, row in (
        ("voxels", voxels(test, made, calibration.options.level)),
        ("resorption", resorption(test, made)),
        ("lesions", lesions(test, calibration)),
        ("lost bone", lost_bone(test, made)),
    ):
        print(name, json.dumps(row))


if __name__ == "__main__":
    main()
