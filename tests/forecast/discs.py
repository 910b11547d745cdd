"""Small legs that a network learns in seconds, and whoever listens to it."""

from dataclasses import replace

import numpy as np

from napari_bonemet.forecast.forecaster import Forecaster
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries


def disc_leg(seed: int, slices: int = 4) -> ScanSeries:
    """A disc of bone with a hole that grows each week; by how much in the last week, nobody can know."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:36, :36] - 17.5
    steps = [2.0, 2.0, rng.uniform(0.5, 7.0)]
    weeks = []
    for week in range(4):
        hole = np.hypot(y, x - 3) < 2 + sum(steps[:week])
        bone = np.where((np.hypot(y, x) < 14) & ~hole, 180.0, 20.0)
        volume = bone + rng.normal(scale=4, size=(slices, 36, 36))
        weeks.append(Scan(np.clip(volume, 0, 255).astype(np.uint8), (30.0,) * 3, (0.0,) * 3, f"s{seed}", "left"))
    return ScanSeries(
        tuple(replace(scan, day=7.0 * week, kind=Kind.REGIST, synthetic=True) for week, scan in enumerate(weeks))
    )


class Listener:
    """Keeps what is reported; cancels when it was told so much."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.items: list[object] = []
        self.stop_at = stop_at

    def advance(self, fraction: float) -> None:
        assert 0 <= fraction <= 1

    def message(self, text: str) -> None: ...

    def check(self) -> None: ...

    def report(self, item: object) -> None:
        self.items.append(item)
        if len(self.items) == self.stop_at:
            raise Cancelled


def gain_db(model: Forecaster, slices: int = 4, samples: int = 4) -> float:
    """By how much the mean of some samples beats copying on discs that no test trains on, dB."""
    mine = copied = 0.0
    for seed in range(200, 206):
        leg = disc_leg(seed, slices)
        truth, last = (leg.at_week(week).to_numpy().astype(float) for week in (3.0, 2.0))
        mean = model.predict(leg, 3.0, samples=samples).mean.to_numpy()
        mine += ((mean - truth) ** 2).mean()
        copied += ((last - truth) ** 2).mean()
    return float(10 * np.log10(copied / mine))
