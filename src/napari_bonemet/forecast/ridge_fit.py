"""What a ridge regression is fitted from: its options, the sums over legs, and the record of the fit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Annotated

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import require_fit
from napari_bonemet.forecast.forecaster import before
from napari_bonemet.forecast.normal_equations import NormalEquations, PenaltyChoice, choose_penalty
from napari_bonemet.forecast.patches import Window, mirror_classes, near_bone, patch_features, windows
from napari_bonemet.geometry import Triple
from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.progress import Progress
from napari_bonemet.provenance import Json
from napari_bonemet.series import ScanSeries

# Features and values are divided by this, so that the penalties mean the same for every leg.
GREY_SCALE = 255.0

MAX_FOLDS = 10


@dataclass(frozen=True)
class RidgeOptions(Options):
    """What the ridge regression looks at."""

    weeks_seen: Annotated[int, Doc("How many last weeks it looks at."), Between(1, 12), Unit("weeks")] = 3
    gap_weeks: Annotated[
        float, Doc("Time from scan to scan, and to the forecast."), Between(0.2, 26), Unit("weeks")
    ] = 1.0
    patch: Annotated[int, Doc("Side of the patch within a slice; odd."), Between(1, 15), Unit("voxels")] = 5
    depth: Annotated[int, Doc("Slices of the patch; odd."), Between(1, 9), Unit("slices")] = 1
    bone_threshold: Annotated[float, Doc("Bone is above this grey value."), Between(0, 65535)] = 75.0
    symmetric: Annotated[
        bool,
        Doc(
            "Give mirrored places of the patch one weight; without it the fit learns the shifts that "
            "registration left in the training legs, which another leg does not share."
        ),
    ] = True
    margin: Annotated[
        int, Doc("Further from bone than this, the last week is copied."), Between(0, 20), Unit("voxels")
    ] = 2
    voxels: Annotated[int, Doc("Voxels drawn at random per leg and week."), Between(100, 10_000_000)] = 20_000
    seed: Annotated[int, Doc("Seed of the drawing."), Between(0, 2**31)] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("patch", "depth"):
            if getattr(self, name) % 2 == 0:
                raise InputError(f"The {name} of the ridge regression has no centre", expected="an odd number")

    @property
    def extents(self) -> tuple[int, int, int]:
        """The patch along (z, y, x)."""
        return (self.depth, self.patch, self.patch)

    @property
    def basis(self) -> np.ndarray:
        """From the voxels of a patch to its features, (patch voxels, features of one week)."""
        return mirror_classes(self.extents) if self.symmetric else np.eye(int(np.prod(self.extents)))


_Leg = tuple[ScanSeries, tuple[Window, ...]]


@dataclass(frozen=True, eq=False)
class RidgeFit:
    """What fitting gives.

    Parameters
    ----------
    coefficients : ndarray, (p,)
        Weights of the patch features, the constant last; of greys divided by 255.
    spacing : tuple of float
        Voxel size of the legs, micrometres.
    record : mapping
        What it was fitted to, and the error on held-out folds; plain JSON values.
    synthetic : bool
        Whether any leg was made by the generator.
    """

    coefficients: np.ndarray
    spacing: Triple
    record: Mapping[str, Json]
    synthetic: bool


def fit_ridge(legs: Sequence[ScanSeries], options: RidgeOptions, progress: Progress) -> RidgeFit:
    """Fit to every run of `weeks_seen` + 1 evenly spaced scans; see `RidgeForecaster.fit`.

    Raises
    ------
    InputError
        When no leg has enough weeks, the weeks of a leg are not on one grid, or voxel sizes differ.
    """
    found = [(leg, windows(before(leg, math.inf), options.weeks_seen, options.gap_weeks)) for leg in legs]
    usable: list[_Leg] = [(leg, runs) for leg, runs in found if runs]
    if not usable:
        raise InputError(
            "There is nothing to fit the ridge regression to",
            expected=f"a leg with {options.weeks_seen + 1} scans {options.gap_weeks:g} week(s) apart",
            found="; ".join(f"{leg.leg}: weeks " + ", ".join(f"{w:g}" for w in leg.weeks) for leg in legs[:3]),
        )
    spacing = usable[0][0].baseline.spacing
    folds: dict[str, NormalEquations] = {}
    rng = np.random.default_rng(options.seed)
    for number, (leg, runs) in enumerate(usable):
        progress.message(f"reading {leg.leg}")
        require_fit(leg, model="One ridge regression", input_kind="grey", spacing=spacing)
        for names, run in zip(_fold_names(usable, number), runs, strict=True):
            progress.check()
            for name, sums in zip(names, _run_sums(run, len(names), options, rng), strict=True):
                folds[name] = folds[name] + sums if name in folds else sums
        progress.advance((number + 1) / len(usable))
    choice = choose_penalty(list(folds.values()))
    return RidgeFit(
        coefficients=reduce(add, folds.values()).solve(choice.penalty),
        spacing=spacing,
        record=_record(usable, len(legs), folds, choice),
        synthetic=any(leg.synthetic for leg, _ in usable),
    )


def _fold_names(usable: Sequence[_Leg], number: int) -> list[tuple[str, ...]]:
    """The folds that the samples of each run of a leg go to.

    Animals, where there are several; else the legs of the one animal; else the target weeks of the one
    leg; else, with a single run of weeks, slabs of slices, which share the run's misregistration and so
    find no penalty for learning it.
    """
    leg, runs = usable[number]
    animals = list(dict.fromkeys(leg.baseline.subject or leg.leg for leg, _ in usable))
    if len(usable) > 1:
        place = animals.index(leg.baseline.subject or leg.leg) if len(animals) > 1 else number
        return [(f"{'animals' if len(animals) > 1 else 'legs'} {place % MAX_FOLDS + 1}",)] * len(runs)
    if len(runs) > 1:
        return [(f"week {run.target.week:g}",) for run in runs]
    return [tuple(f"slab {part}" for part in range(1, 5))]


def _run_sums(run: Window, parts: int, options: RidgeOptions, rng: np.random.Generator) -> list[NormalEquations]:
    """Sums over voxels drawn near bone, in `parts` slabs from proximal to distal."""
    volumes = [scan.to_numpy() for scan in run.inputs]
    target = run.target.to_numpy()
    places = np.flatnonzero(near_bone(volumes, options.bone_threshold, options.margin))
    if len(places) < parts:
        raise InputError(
            f"{run.target.leg} has no bone to learn from", expected=f"greys above {options.bone_threshold:g}"
        )
    if len(places) > options.voxels:
        places = np.sort(rng.choice(places, options.voxels, replace=False))
    made = []
    for part in np.array_split(np.stack(np.unravel_index(places, target.shape), axis=1), parts):
        at = (part[:, 0], part[:, 1], part[:, 2])
        change = (target[at].astype(np.float64) - volumes[-1][at]) / GREY_SCALE
        features = patch_features(volumes, part, options.extents).reshape(len(part), len(volumes), -1) @ options.basis
        made.append(NormalEquations.of(features.reshape(len(part), -1) / GREY_SCALE, change))
    return made


def _record(
    usable: Sequence[_Leg],
    given: int,
    folds: Mapping[str, NormalEquations],
    choice: PenaltyChoice,
) -> dict[str, Json]:
    gain = 10 * np.log10(choice.null_error / choice.held_out_error) if choice.held_out_error > 0 else None
    copying = math.isinf(choice.penalty)
    return {
        "legs": [leg.leg for leg, _ in usable],
        "legs_passed_over": given - len(usable),
        "targets": sorted({window.target.week for _, found in usable for window in found if window.target.week}),
        "voxels": sum(fold.count for fold in folds.values()),
        "folds": sorted(folds),
        "penalty": "infinite: nothing did better on the held-out folds than copying" if copying else choice.penalty,
        "held_out_mse_greys": choice.held_out_error * GREY_SCALE**2,
        "copy_mse_greys": choice.null_error * GREY_SCALE**2,
        "held_out_gain_near_bone_db": None if gain is None else float(gain),
    }
