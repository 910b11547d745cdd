"""Where the animals of a benchmark come from: training, validation and test sets that share no animal."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.benchmark.options import BenchmarkOptions
from napari_bonemet.forecast.benchmark.real import RealAnimals
from napari_bonemet.forecast.benchmark.real_blocks import Part
from napari_bonemet.forecast.benchmark.settings import MAIN, Setting, main_setting, settings_beside
from napari_bonemet.forecast.benchmark.store import Source
from napari_bonemet.forecast.benchmark.synthetic import SyntheticAnimals

# Seeds of the cohorts: 1 is what the networks that come with the package learned from.
TRAINING, VALIDATION, TEST, BESIDE = 1, 3, 2, 4


@dataclass(frozen=True)
class Sources:
    """The sets of one benchmark.

    Parameters
    ----------
    options : BenchmarkOptions
        Filled.
    data : Path
        The folder of real scans, for real bones.
    """

    options: BenchmarkOptions
    data: Path

    @property
    def training(self) -> Source:
        """Animals to learn from."""
        return self._set("training", main_setting(self.options.jitter), "training_animals", TRAINING)

    @property
    def validation(self) -> Source:
        """Animals to stop and to calibrate by."""
        return self._set("validation", main_setting(self.options.jitter), "validation_animals", VALIDATION)

    @cached_property
    def beside(self) -> tuple[Setting, ...]:
        """How the cohorts beside the main one are made."""
        real = self.options.cohort != "synthetic"
        return settings_beside(self.options.beside, real=real, jitter=self.options.jitter)

    @property
    def tests(self) -> dict[str, Source]:
        """Unseen animals by name of the test, the main one first."""
        made = {MAIN: self._set("test", main_setting(self.options.jitter), "animals", TEST)}
        return made | {setting.name: self._set("test", setting, "beside_animals", BESIDE) for setting in self.beside}

    def _set(self, part: Part, setting: Setting, count: str, seed: int) -> Source:
        options = self.options
        if options.shape is None or options.spacing_um is None:
            raise InputError("The grid of the benchmark is not set", remedy="Use BenchmarkOptions(...).filled()")
        animals = options.count(count)
        if options.cohort == "synthetic":
            return SyntheticAnimals(setting, options.shape, options.spacing_um, animals, seed)
        return RealAnimals(options.cohort, self.data, part, setting, options.shape, animals, seed)
