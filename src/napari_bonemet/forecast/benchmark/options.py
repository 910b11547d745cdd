"""What a benchmark is made of: how many animals, which rows, and what a row may cost."""

from dataclasses import dataclass
from typing import Annotated, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Shape
from napari_bonemet.options import Between, Doc, Options, Unit, Unset

Budget = Literal["smoke", "cpu", "gpu"]
CohortName = Literal["synthetic", "femur", "lhdl"]

# What a budget sets where nothing else is asked for.
BUDGETS: dict[Budget, dict[str, object]] = {
    "smoke": {
        "training_animals": 6, "validation_animals": 4, "animals": 4, "beside_animals": 4, "samples": 4,
        "continuations": 3, "minutes": 0.05, "shape": (12, 32, 32), "spacing_um": 60.0,
    },
    "cpu": {
        "training_animals": 88, "validation_animals": 16, "animals": 60, "beside_animals": 16, "samples": 16,
        "continuations": 32, "minutes": 20.0, "shape": (48, 100, 100), "spacing_um": 30.0,
    },
    "gpu": {
        "training_animals": 400, "validation_animals": 40, "animals": 100, "beside_animals": 24, "samples": 16,
        "continuations": 32, "minutes": 20.0, "shape": (48, 100, 100), "spacing_um": 30.0,
    },
}  # fmt: skip
# Blocks of real bone are small: its parts are.
BLOCK: Shape = (16, 80, 80)
SPACING = {"femur": 25.0, "lhdl": 19.5}
BY_BUDGET = Unset("by the budget")


@dataclass(frozen=True)
class BenchmarkOptions(Options):
    """What is compared, on which animals, at what cost. What is left empty follows from the budget."""

    budget: Annotated[
        Budget, Doc("smoke: minutes, to see that all runs; cpu: 20 minutes a row; gpu: more animals.")
    ] = "cpu"
    cohort: Annotated[
        CohortName,
        Doc("synthetic legs, or real bones (mouse femur, human trabecular cube) with edits that grow week by week."),
    ] = "synthetic"
    jitter: Annotated[
        Literal["0", "0.35", "ours"],
        Doc("What registration leaves in all weeks, in voxels; ours: each animal is registered by this package."),
    ] = "0.35"
    beside: Annotated[
        tuple[str, ...] | None,
        Doc("Further cohorts that the same rows are tested on (see the docs); all when not given, none: --beside no."),
        Unset("all"),
    ] = None
    training_animals: Annotated[int | None, Doc("Animals to learn from."), Between(3, 100_000), BY_BUDGET] = None
    validation_animals: Annotated[
        int | None, Doc("Animals to stop by and to calibrate on."), Between(2, 10_000), BY_BUDGET
    ] = None
    animals: Annotated[int | None, Doc("Unseen animals to score."), Between(2, 100_000), BY_BUDGET] = None
    beside_animals: Annotated[
        int | None, Doc("Unseen animals of each cohort beside."), Between(2, 100_000), BY_BUDGET
    ] = None
    samples: Annotated[int | None, Doc("Futures drawn of each animal."), Between(2, 1000), BY_BUDGET] = None
    continuations: Annotated[
        int | None, Doc("True futures of each animal that the samples are held to."), Between(2, 1000), BY_BUDGET
    ] = None
    minutes: Annotated[float | None, Doc("Training of each row."), Between(0, 1e5), Unit("min"), BY_BUDGET] = None
    shape: Annotated[Shape | None, Doc("Voxels of each week, z y x."), Between(8, 2048), BY_BUDGET] = None
    spacing_um: Annotated[float | None, Doc("Voxel size."), Between(5, 120), Unit("µm"), BY_BUDGET] = None
    half_precision: Annotated[bool, Doc("Train networks in bfloat16: twice as fast on processors that know it.")] = True
    draws: Annotated[int, Doc("Bootstrap draws of the animals."), Between(50, 1_000_000)] = 2000
    bone_threshold: Annotated[float, Doc("Bone is above this grey value."), Between(0, 255)] = 75.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cohort == "synthetic":
            return
        if self.jitter == "ours":
            raise InputError("Blocks of real bone have no poses to be registered", expected="--jitter 0 or 0.35")
        if self.spacing_um not in (None, SPACING[self.cohort]):
            raise InputError("Blocks of real bone have the voxel size of the scan", remedy="Leave out --spacing-um")

    def filled(self) -> "BenchmarkOptions":
        """With everything that the budget sets."""
        values = {name: getattr(self, name) for name in self.as_record()}
        by_budget = BUDGETS[self.budget]
        if self.cohort != "synthetic":
            by_budget = {**by_budget, "spacing_um": SPACING[self.cohort]}
            by_budget |= {} if self.budget == "smoke" else {"shape": BLOCK}
        empty = {name: value for name, value in by_budget.items() if values[name] is None}
        return BenchmarkOptions(**{**values, **empty})

    def count(self, name: str) -> int:
        """A number that the budget has set.

        Raises
        ------
        InputError
            When it is not set.
        """
        value = getattr(self, name)
        if value is None:
            raise InputError(f"The benchmark's {name} are not set", remedy="Use BenchmarkOptions(...).filled()")
        return int(value)


def controls_among(animals: int) -> int:
    """A quarter, and at least one: without controls smoothing would pass for foresight."""
    return max(1, animals // 4)
