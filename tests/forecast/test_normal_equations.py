"""The streamed solution is the direct one."""

import math

import numpy as np
import pytest

from napari_bonemet.forecast.normal_equations import NormalEquations, choose_penalty


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 5)) + 2
    return x, x @ np.array([1.0, -2.0, 0.5, 0.0, 3.0]) + 4 + rng.normal(scale=0.5, size=300)


@pytest.mark.parametrize("penalty", [0.0, 1e-3, 0.7])
def test_sums_in_parts_solve_the_same_problem_as_stacked_rows(
    data: tuple[np.ndarray, np.ndarray], penalty: float
) -> None:
    x, y = data
    sums = NormalEquations.of(x[:120], y[:120]) + NormalEquations.of(x[120:], y[120:])
    # Ridge as plain least squares: the penalty as further rows that ask each coefficient to be 0.
    rows = np.vstack([np.column_stack([x, np.ones(300)]), math.sqrt(300 * penalty) * np.eye(6)[:5]])
    direct = np.linalg.lstsq(rows, np.concatenate([y, np.zeros(5)]), rcond=None)[0]
    assert sums.solve(penalty) == pytest.approx(direct, rel=1e-8, abs=1e-8)
    residual = y - np.column_stack([x, np.ones(300)]) @ direct
    assert sums.error(direct) == pytest.approx((residual**2).mean())


def test_constant_features_do_no_harm() -> None:
    sums = NormalEquations.of(np.ones((20, 3)), np.full(20, 2.0))
    assert sums.error(sums.solve(0.0)) == pytest.approx(0, abs=1e-10)


def test_penalty_is_the_one_that_leaves_least_error_on_what_was_left_out() -> None:
    rng = np.random.default_rng(3)
    parts = []
    for _ in range(4):
        x = rng.normal(size=(12, 8))
        parts.append((x, x[:, 0] * 0.5 + rng.normal(size=12)))
    penalties = (1e-6, 0.1, 1.0, 10.0, math.inf)
    choice = choose_penalty([NormalEquations.of(*part) for part in parts], penalties)
    by_hand = []
    for penalty in penalties:
        errors = []
        for left_out in range(4):
            rest = [part for i, part in enumerate(parts) if i != left_out]
            x, y = (np.concatenate(arrays) for arrays in zip(*rest, strict=True))
            mean_x, mean_y = x.mean(axis=0), y.mean()
            centred = x - mean_x
            ridge = np.diag(np.full(8, penalty * len(x))) if penalty < math.inf else None
            w = np.zeros(8) if ridge is None else np.linalg.solve(centred.T @ centred + ridge, centred.T @ (y - mean_y))
            constant = 0.0 if ridge is None else mean_y - mean_x @ w
            errors.append(((parts[left_out][1] - parts[left_out][0] @ w - constant) ** 2).sum())
        by_hand.append(sum(errors) / 48)
    assert [error for _, error in choice.tried] == pytest.approx(by_hand)
    assert choice.penalty == penalties[int(np.argmin(by_hand))]
    assert choice.held_out_error <= choice.null_error
    assert choice.null_error == pytest.approx(np.mean([(y**2).mean() for _, y in parts]))


def test_pure_noise_is_answered_by_telling_nothing() -> None:
    rng = np.random.default_rng(8)
    folds = [NormalEquations.of(rng.normal(size=(8, 6)), rng.normal(size=8)) for _ in range(4)]
    assert math.isinf(choose_penalty(folds).penalty)
    assert not folds[0].solve(math.inf).any()
