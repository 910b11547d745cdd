from dataclasses import dataclass, replace

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast, summarise
from napari_bonemet.metrics.probabilistic import spread_skill
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Scan
from napari_bonemet.study.sample_check import check_samples

SHAPE = (40, 30, 30)


def scan(voxels: np.ndarray) -> Scan:
    return Scan(voxels.astype(np.float32), (10.0, 10.0, 10.0), (0.0, 0.0, 0.0), "871", "left", day=21.0)


def bone(seed: int = 0) -> tuple[Scan, np.ndarray]:
    there = np.random.default_rng(seed).random(SHAPE) < 0.3
    there[:20] = False  # the first slab has none
    return scan(np.where(there, 200, 20)), there


def drawn(spread: float, n: int = 9, seed: int = 1) -> Forecast:
    rng = np.random.default_rng(seed)
    return summarise([scan(rng.normal(150, spread, SHAPE)) for _ in range(n)], week=3, model="made")


def truth(where: np.ndarray, spread: float = 10.0) -> Scan:
    # Away from the bone nothing fits, and nothing may count.
    return scan(np.where(where, np.random.default_rng(2).normal(150, spread, SHAPE), 1000))


def test_the_truth_as_one_more_sample_is_right() -> None:
    last, where = bone()
    check = check_samples(drawn(10), truth(where), last, bone_threshold=75)
    assert check is not None
    assert check.expected == pytest.approx(0.8)
    assert check.covered == pytest.approx(0.8, abs=0.02)
    assert check.spread_skill == pytest.approx(1, abs=0.03)
    assert check.calibrated_covered is None
    whole = spread_skill(drawn(10).samples, truth(where), where)
    assert check.spread_skill == pytest.approx(whole, rel=1e-6)


def test_samples_that_are_too_sure_are_found_out() -> None:
    last, where = bone()
    check = check_samples(drawn(3), truth(where), last, bone_threshold=75)
    assert check is not None
    assert check.covered < 0.4
    assert check.spread_skill == pytest.approx(0.3, abs=0.05)


def test_with_many_samples_the_interval_is_of_nine_in_ten() -> None:
    last, where = bone()
    check = check_samples(drawn(10, n=29), truth(where), last, bone_threshold=75)
    assert check is not None
    assert check.expected == 0.9
    assert check.covered == pytest.approx(0.9, abs=0.02)


@dataclass
class Known:
    lower: Scan
    upper: Scan
    level: float = 0.8


def test_the_calibrated_interval_stands_beside() -> None:
    last, where = bone()
    wide = 10 * 1.2816
    known = Known(scan(np.full(SHAPE, 150 - wide)), scan(np.full(SHAPE, 150 + wide)))
    check = check_samples(drawn(3), truth(where), last, bone_threshold=75, calibrated=known)
    assert check is not None
    assert check.level == 0.8
    assert check.calibrated_covered == pytest.approx(0.8, abs=0.02)


def test_what_cannot_be_checked_is_none_or_said() -> None:
    last, where = bone()
    assert check_samples(drawn(10, n=1), truth(where), last, bone_threshold=75) is None
    assert check_samples(drawn(10, n=2), truth(where), last, bone_threshold=250) is None
    with pytest.raises(InputError, match="forecast's grid"):
        check_samples(drawn(10, n=2), replace(truth(where), origin=(10.0, 0.0, 0.0)), last, bone_threshold=75)


def test_it_stops_when_asked() -> None:
    class Stop:
        def advance(self, fraction: float) -> None:
            if fraction < 1:
                raise Cancelled

        def message(self, text: str) -> None: ...

        def check(self) -> None: ...

    last, where = bone()
    with pytest.raises(Cancelled):
        check_samples(drawn(10, n=2), truth(where), last, bone_threshold=75, progress=Stop())
