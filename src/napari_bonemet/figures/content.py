"""What there is to show of one leg, as panels."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from napari_bonemet.figures.arrows import point_at
from napari_bonemet.figures.losses import Loss, Losses, ShownSample
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.panel import Panel
from napari_bonemet.figures.slices import across
from napari_bonemet.forecast.forecaster import DETERMINISTIC, Forecast
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.processing.composite import CompositeResult
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

NO_CONFIDENCE = "not confidence"


@dataclass(frozen=True, eq=False)
class Content:
    """All that a figure of one leg can show.

    Parameters
    ----------
    seen : ScanSeries
        The weeks that the forecast looked at; all weeks without a forecast.
    composite, forecast, truth, scores
        As far as they are there.
    losses : Losses
        Bone lost since the last seen week, and which slices and samples are shown.
    options : MontageOptions
        How the figure is drawn.
    others : tuple of Forecast
        Other models' forecasts of the same week, on the same grid.
    """

    seen: ScanSeries
    composite: CompositeResult | None
    forecast: Forecast | None
    truth: Scan | None
    scores: ForecastScores | None
    losses: Losses
    options: MontageOptions
    others: tuple[Forecast, ...] = ()

    @property
    def several(self) -> bool:
        """Whether the forecast has more than one sample."""
        return bool(self.losses.samples)

    def weeks(self, group: str) -> Iterator[Panel]:
        """The weeks seen."""
        for scan in self.seen:
            yield Panel(scan, f"week {scan.week:g}", group=group)

    def lost_and_formed(self, *, grouped: bool = False) -> Iterator[Panel]:
        """The composite, if there is one; "composite" stands in the title, or in a heading above it."""
        if self.composite is None:
            return
        scan, volumes = self.composite.scan, self.composite.volumes
        weeks = f"weeks {self.seen.weeks[0]:g} to {scan.week:g}" if scan.week is not None else ""
        note = f"lost {volumes.resorbed_mm3:.3g}, formed {volumes.formed_mm3:.3g} mm³"
        title = f"composite, {weeks}".rstrip(", ")
        if grouped:
            title, note = weeks, f"−{volumes.resorbed_mm3:.3g}, +{volumes.formed_mm3:.3g} mm³"
        yield Panel(scan, title, kind="composite", group="composite" if grouped else "", note=note)

    def true_week(self, index: int, *, title: str, group: str, note: str = "") -> Iterator[Panel]:
        """The true week, if it is there, with blue arrows."""
        if self.truth is not None:
            yield self._pointed(Panel(self.truth, title, group=group, note=note), self.losses.true, index)

    def sample(self, shown: ShownSample, index: int, *, group: str) -> Panel:
        """One sample that is shown, with arrows where the true week is there."""
        return self.sample_at(shown.index, index, group=group)

    def sample_at(self, number: int, index: int, *, group: str = "") -> Panel:
        """The sample of this number, from 0, whether or not the montage shows it."""
        assert self.forecast is not None  # noqa: S101  there are samples; this is for the type checker
        scan, loss = self.forecast.samples[number], self.losses.samples[number]
        return self._judged(Panel(scan, f"sample {number + 1}", group=group), loss, index)

    def mean(self, index: int, *, title: str, group: str, note: str = "") -> Iterator[Panel]:
        """The mean of the samples, with arrows where the true week is there."""
        if self.forecast is not None:
            yield self._judged(Panel(self.forecast.mean, title, group=group, note=note), self.losses.mean, index)

    def models(self, index: int) -> Iterator[Panel]:
        """Every model's forecast: the mean of its samples, with arrows where the true week is there."""
        made = [] if self.forecast is None else [(self.forecast, self.losses.mean)]
        for forecast, loss in (*made, *zip(self.others, self.losses.others, strict=True)):
            title = forecast.model.replace("-", " ")
            yield self._judged(Panel(forecast.mean, title, group=f"predicted week {forecast.week:g}"), loss, index)

    def probability(self, *, title: str, group: str, bar: bool = True) -> Iterator[Panel]:
        """The paper's uncertainty map: the share of samples that are bone."""
        if self.forecast is not None and self.several:
            label = f"share of {len(self.forecast.samples)} model samples that are bone"
            scan = self.forecast.bone_probability
            yield Panel(scan, title, kind="probability", group=group, label=label, bar=bar)

    def spread(self, *, group: str, bar: bool = True, asked: bool = False) -> Iterator[Panel]:
        """The standard deviation over samples, where the options, or the caller, ask for it."""
        if self.forecast is not None and self.several and (asked or self.options.show_spread):
            label = f"standard deviation over {len(self.forecast.samples)} samples (grey value)"
            scan, axis = self.forecast.spread, across(self.options.plane)
            # One scale for all slices that are shown.
            most = max(float(np.max(np.take(scan.to_numpy(), n, axis=axis))) for n in self.losses.slices)
            yield Panel(scan, "spread", kind="spread", group=group, label=label, bar=bar, most=most)

    def difference(self, *, title: str, group: str = "") -> Iterator[Panel]:
        """The forecast's mean minus the true week, where both are there."""
        if self.forecast is not None and self.truth is not None:
            made = _difference(self.forecast.mean, self.truth)
            yield Panel(made, title, kind="difference", group=group)

    def scored(self) -> str:
        """The scores in a few words."""
        return f"PSNR {self.scores.psnr:.1f} dB, mean SSIM {self.scores.ssim:.3f}" if self.scores else ""

    def about_the_models(self) -> Iterator[str]:
        """Each model, its seed and what it was trained on; nothing for one that draws a single future."""
        if self.forecast is not None and (self.several or not self.forecast.note.startswith(DETERMINISTIC)):
            yield self._about(self.forecast)
        if self.options.layout == "table" and "models" in self.options.show:
            yield from (self._about(made) for made in self.others if not made.note.startswith(DETERMINISTIC))

    def _about(self, made: Forecast) -> str:
        # The footer of a figure of several samples says that they are no confidence.
        parts = [part for part in made.note.rstrip(".").split("; ") if not self.several or NO_CONFIDENCE not in part]
        parts = [part[:1].lower() + part[1:] for part in parts]
        return f"Model: {made.model}, seed {made.seed}; {'; '.join(parts)}".rstrip("; ")

    def _judged(self, panel: Panel, loss: Loss | None, index: int) -> Panel:
        # Whether a predicted loss is right or wrong can only be told where the true week is there.
        true = self.losses.true
        return panel if true is None else self._pointed(panel, loss, index, hits=true.planes[index])

    def _pointed(self, panel: Panel, loss: Loss | None, index: int, hits: np.ndarray | None = None) -> Panel:
        if loss is None:
            return panel
        options, spots = self.options, loss.planes[index]
        arrows = point_at(
            spots,
            panel.scan.grid,
            options.plane,
            index,
            count=options.arrow_count,
            least_pixels=options.arrow_least_pixels,
            hits=hits,
        )
        return replace(panel, arrows=arrows, spots=spots)


def _difference(predicted: Scan, truth: Scan) -> Scan:
    signed = predicted.to_numpy().astype(np.float32) - truth.to_numpy().astype(np.float32)
    return predicted.with_voxels(signed, step=Step("predicted minus true"), kind=Kind.UNCERTAINTY)
