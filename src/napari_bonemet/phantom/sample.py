"""The embedded sample, and other synthetic animals to learn from."""

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.phantom.leg import SyntheticLeg, make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.series import ScanSeries

SAMPLES = {"synthetic-1": LegOptions(seed=6)}

# Controls are among them, or a forecaster would learn that every leg loses bone.
_CONTROL_EVERY = 4


def sample_leg(name: str = "synthetic-1", *, progress: Progress = NO_PROGRESS) -> SyntheticLeg:
    """The embedded sample: a tumour leg in weeks 0 to 3, made on the fly and always the same.

    Raises
    ------
    InputError
        When there is no sample of that name.
    """
    if name not in SAMPLES:
        raise InputError(f"There is no sample {name!r}", expected=" or ".join(SAMPLES))
    return make_leg(SAMPLES[name], progress=progress)


def training_legs(
    n: int, seed: int = 0, *, options: LegOptions | None = None, progress: Progress = NO_PROGRESS
) -> tuple[ScanSeries, ...]:
    """Registered weeks of `n` other synthetic animals, three of four with tumours.

    Parameters
    ----------
    n : int
        How many animals.
    seed : int
        Which animals; the sample's own animal is never among them.
    options : LegOptions, optional
        Grid, weeks and scanner; the sample's when None. Its seed, subject and tumour are replaced.

    Raises
    ------
    InputError
        When `n` is negative.
    """
    if n < 0:
        raise InputError("The number of animals cannot be used", expected="0 or more", found=str(n))
    base = options or LegOptions()
    taken = {sample.seed for sample in SAMPLES.values()}
    rng = np.random.default_rng([seed, n])
    legs: list[ScanSeries] = []
    while len(legs) < n:
        progress.advance(len(legs) / n)
        animal = int(rng.integers(2**32))
        if animal in taken:
            continue
        taken.add(animal)
        number = len(legs) + 1
        record = {
            **base.as_record(),
            "seed": animal,
            "subject": f"synthetic-t{seed}-{number}",
            "tumour": number % _CONTROL_EVERY != 0,
        }
        legs.append(make_leg(LegOptions.from_record(record)).registered())
    progress.advance(1.0)
    return tuple(legs)
