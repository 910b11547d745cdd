import numpy as np
import pytest

from napari_bonemet.diagnose.scoring.figures import figures_of
from napari_bonemet.diagnose.scoring.lead_time import lead_time
from napari_bonemet.diagnose.scoring.temperature import temperature
from napari_bonemet.errors import InputError

SCORES = np.array([0.9, 0.8, 0.6, 0.4, 0.7, 0.2, 0.1, 0.3])
ILL = np.array([True, True, True, True, False, False, False, False])
ANIMALS = [f"a{number}" for number in range(8)]


def test_figures_by_hand() -> None:
    found = figures_of(SCORES, ILL, ANIMALS)
    # 3 of 4 ill are called so, and 1 of 4 well is.
    expected = {"precision": 3 / 4, "recall": 3 / 4, "specificity": 3 / 4, "f1": 3 / 4, "accuracy": 6 / 8}
    assert {name: found[name].value for name in expected} == pytest.approx(expected)
    assert found["roc_area"].value == pytest.approx(14 / 16)  # of 16 pairs two are the wrong way round
    assert found["pr_area"].value == pytest.approx((1 + 1 + 3 / 4 + 4 / 5) / 4)
    assert figures_of(SCORES, ILL, ANIMALS, at=0.75)["recall"].value == pytest.approx(2 / 4)
    for interval in found.values():
        assert interval.low <= interval.value <= interval.high
        assert interval.animals == 8


def test_many_scans_of_few_animals_are_few() -> None:
    rng = np.random.default_rng(0)
    ill = np.arange(400) % 2 == 0
    scores = rng.random(400) * 0.8 + 0.2 * ill
    own = figures_of(scores, ill, [str(number) for number in range(400)], draws=300)["accuracy"]
    # The same scans, ten of an animal, each told right or wrong together with the others of it.
    right = np.repeat(rng.random(40) < own.value, 10)
    few = figures_of(np.where(right == ill, 0.9, 0.1), ill, [str(n // 10) for n in range(400)], draws=300)["accuracy"]
    assert few.animals == 40
    assert few.high - few.low > 2 * (own.high - own.low)


def test_what_cannot_be_scored() -> None:
    with pytest.raises(InputError, match="differ in number"):
        figures_of(SCORES, ILL[:3], ANIMALS)
    with pytest.raises(InputError, match="no numbers"):
        figures_of(SCORES * np.nan, ILL, ANIMALS)
    assert np.isnan(figures_of(SCORES, np.ones(8, dtype=bool), ANIMALS, draws=10)["roc_area"].value)


def test_temperature_takes_away_what_was_put_on() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(0, 2, 20_000)
    ill = rng.random(true.size) < 1 / (1 + np.exp(-true))
    assert temperature(3 * true, ill) == pytest.approx(3.0, rel=0.06)
    assert temperature(true / 4, ill) == pytest.approx(0.25, rel=0.06)
    with pytest.raises(InputError):
        temperature(np.array([np.inf]), np.array([True]))


def test_lead_time_by_hand() -> None:
    well = {f"c{n}": {0.0: 0.1, 1.0: n / 10, 2.0: 0.2} for n in range(10)}  # highest 0.2, 0.2, 0.2, 0.3 ... 0.9
    ill = {
        "early": {0.0: 0.1, 1.0: 0.95, 2.0: 0.99},
        "late": {0.0: 0.1, 1.0: 0.8, 2.0: 0.85},
        "never": {0.0: 0.1, 1.0: 0.2, 2.0: 0.3},
    }
    found = lead_time(ill, well, specificity=0.9)
    assert found.threshold == pytest.approx(0.8)
    assert found.specificity == pytest.approx(0.9)
    assert dict(found.called) == {"early": 1.0, "late": 2.0, "never": None}
    assert dict(found.lead_weeks) == {"early": 1.0, "late": 0.0, "never": 0.0}
    assert (found.share_by(1.0), found.share_by(2.0)) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert lead_time(ill, well, specificity=1.0).called == {"early": 1.0, "late": None, "never": None}
    with pytest.raises(InputError):
        lead_time({}, well)
