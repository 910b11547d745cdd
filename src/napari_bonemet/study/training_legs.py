"""The legs that a forecaster learns from: out of folders in the BoneMet layout, or made by the generator."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from natsort import natsort_keygen

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Triple
from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions, Strain
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import seen_in_every_week
from napari_bonemet.study.grey_legs import read_grey_legs, require_different_legs

_CONTROL_EVERY = 4


@dataclass(frozen=True)
class SyntheticAnimals(Options):
    """Animals that the generator makes on the spot: every fourth is a control."""

    animals: Annotated[
        int,
        Doc("Synthetic animals to learn from, those held out included; every fourth has no tumour."),
        Between(2, 5000),
    ] = 24
    voxel_size: Annotated[
        float,
        Doc("Voxel size. A network forecasts scans of the voxel size that it was trained on."),
        Between(5, 60),
        Unit("µm"),
    ] = 30.0
    slices: Annotated[int, Doc("Slices of each week."), Between(8, 1024), Unit("voxels")] = 48
    side: Annotated[int, Doc("Side of each slice."), Between(16, 2048), Unit("voxels")] = 100
    strain: Annotated[Strain, Doc("Strain of mouse; BALB/c has more and thicker trabeculae.")] = "C57BL/6"

    def cohort(self, weeks: Sequence[float], seed: int) -> CohortOptions:
        """The same animals as a cohort, which ``napari-bonemet cohort`` writes.

        Raises
        ------
        InputError
            When a week is no whole number, or no later than the one before.
        """
        if any(week != round(week) for week in weeks):
            raise InputError(
                "Synthetic animals are scanned in whole weeks", found=" ".join(f"{week:g}" for week in weeks)
            )
        controls = self.animals // _CONTROL_EVERY
        leg = LegOptions(
            shape=(self.slices, self.side, self.side),
            spacing_um=self.voxel_size,
            weeks=tuple(round(week) for week in weeks),
            strain=self.strain,
        )
        return CohortOptions(controls=controls, tumours=self.animals - controls, seed=seed, leg=leg)


def even_gap(inputs: Sequence[float], target: float) -> float:
    """Weeks from one input to the next, and to the target.

    Raises
    ------
    InputError
        When the steps are not even.
    """
    weeks = (*inputs, target)
    gaps = np.diff(weeks)
    if not len(gaps) or gaps.min() <= 0 or not np.allclose(gaps, gaps[0]):
        raise InputError(
            "The weeks to train on cannot be used",
            expected="inputs and target in even steps, such as inputs 0 1 2 and target 3",
            found=" ".join(f"{week:g}" for week in weeks),
        )
    return float(gaps[0])


def legs_in_folders(
    folders: Sequence[Path],
    weeks: Sequence[float],
    *,
    bone_threshold: float,
    spacing: Triple | None = None,
    warn: Callable[[str], None] = lambda _: None,
    progress: Progress = NO_PROGRESS,
) -> tuple[ScanSeries, ...]:
    """`weeks` of each leg that has them all, on one grid, cropped to what every week saw.

    Parameters
    ----------
    folders : sequence of Path
        Registered weeks in the BoneMet layout.
    weeks : sequence of float
        The weeks that are learned from, the one to be forecast last.
    bone_threshold : float
        Bone is above this grey value.
    spacing : tuple of float, optional
        Voxel size (z, y, x), micrometres, of files that state none.
    warn : callable
        Told of legs that are left out.

    Raises
    ------
    InputError
        When something cannot be read, a leg is there twice, no leg has all the weeks, or the weeks of one are not on
        one grid.
    """
    read: list[ScanSeries] = []
    for number, folder in enumerate(folders):
        part = PartOf(progress, number / len(folders), (number + 1) / len(folders))
        read += read_grey_legs(folder, spacing=spacing, progress=part)
    if folders:
        require_different_legs(read, folders[0])
    legs: list[ScanSeries] = []
    for leg in read:
        progress.check()
        missing = [week for week in weeks if week not in leg.weeks]
        if missing:
            warn(f"{leg.leg} is left out: it has no week {', '.join(f'{w:g}' for w in missing)}")
            continue
        chosen = leg.select(weeks)
        chosen.require_one_grid("Training")
        legs.append(seen_in_every_week(chosen, bone_threshold))
    if not legs:
        raise InputError("No leg has all the weeks to train on", expected=" ".join(f"{week:g}" for week in weeks))
    return tuple(legs)


def legs_of_cohort(
    cohort: CohortOptions, *, bone_threshold: float, progress: Progress = NO_PROGRESS
) -> tuple[ScanSeries, ...]:
    """The registered weeks of a synthetic cohort, in the order in which its folder would be read.

    Raises
    ------
    InputError
        When the generator refuses an option.
    """
    every = animals(replace(cohort, component="Regist-CT"))
    legs: list[ScanSeries] = []
    for number, animal in enumerate(every):
        part = PartOf(progress, number / len(every), (number + 1) / len(every))
        part.message(f"making synthetic animal {number + 1} of {len(every)}")
        legs.append(seen_in_every_week(make_leg(animal, progress=part).registered(), bone_threshold))
    natural = natsort_keygen()
    return tuple(sorted(legs, key=lambda leg: natural(leg.leg)))
