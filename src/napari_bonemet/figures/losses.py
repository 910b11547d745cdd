"""Bone newly lost in the truth and in a forecast's futures, and which slices and samples a figure shows of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.slices import across, require_slice
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.io.composite_codes import LOST
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.processing.composite import CompositeResult
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan


@dataclass(frozen=True, eq=False)
class Loss:
    """Bone lost since the last seen week in one scan.

    Parameters
    ----------
    mm3 : float
        In the whole volume, cubic millimetres.
    planes : mapping of int to ndarray of bool, (rows, columns)
        Where, in the slices that the figure shows.
    """

    mm3: float
    planes: Mapping[int, np.ndarray]


@dataclass(frozen=True)
class ShownSample:
    """A sample that the figure shows.

    Parameters
    ----------
    index : int
        In the forecast's samples, from 0.
    lost_mm3 : float
        Bone newly lost in its whole volume.
    rank : int
        Its place among all samples, from 1 for the least bone lost.
    """

    index: int
    lost_mm3: float
    rank: int

    def as_record(self) -> dict[str, Json]:
        """Plain JSON values."""
        return {"index": self.index, "lost_mm3": self.lost_mm3, "rank": self.rank}


@dataclass(frozen=True, eq=False)
class Losses:
    """What was lost, as far as there is something to ask.

    Parameters
    ----------
    slices : tuple of int
        The slices that the figure shows.
    true, mean : Loss or None
        In the true week, and in the mean of the forecast's samples.
    samples : tuple of Loss
        In each sample; empty for a forecast of one.
    shown : tuple of ShownSample
        Which samples are shown, least bone lost first.
    others : tuple of Loss
        In the means of the forecasts that stand beside the first one.
    """

    slices: tuple[int, ...]
    true: Loss | None = None
    mean: Loss | None = None
    samples: tuple[Loss, ...] = ()
    shown: tuple[ShownSample, ...] = ()
    others: tuple[Loss, ...] = ()


def find_losses(
    last: Scan,
    composite: CompositeResult | None,
    forecast: Forecast | None,
    truth: Scan | None,
    options: MontageOptions,
    *,
    others: Sequence[Forecast] = (),
) -> Losses:
    """Find the bone lost since `last`, then the slices and samples to show.

    Parameters
    ----------
    last : Scan
        The last seen week.
    composite, forecast, truth
        As far as they are there, on the grid of `last`.
    options : MontageOptions
        Threshold, opening, plane; one slice for the overview, several for futures and the table.
    others : sequence of Forecast
        Of the same week, on the same grid.
    """
    before, axis = last.to_numpy() > options.bone_threshold, across(options.plane)
    voxel_mm3 = last.grid.voxel_volume_mm3

    def lost(scan: Scan) -> np.ndarray:
        return newly_lost_bone(scan.to_numpy() > options.bone_threshold, before, opening=options.lesion_opening)

    def loss(mask: np.ndarray) -> Loss:
        planes = {index: np.take(mask, index, axis=axis) for index in slices}
        return Loss(int(np.count_nonzero(mask)) * voxel_mm3, planes)

    true = None if truth is None else lost(truth)
    mean = None if forecast is None else lost(forecast.mean)
    in_composite = None if composite is None else composite.scan.to_numpy() == LOST
    wrong = true ^ mean if options.choose == "failures" and true is not None and mean is not None else None
    slices = choose_slices((wrong, true, in_composite, mean), last.shape[axis], options)
    several = forecast is not None and len(forecast.samples) > 1
    samples = tuple(loss(lost(sample)) for sample in forecast.samples) if forecast is not None and several else ()
    return Losses(
        slices,
        true=None if true is None else loss(true),
        mean=None if mean is None else loss(mean),
        samples=samples,
        shown=spread_over([sample.mm3 for sample in samples], options.shown_samples),
        others=tuple(loss(lost(other.mean)) for other in others),
    )


def choose_slices(masks: Sequence[np.ndarray | None], count: int, options: MontageOptions) -> tuple[int, ...]:
    """The slices to show, from the first.

    Parameters
    ----------
    masks : sequence of ndarray of bool, (z, y, x), or None
        The first one with anything in it decides.
    count : int
        Number of slices.
    options : MontageOptions
        A slice that is asked for is among them; the overview shows one.

    Raises
    ------
    InputError
        When the slice asked for is not there.
    """
    asked = options.slice_index
    if asked is not None:
        require_slice(options.plane, asked, count)
    if options.layout == "overview" and asked is not None:
        return (asked,)
    wanted = options.slices_shown
    others = tuple(a for a in range(3) if a != across(options.plane))
    telling = next((mask for mask in masks if mask is not None and mask.any()), None)
    if telling is None:
        middles = {int((n + 0.5) * count / wanted) for n in range(wanted)}
        return apart(np.array([float(n in middles) for n in range(count)]), wanted, asked)
    return apart(telling.sum(axis=others).astype(float), wanted, asked)


def apart(amounts: np.ndarray, wanted: int, first: int | None = None) -> tuple[int, ...]:
    """The slices with the most, no two of them close together: as far apart as `wanted` of them can be had.

    Parameters
    ----------
    amounts : ndarray, (slices,)
        How much lies in each slice.
    wanted : int
        Fewer come back where there are no more.
    first : int, optional
        One that is taken in any case.
    """
    chosen: tuple[int, ...] = ()
    for distance in range(max(1, int(np.count_nonzero(amounts)) // wanted), 0, -1):
        chosen = _no_closer_than(distance, amounts, wanted, first)
        if len(chosen) == wanted:
            break
    return chosen


def _no_closer_than(distance: int, amounts: np.ndarray, wanted: int, first: int | None) -> tuple[int, ...]:
    left = amounts.copy()
    chosen: list[int] = []
    while len(chosen) < wanted and (left.any() or (first is not None and not chosen)):
        best = int(np.argmax(left)) if chosen or first is None else first
        chosen.append(best)
        left[max(0, best - distance + 1) : best + distance] = 0
    return tuple(sorted(chosen))


def spread_over(lost_mm3: Sequence[float], most: int) -> tuple[ShownSample, ...]:
    """Samples spread evenly from the one with the least bone lost to the one with the most; one alone is the median.

    The first samples drawn would show whatever chance drew first, and hide how far apart the futures lie.

    Parameters
    ----------
    lost_mm3 : sequence of float
        Of every sample; cubic millimetres.
    most : int
        How many to take at the most.
    """
    order = np.argsort(np.asarray(lost_mm3, dtype=float), kind="stable")
    count = min(most, len(order))
    if count == 1:
        ranks = [(len(order) - 1) // 2]
    else:
        ranks = [round(float(place)) for place in np.linspace(0, len(order) - 1, count)]
    return tuple(ShownSample(int(order[rank]), float(lost_mm3[order[rank]]), rank + 1) for rank in ranks)
