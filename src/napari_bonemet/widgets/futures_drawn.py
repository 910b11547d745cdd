"""The futures drawn so far, and what they say together: what the canvas shows, made beside the screen."""

from dataclasses import dataclass, replace
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast, as_future
from napari_bonemet.forecast.running import RunningSummary
from napari_bonemet.geometry import Grid
from napari_bonemet.metrics.lesions import newly_lost_mm3
from napari_bonemet.progress import Progress, report
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import cut_to
from napari_bonemet.study.sample_check import SampleCheck
from napari_bonemet.widgets.looks import grey_limits

__all__ = ["BONE_THRESHOLD", "Drawn", "OneByOne", "Pile", "with_calibration"]

BONE_THRESHOLD = 75.0
UNCALIBRATED = (
    "This model holds no calibration: its spread is that of its samples, which is usually too small, and a share of "
    "samples is no probability."
)


@dataclass(frozen=True, eq=False)
class Drawn:
    """The futures drawn so far, and what they say together; stays as it is while more are drawn.

    Parameters
    ----------
    samples : tuple of Scan
        At least one.
    asked : int
        How many there will be.
    mean, spread, bone_probability, loss_probability : Scan
        Over the samples so far; the last two are shares, 0 to 1.
    copied : Scan
        The baseline: the last seen week taken for the one forecast.
    lost_mm3 : tuple of float
        Newly lost bone of each sample.
    true_lost_mm3 : float or None
        That of the true week, where it is there.
    greys : tuple of float
        Contrast limits that suit every week of the leg.
    spread_most : float
        The largest spread, greys.
    week : float
        The week forecast.
    model, seed : str, int
        What drew them.
    check : SampleCheck or None
        How far the samples can be believed, once all are drawn and the true week is there.
    expected_error, risk : Scan or None
        What the model's calibration makes of spread and of lost bone, once all are drawn: greys, and a probability.
    calibration : str
        What the model knows of its own errors, in words.
    """

    samples: tuple[Scan, ...]
    asked: int
    mean: Scan
    spread: Scan
    bone_probability: Scan
    loss_probability: Scan
    copied: Scan
    lost_mm3: tuple[float, ...]
    true_lost_mm3: float | None
    greys: tuple[float, float]
    spread_most: float
    week: float
    model: str
    seed: int
    check: SampleCheck | None = None
    expected_error: Scan | None = None
    risk: Scan | None = None
    calibration: str = ""

    @property
    def count(self) -> int:
        """How many were drawn so far."""
        return len(self.samples)

    @property
    def all_there(self) -> bool:
        """Whether none is missing."""
        return self.count >= self.asked


class Pile:
    """Takes each sample as it is drawn, and tells what all of them say so far."""

    def __init__(self, series: ScanSeries, week: float, *, model: str, seed: int, asked: int) -> None:
        self.last = series.until(week)[-1]
        self.truth = series.at_week(week) if week in series.weeks else None
        self._running = RunningSummary(self.last, bone_threshold=BONE_THRESHOLD, model=model)
        self._about: dict[str, Any] = {"week": week, "model": model, "seed": seed}
        self._samples: tuple[Scan, ...] = ()
        self._drawn: Drawn | None = None
        self._asked = asked
        self._greys = grey_limits(series.scans)
        step = Step("forecast", {"model": "copy-last-week", "from_week": self.last.week, "week": week})
        self._copied = as_future(self.last, self.last.to_numpy(), week, step)
        self._true_lost = None if self.truth is None else self._lost(self.truth)

    def add(self, sample: Scan) -> Drawn:
        """Take one more sample; what all of them say by now."""
        self._running.add(sample)
        self._samples = (*self._samples, sample)
        spread = self._running.spread
        self._drawn = Drawn(
            samples=self._samples,
            asked=self._asked,
            mean=self._running.mean,
            spread=spread,
            bone_probability=self._running.bone_probability,
            loss_probability=self._running.loss_probability,
            copied=self._copied,
            lost_mm3=self._running.lost_mm3,
            true_lost_mm3=self._true_lost,
            greys=self._greys,
            spread_most=float(spread.to_numpy().max()),
            **self._about,
        )
        return self._drawn

    def _lost(self, scan: Scan) -> float:
        return newly_lost_mm3(scan, self.last, bone_threshold=BONE_THRESHOLD, opening=1)

    def finish(self, forecast: Forecast) -> Drawn:
        """What all samples say, in the forecast's own words where it has them."""
        for sample in forecast.samples[len(self._samples) :]:
            self.add(sample)
        if self._drawn is None:
            raise InputError("A forecast needs at least one sample")
        own = {name: getattr(forecast, name) for name in ("mean", "spread", "bone_probability")}
        return replace(self._drawn, **own)


@dataclass(frozen=True)
class OneByOne:
    """Progress that turns each sample of the forecaster into what the canvas shows of all so far."""

    whole: Progress
    pile: Pile
    grid: Grid

    def advance(self, fraction: float) -> None:
        """Pass it on."""
        self.whole.advance(fraction)

    def message(self, text: str) -> None:
        """Pass it on."""
        self.whole.message(text)

    def check(self) -> None:
        """Pass it on."""
        self.whole.check()

    def report(self, item: object) -> None:
        """Hand on what all samples say by now."""
        if isinstance(item, Scan):
            report(self.whole, self.pile.add(cut_to(item, self.grid)))


def with_calibration(drawn: Drawn, known: Any, calibration: Any, *, one_future: bool) -> Drawn:
    """What is drawn, with what its model knows of its own errors.

    Parameters
    ----------
    drawn : Drawn
        All samples.
    known : CalibratedForecast or None
        The forecast with `spread`, and `resorption_probability` where that is known.
    calibration : Calibration or None
        With its `evidence`.
    one_future : bool
        A spread of 0 has nothing to be calibrated.
    """
    if calibration is None or known is None:
        return replace(drawn, calibration="" if one_future else UNCALIBRATED)
    animals = calibration.evidence.get("animals", [])
    words = f"Calibrated on {len(animals)} animals that the model did not learn from"
    after = calibration.evidence.get("after", {})
    if "coverage" in after:
        words += f"; on each by the others, {after['coverage']:.0%} of true greys lie in the {known.level:.0%} interval"
    return replace(drawn, expected_error=known.spread, risk=known.resorption_probability, calibration=f"{words}.")
