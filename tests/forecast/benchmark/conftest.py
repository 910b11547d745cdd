"""The least benchmark that has every part: a handful of animals, a network of few weights, one epoch."""

from collections.abc import Callable

import pytest

from napari_bonemet.forecast.benchmark import recipes
from napari_bonemet.forecast.benchmark.baselines import BASELINES
from napari_bonemet.forecast.benchmark.options import BenchmarkOptions
from napari_bonemet.forecast.benchmark.recipes import Recipe
from napari_bonemet.forecast.benchmark.run import Benchmark, Result, run_benchmark

TINY = {"width": 4, "g_dim": 8, "hidden": 8, "crop": 32, "size": 32}
LEAST = BenchmarkOptions(
    budget="smoke", beside=("aggressive",), training_animals=3, validation_animals=2, animals=2, beside_animals=2,
    samples=3, continuations=2, minutes=0, half_precision=False, draws=50,
)  # fmt: skip


def tiny_recipes() -> dict[str, Recipe]:
    names = (*BASELINES, "tvae-gate")
    training = {"epochs": 1, "batch": 8}
    return {
        name: Recipe(name) if name in BASELINES else Recipe(name, name, training=training, options=TINY)
        for name in names
    }


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return Benchmark(tmp_path_factory.mktemp("benchmark") / "out", LEAST, seeds=(1,))


@pytest.fixture(autouse=True)
def few_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "recipes", tiny_recipes)


@pytest.fixture(scope="session")
def result(asked: Benchmark) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipes, "recipes", tiny_recipes)
        return run_benchmark(asked)


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make a function of the package fail when it is called."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("this was to be read, not made again")

    return lambda name: monkeypatch.setattr(name, fail)
