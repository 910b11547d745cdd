"""Synthetic animals of the benchmark: registered by the generator or by this package, with their true futures."""

from dataclasses import dataclass, replace

import numpy as np

from napari_bonemet.forecast.benchmark.animal import SEEN, TARGET, Animal
from napari_bonemet.forecast.benchmark.options import controls_among
from napari_bonemet.forecast.benchmark.settings import OURS, Setting, leg_of
from napari_bonemet.geometry import Shape
from napari_bonemet.phantom import scanner
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import SyntheticLeg, continue_leg, make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.provenance import Json
from napari_bonemet.resample import resample
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

# Voxels around the field that poses of the weeks bring in, cut away once they are registered.
_AROUND = 8
_WEEKS = (0, 1, 2, 3)


@dataclass(frozen=True)
class SyntheticAnimals:
    """The animals of one set of one cohort.

    Parameters
    ----------
    setting : Setting
        How they are made.
    shape : tuple of int
        Voxels of each week, (z, y, x).
    spacing_um : float
        Voxel size.
    count : int
        How many, a quarter of them controls.
    seed : int
        Which.
    """

    setting: Setting
    shape: Shape
    spacing_um: float
    count: int
    seed: int

    def _members(self) -> tuple[LegOptions, ...]:
        controls = controls_among(self.count)
        leg = leg_of(self.setting, self.shape, self.spacing_um)
        return animals(CohortOptions(controls=controls, tumours=self.count - controls, seed=self.seed, leg=leg))

    @property
    def names(self) -> tuple[str, ...]:
        """The animals, controls first."""
        return tuple(member.subject for member in self._members())

    @property
    def record(self) -> dict[str, Json]:
        """What makes them what they are, but for which of them there are."""
        leg = leg_of(self.setting, self.shape, self.spacing_um)
        return {"generator": leg.generator, "jitter": self.setting.jitter, "leg": leg.as_record(), "seed": self.seed}

    def _member(self, name: str) -> LegOptions:
        return next(member for member in self._members() if member.subject == name)

    def make(self, name: str) -> Animal:
        """One of them."""
        options = self._member(name)
        if self.setting.jitter == OURS:
            return _registered_by_us(options)
        leg = make_leg(options)
        still = leg.truth.clean[-1]
        laid = scanner.take(leg.volumes[-1], scanner.residual(options, options.weeks[-1]), options, None)
        return Animal(name, options.tumour, leg.registered(), replace(still, voxels=laid), still, _lesions(leg))

    def future(self, name: str, seed: int) -> Scan:
        """Another week 3 of the same past, scanned as the weeks were; to the voxel as `continue_leg` makes it."""
        # Only the weeks that are scanned cost; the lesions grow through all of them whichever are.
        options = replace(self._member(name), weeks=(_WEEKS[0], int(TARGET)))
        return continue_leg(options, SEEN, seed).registered().at_week(TARGET)


def _lesions(leg: SyntheticLeg) -> np.ndarray:
    now, before = (leg.truth.lesion_labels[index] > 0 for index in (-1, SEEN))
    return np.stack([now & ~before, now])


def _registered_by_us(options: LegOptions) -> Animal:
    from napari_bonemet.processing.register import register_weeks

    around, spacing = _AROUND, options.spacing_um
    z, y, x = (side + 2 * around for side in options.shape)
    wide = replace(options, shape=(z, y, x), start_um=-(options.plate_um + around * spacing))
    leg = make_leg(wide)
    made = register_weeks(leg.series)
    still = leg.truth.clean[-1]
    posed = scanner.take(leg.volumes[-1], leg.truth.poses[-1], wide, None)
    clean = resample(replace(still, voxels=posed), made.series.baseline.grid, made.transforms[-1])
    inner = tuple(slice(around, -around) for _ in range(3))
    series = ScanSeries(tuple(scan.crop(inner) for scan in made.series))
    known = (clean.crop(inner), still.crop(inner), _lesions(leg)[(slice(None), *inner)])
    return Animal(options.subject, options.tumour, series, *known)
