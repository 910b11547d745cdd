"""Forecast baselines on unseen synthetic legs: how many decibels above copying the last week, and of what kind.

Run as ``python benchmarks/forecast.py [--training 24] [--unseen 24] [--out table.csv]``. The legs are
synthetic, with the residual misregistration of 0.35 voxel that they are made with; tumour and control
legs are told apart, since a gain that controls share is smoothing, not foresight. "smoothed copy" is the
last week under a Gaussian whose width was chosen on the training legs, to say what smoothing alone buys;
"mean of the weeks seen" says what averaging out noise and misregistration buys.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

from napari_bonemet.forecast.ridge import RidgeForecaster, RidgeOptions
from napari_bonemet.io.atomic import write_table
from napari_bonemet.metrics.table import ForecastScores, score
from napari_bonemet.phantom.sample import training_legs
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

TARGET = 3.0
WIDTHS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)

Predict = Callable[[ScanSeries], Scan]


def smoothed(width: float) -> Predict:
    def predict(leg: ScanSeries) -> Scan:
        last = leg.until(TARGET)[-1]
        voxels = ndimage.gaussian_filter(last.to_numpy().astype(np.float32), (0, width, width))
        return last.with_voxels(voxels, step=Step("smooth", {"width_voxels": width}))

    return predict


def mean_of_weeks(leg: ScanSeries) -> Scan:
    seen = leg.until(TARGET)
    voxels = np.mean([scan.to_numpy() for scan in seen], axis=0, dtype=np.float32)
    return seen[-1].with_voxels(voxels, step=Step("mean of the weeks seen"))


def ridge(legs: Sequence[ScanSeries], **options: float) -> tuple[Predict, RidgeForecaster]:
    model = RidgeForecaster.fit(legs, options=RidgeOptions(**options))
    return lambda leg: model.predict(leg, TARGET).mean, model


def within(leg: ScanSeries) -> Scan:
    return RidgeForecaster.fit_within(leg, TARGET).predict(leg, TARGET).mean


def scores(predict: Predict, legs: Sequence[ScanSeries], name: str) -> list[ForecastScores]:
    return [
        score(predict(leg), leg.at_week(TARGET), leg.until(TARGET)[-1], model=name, perceptual=False) for leg in legs
    ]


def best_width(legs: Sequence[ScanSeries]) -> float:
    return max(WIDTHS, key=lambda width: np.mean([s.gain_db for s in scores(smoothed(width), legs, "")]))


def summary(name: str, group: str, found: Sequence[ForecastScores], seconds: float) -> dict[str, object]:
    def mean(values: Sequence[float | None]) -> float | None:
        there = [value for value in values if value is not None]
        return round(float(np.mean(there)), 4) if there else None

    return {
        "model": name,
        "legs": f"{len(found)} synthetic, {group}",
        "gain_pooled_db": mean([s.gain_db for s in found]),
        "worst_gain_db": round(min(s.gain_db for s in found), 3),
        "gain_slices_db": mean([s.forecast.psnr_slices - s.copied.psnr_slices for s in found]),
        "psnr_pooled_db": mean([s.psnr for s in found]),
        "copy_psnr_pooled_db": mean([s.copy_psnr for s in found]),
        "ssim": mean([s.ssim for s in found]),
        "copy_ssim": mean([s.copy_ssim for s in found]),
        "lesion_dice": mean([s.lesion_dice for s in found]),
        "copy_lesion_dice": mean([s.copied.lesion_dice for s in found]),
        "lost_mm3": mean([s.forecast.lost_mm3 for s in found]),
        "true_lost_mm3": mean([s.true_lost_mm3 for s in found]),
        "seconds": round(seconds, 1),
    }


def is_tumour(leg: ScanSeries) -> bool:
    return int((leg.baseline.subject or "0").rsplit("-", 1)[1]) % 4 != 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--training", type=int, default=24, help="synthetic animals to fit to")
    parser.add_argument("--unseen", type=int, default=24, help="synthetic animals to score")
    parser.add_argument("--out", type=Path, default=None, help="CSV to write")
    given = parser.parse_args()
    known, unseen = training_legs(given.training, seed=11), training_legs(given.unseen, seed=12)
    width = best_width(known[:8])
    forecasters: dict[str, Callable[[], Predict]] = {
        f"smoothed copy, {width} voxels": lambda: smoothed(width),
        "mean of the weeks seen": lambda: mean_of_weeks,
        "ridge 5x5, 1 week": lambda: ridge(known, weeks_seen=1)[0],
        "ridge 5x5, 3 weeks": lambda: ridge(known)[0],
        "ridge 5x5, 3 weeks, lopsided": lambda: ridge(known, symmetric=False)[0],
        "ridge 5x5, 3 weeks, everywhere": lambda: ridge(known, margin=20)[0],
        "ridge 3x5x5, 3 weeks": lambda: ridge(known, depth=3)[0],
        "ridge 3x5x5, 3 weeks, everywhere": lambda: ridge(known, depth=3, margin=20)[0],
        "ridge 5x5 within the leg": lambda: within,
    }
    rows = []
    for name, make in forecasters.items():
        start = time.perf_counter()
        found = scores(make(), unseen, name)
        seconds = time.perf_counter() - start
        for group, wanted in (("tumour", True), ("control", False)):
            part = [s for s, leg in zip(found, unseen, strict=True) if is_tumour(leg) == wanted]
            rows.append(summary(name, group, part, seconds))
            print(*(f"{key}={value}" for key, value in rows[-1].items()), sep="  ", flush=True)
    if given.out is not None:
        write_table(given.out, rows)


if __name__ == "__main__":
    main()
