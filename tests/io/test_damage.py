"""Damaged files of every format, a few of the many that benchmarks/fuzz_readers.py makes."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fuzz_readers.py"


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_readers", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_damaged_files_are_refused_in_words_or_read(fuzz: ModuleType) -> None:
    counts, failures, peak = fuzz.run(seed=3, cases=400)
    assert not failures
    assert sum(counts.values()) == 400
    results = {result for _, result in counts}
    assert results >= {"refused", "read unharmed", "read with other values"}
    assert peak < 1500
