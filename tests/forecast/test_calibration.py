"""Calibration on legs whose errors are known: too sure before, right after, on animals that it never saw."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.forecast import calibration_tables
from napari_bonemet.forecast.calibration import Calibration, CalibrationOptions
from napari_bonemet.forecast.calibration_probability import ProbabilityModel
from napari_bonemet.forecast.calibration_tables import predictors
from napari_bonemet.forecast.calibration_variance import IntervalModel, VarianceModel
from napari_bonemet.forecast.forecaster import Forecast, summarise
from napari_bonemet.metrics.events import reliability
from napari_bonemet.metrics.lost_bone import new_lesions, resorption_share
from napari_bonemet.metrics.probabilistic import coverage, spread_skill
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Kind, Scan

SHAPE = (16, 40, 40)
SAMPLES = 12
OPTIONS = CalibrationOptions(voxels_per_animal=20_000)


@dataclass(frozen=True)
class Case:
    """A forecast, what came, and the week before."""

    forecast: Forecast
    truth: Scan
    last: Scan


def scan(voxels: np.ndarray, week: int, animal: int) -> Scan:
    grey = np.clip(np.rint(voxels), 0, 255).astype(np.uint8)
    return Scan(grey, (30.0,) * 3, subject=f"s{animal}", side="left", day=7.0 * week, kind=Kind.REGIST, synthetic=True)


def cubes(rng: np.random.Generator, chance: np.ndarray) -> np.ndarray:
    """Cubes of four voxels, each lost with its chance."""
    lost = rng.random(chance.shape) < chance
    return np.kron(lost, np.ones((4, 4, 4))) > 0


def case(animal: int, *, samples: int = SAMPLES) -> Case:
    """Bone that cubes are lost of; samples know the chances, but are too bold, and know half of the other errors."""
    rng = np.random.default_rng((9, animal))
    last = np.where(ndimage.gaussian_filter(rng.normal(size=SHAPE), 3) > 0, 150.0, 30.0)
    last = ndimage.gaussian_filter(last, 0.6)
    likely = np.clip(0.5 * rng.random((4, 10, 10)) ** 2, 0, 1)
    error = 2.0 + 0.15 * ndimage.gaussian_gradient_magnitude(last, 0.6)
    vague = 12.0 * (ndimage.gaussian_filter(rng.normal(size=SHAPE), 4) > 0)

    def future(chance: np.ndarray, noise: np.ndarray) -> np.ndarray:
        left = np.where(cubes(rng, chance), 30.0, last)
        return left + noise * rng.normal(size=SHAPE)

    truth = future(likely, np.hypot(error, vague))
    drawn = [scan(future(likely**2, 0.4 * vague), 3, animal) for _ in range(samples)]
    made = summarise(drawn, week=3, model="toy")
    return Case(made, scan(truth, 3, animal), scan(last, 2, animal))


@pytest.fixture(scope="module")
def seen() -> list[Case]:
    return [case(animal) for animal in range(8)]


@pytest.fixture(scope="module")
def unseen() -> list[Case]:
    return [case(animal) for animal in range(100, 105)]


def fitted(cases: list[Case], options: CalibrationOptions = OPTIONS, *, lasts: bool = True) -> Calibration:
    return Calibration.fit(
        (c.forecast for c in cases),
        (c.truth for c in cases),
        (c.last for c in cases) if lasts else None,
        options=options,
    )


@pytest.fixture(scope="module")
def calibration(seen: list[Case]) -> Calibration:
    return fitted(seen)


def joined(cases: list[Case], of: str) -> np.ndarray:
    return np.concatenate([getattr(c, of).to_numpy() for c in cases])


def test_unseen_animals_get_the_spread_that_their_errors_have(calibration: Calibration, unseen: list[Case]) -> None:
    raw = np.concatenate([np.stack([s.to_numpy() for s in c.forecast.samples]) for c in unseen], axis=1)
    truth = joined(unseen, "truth").astype(float)
    assert spread_skill(raw, truth) < 0.85
    made = [calibration.apply(c.forecast) for c in unseen]
    spread = np.concatenate([m.spread.to_numpy() for m in made])
    error = truth - np.concatenate([c.forecast.mean.to_numpy() for c in unseen])
    assert np.sqrt(np.mean(spread.astype(float) ** 2) / np.mean(error**2)) == pytest.approx(1, abs=0.08)
    # Not one spread for all: where little is expected little comes.
    order = np.argsort(spread, axis=None)
    for part in np.array_split(order, 5):
        ratio = np.sqrt(np.mean(spread.ravel()[part].astype(float) ** 2) / np.mean(error.ravel()[part] ** 2))
        assert ratio == pytest.approx(1, abs=0.3)
    assert spread.max() > 4 * spread.min()


def test_the_interval_holds_nine_of_ten_voxels_of_unseen_animals_where_errors_are_small_and_large(
    calibration: Calibration, unseen: list[Case]
) -> None:
    truth = joined(unseen, "truth")
    made = [calibration.apply(c.forecast) for c in unseen]
    assert made[0].lost_bone is None
    lower, upper, spread = (
        np.concatenate([getattr(m, of).to_numpy() for m in made]) for of in ("lower", "upper", "spread")
    )
    assert calibration.evidence["before"]["coverage"] < 0.7  # type: ignore[index,call-overload,operator]
    assert coverage(lower, upper, truth) == pytest.approx(0.9, abs=0.02)
    middle = np.median(spread)
    assert coverage(lower, upper, truth, spread > middle) == pytest.approx(0.9, abs=0.04)
    assert coverage(lower, upper, truth, spread <= middle) == pytest.approx(0.9, abs=0.04)
    assert lower.min() >= 0
    assert upper.max() <= 255
    narrow = fitted([case(n) for n in range(3)], replace(OPTIONS, level=0.5))
    some = narrow.apply(unseen[0].forecast)
    assert coverage(some.lower, some.upper, unseen[0].truth) == pytest.approx(0.5, abs=0.06)


def test_resorption_comes_as_often_as_is_said(calibration: Calibration, unseen: list[Case]) -> None:
    raw = after = None
    for each in unseen:
        bone = each.last.to_numpy() > 75
        came = new_lesions(each.truth, each.last)
        share = resorption_share(each.forecast.samples, each.last)
        said = calibration.apply(each.forecast, each.last).resorption_probability
        assert said is not None
        assert not said.to_numpy()[~bone].any()
        tables = reliability(share, came, 5, bone), reliability(said, came, 5, bone)
        raw, after = tables if raw is None or after is None else (raw + tables[0], after + tables[1])
    assert raw is not None
    assert after is not None
    assert raw.error > 0.04
    assert after.error < raw.error / 3
    assert after.brier < raw.brier
    for row in after.table:
        if row["cases"] > 1000:
            assert row["frequency"] == pytest.approx(row["probability"], abs=0.1)


def test_the_evidence_is_of_animals_that_were_held_out(calibration: Calibration, seen: list[Case]) -> None:
    evidence = calibration.evidence
    before, after = evidence["before"], evidence["after"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert evidence["animals"] == [f"s{n}" for n in range(8)]
    assert before["spread_skill"] < 0.85
    assert after["spread_skill"] == pytest.approx(1, abs=0.05)
    assert after["coverage"] == pytest.approx(0.9, abs=0.02)
    assert after["least_coverage"] <= after["coverage"] <= after["largest_coverage"]
    assert after["resorption_error"] < before["resorption_error"] / 2
    assert after["lesions"] == before["lesions"] > 50
    assert after["lesion_brier"] < before["lesion_brier"]
    assert 0.6 < after["lost_bone_spread_skill"] < 1.6
    assert after["lost_bone_coverage"] >= before["lost_bone_coverage"]
    # An animal like no other must show: fitted to it, its coverage would be 0.9 too.
    odd = case(50)
    odd = replace(odd, truth=scan(odd.truth.to_numpy() + 25.0, 3, 50))
    worst = fitted([*seen[:4], odd]).evidence["after"]
    assert isinstance(worst, dict)
    assert worst["least_coverage"] < 0.5


def test_stretched_samples_keep_their_mean_and_have_the_calibrated_spread(
    calibration: Calibration, unseen: list[Case]
) -> None:
    each = unseen[0]
    made = calibration.apply(each.forecast)
    stack = np.stack([s.to_numpy() for s in made.samples]).astype(float)
    assert made.samples[0].to_numpy().dtype == np.uint8
    assert made.samples[0].kind is Kind.PREDICTION
    inside = (each.last.to_numpy() > 60) & (each.forecast.spread.to_numpy() > 2)
    raw = np.stack([s.to_numpy() for s in each.forecast.samples])
    assert np.mean((stack.mean(0) - each.forecast.mean.to_numpy())[inside]) == pytest.approx(0, abs=1)
    assert spread_skill(raw, each.truth, inside) < 0.85
    assert 0.85 < spread_skill(stack, each.truth, inside) < 1.15


def test_a_record_is_plain_json_and_makes_the_same_calibration(calibration: Calibration, unseen: list[Case]) -> None:
    record = json.loads(json.dumps(calibration.as_record()))
    again = Calibration.from_record(record)
    assert again == calibration
    first, second = (c.apply(unseen[0].forecast, unseen[0].last) for c in (calibration, again))
    assert np.array_equal(first.upper.to_numpy(), second.upper.to_numpy())
    assert first.lost_bone is not None
    assert first.lost_bone.shape == (SAMPLES,)
    assert np.array_equal(first.lost_bone, np.asarray(second.lost_bone))
    assert len(json.dumps(record)) < 12_000
    with pytest.raises(InputError, match="no calibration"):
        Calibration.from_record({})
    del record["variance"]["weights"]["constant"]
    with pytest.raises(InputError, match="damaged"):
        Calibration.from_record(record)


def test_slab_by_slab_is_the_whole(
    calibration: Calibration, unseen: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = calibration.apply(unseen[0].forecast, unseen[0].last)
    monkeypatch.setattr(calibration_tables, "_SLAB_VOXELS", 3 * 40 * 40)
    assert len(list(predictors(unseen[0].forecast, OPTIONS))) == 6
    parts = calibration.apply(unseen[0].forecast, unseen[0].last)
    assert parts.spread.to_numpy() == pytest.approx(whole.spread.to_numpy(), rel=1e-4)
    assert fitted([case(0), case(1)]).variance.weights == pytest.approx(
        fitted([case(0), case(1)]).variance.weights, rel=1e-9
    )


def test_a_deterministic_forecast_gets_a_spread_from_its_edges() -> None:
    made = fitted([case(n, samples=1) for n in range(4)])
    before = made.evidence["before"]
    assert isinstance(before, dict)
    assert before["spread_skill"] == 0
    held = []
    for one in (case(n, samples=1) for n in range(60, 65)):
        found = made.apply(one.forecast)
        held.append(coverage(found.lower, found.upper, one.truth))
    assert np.mean(held) == pytest.approx(0.9, abs=0.03)
    assert np.array_equal(found.samples[0].to_numpy(), one.forecast.samples[0].to_numpy())


def test_without_last_weeks_nothing_is_said_of_resorption(unseen: list[Case], seen: list[Case]) -> None:
    made = fitted(seen[:3], lasts=False)
    assert made.resorption is None
    assert made.apply(unseen[0].forecast, unseen[0].last).resorption_probability is None
    assert "resorption_error" not in made.evidence["after"]  # type: ignore[operator]


def test_variance_weights_are_found_and_never_negative() -> None:
    rng = np.random.default_rng(2)
    known = np.column_stack([np.ones(200_000), *(rng.gamma(1, size, 200_000) for size in (4, 9, 100, 80))])
    truth = np.array([3.0, 2.0, 0.0, 0.1, 0.0])
    error = np.sqrt(known @ truth) * rng.normal(size=len(known))
    model = VarianceModel.fit(known, error)
    weights = model.weights
    assert min(weights) >= 0
    assert weights[:2] == pytest.approx((3, 2), rel=0.1)
    assert weights[3] == pytest.approx(0.1, rel=0.1)
    assert max(weights[2], weights[4]) < 0.03
    for part in np.array_split(np.argsort(known @ truth), 10):
        assert model.variance(known[part]).mean() == pytest.approx((known[part] @ truth).mean(), rel=0.05)


def test_errors_that_are_no_sum_of_what_is_known_are_met_by_the_curve() -> None:
    rng = np.random.default_rng(2)
    known = np.column_stack([np.ones(200_000), rng.gamma(1, 9, 200_000), *np.zeros((3, 200_000))])
    true = 1 + known[:, 1] ** 2 / 9
    model = VarianceModel.fit(known, np.sqrt(true) * rng.normal(size=len(known)))
    for part in np.array_split(np.argsort(true), 10):
        assert model.variance(known[part]).mean() == pytest.approx(true[part].mean(), rel=0.12)
    far = np.array([[1, 1e6, 0, 0, 0]])
    assert model.variance(far)[0] > 100 * model.variance(known).max()


def test_the_interval_of_gaussian_errors_is_the_gaussian_one() -> None:
    rng = np.random.default_rng(3)
    spread = rng.uniform(1, 20, 200_000)
    model = IntervalModel.fit(spread, spread * rng.normal(size=200_000), level=0.9, bins=5)
    assert model.lower == pytest.approx([-1.645] * 5, abs=0.05)
    low, high = model.interval(np.array([100.0]), np.array([2.0]))
    assert (low[0], high[0]) == pytest.approx((100 - 3.29, 100 + 3.29), abs=0.1)


def test_probabilities_are_learned_where_the_evidence_is_not_logistic() -> None:
    rng = np.random.default_rng(4)
    evidence = rng.random((100_000, 3))
    true = 0.05 + 0.6 * (evidence[:, 0] > 0.8)
    model = ProbabilityModel.fit(evidence, rng.random(100_000) < true)
    said = model.probability(rng.random((1000, 3)) * [0.5, 1, 1])
    assert said.mean() == pytest.approx(0.05, abs=0.02)
    assert np.all(np.diff(model.probabilities) >= 0)
    assert np.all(np.diff(model.scores) > 0)


def test_rare_evidence_of_what_mostly_does_not_come_is_put_to_use() -> None:
    rng = np.random.default_rng(5)
    share = np.where(rng.random(300_000) < 0.01, rng.integers(1, 17, 300_000) / 16, 0.0)
    evidence = np.column_stack([np.full(len(share), -4.0), np.sqrt(share), np.sqrt(share)])
    true = np.where(share > 0, 0.3 + 0.2 * share, 0.015)
    model = ProbabilityModel.fit(evidence, rng.random(len(share)) < true)
    assert min(model.weights) >= 0
    assert np.all(np.diff(model.scores) > 0)
    said = model.probability(evidence)
    for part in (share == 0, (share > 0) & (share < 0.5), share > 0.5):
        assert said[part].mean() == pytest.approx(true[part].mean(), rel=0.12)


def test_what_cannot_be_calibrated_with_is_refused(seen: list[Case]) -> None:
    with pytest.raises(InputError, match="two or more"):
        fitted(seen[:1])
    one = seen[0]
    with pytest.raises(InputError, match="does not lie"):
        Calibration.fit([one.forecast], [replace(one.truth, origin=(1.0, 0, 0))])
    with pytest.raises(InputError, match="last week is missing"):
        Calibration.fit([one.forecast], [one.truth], [])


class Stop:
    def advance(self, *_: float) -> None: ...

    def message(self, *_: str) -> None: ...

    def check(self) -> None:
        raise Cancelled


def test_a_request_to_stop_is_heard(calibration: Calibration, seen: list[Case]) -> None:
    with pytest.raises(Cancelled):
        calibration.apply(seen[0].forecast, progress=Stop())
    with pytest.raises(Cancelled):
        Calibration.fit([seen[0].forecast], [seen[0].truth], progress=Stop())
