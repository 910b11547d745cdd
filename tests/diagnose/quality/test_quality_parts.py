"""Losses, self-paced weights, votes and scores, held to their formulas."""

import itertools
import math

import numpy as np
import pytest
import torch

from napari_bonemet.bone_quality import UNKNOWN, Involvement, Quality
from napari_bonemet.diagnose.quality.losses import slice_losses, soft_distance, targets_of
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.scores import balanced_sensitivity, class_scores, confusion
from napari_bonemet.diagnose.quality.self_paced import EasyFirst, closed_form_weights
from napari_bonemet.diagnose.quality.voting import choose_threshold, vote, vote_all
from napari_bonemet.forecast.pace import pace

N, B, M, L = Quality


@pytest.mark.parametrize("threshold", [0.2, 0.75, 1.0, 3.0])
def test_self_paced_weights_are_the_minimum_of_equation_2(threshold: float) -> None:
    losses = np.array([0.1, 0.5, 0.75, 0.9, 2.0])
    said = closed_form_weights(losses, threshold).astype(float)

    def energy(v: np.ndarray) -> float:
        return float((v * losses).sum() - threshold * v.sum())

    # Equation 2 is linear in each weight, so that its least value over [0, 1] lies in a corner.
    corners = [np.array(corner) for corner in itertools.product((0.0, 1.0), repeat=len(losses))]
    assert energy(said) == pytest.approx(min(energy(corner) for corner in corners))
    assert all(energy(said) <= energy(np.full(5, v)) + 1e-12 for v in np.linspace(0, 1, 11))
    assert np.array_equal(said, [float(loss < threshold) for loss in losses])


def test_the_threshold_lets_in_more_and_more_slices() -> None:
    easy = EasyFirst(QualityOptions(easy_first=0.5, easy_last=0.9, easy_until=0.5))
    assert easy.threshold == math.inf
    losses = np.linspace(0, 1, 101)
    shares = []
    for done in (0.0, 0.25, 0.5, 1.0):
        easy.note(losses[:40])
        easy.note(losses[40:])
        easy.next_epoch(done)
        shares.append(closed_form_weights(losses, easy.threshold).mean())
    assert shares == pytest.approx([0.5, 0.7, 0.9, 0.9], abs=0.01)
    plain = EasyFirst(QualityOptions(self_paced=False))
    plain.note(losses)
    plain.next_epoch(0.0)
    assert plain.threshold == math.inf


def logits(seed: int, count: int = 6) -> dict[str, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    sizes = {"blastic": 2, "lytic": 2, "involvement": 3, "quality": 4}
    return {task: torch.randn(count, size, generator=rng) for task, size in sizes.items()}


def test_the_loss_is_equation_1_with_smoothed_labels() -> None:
    options = QualityOptions(label_smoothing=0.1, task_weights=(2, 3, 4, 1))
    said = logits(0)
    quality, involvement = torch.tensor([N, B, M, L, M, N]), torch.tensor([0, 1, 2, 0, UNKNOWN, 1])
    targets = targets_of(quality, involvement)
    assert targets["blastic"].tolist() == [0, 1, 1, 0, 1, 0]
    assert targets["lytic"].tolist() == [0, 0, 1, 1, 1, 0]
    found = slice_losses(said, targets, options)
    for n in range(6):
        total = 0.0
        for task, weight in (("blastic", 2), ("lytic", 3), ("quality", 4), ("involvement", 1)):
            code, classes = int(targets[task][n]), said[task].shape[1]
            if code == UNKNOWN:
                continue
            truth = torch.full((classes,), 0.1 / classes)
            truth[code] += 0.9
            total -= weight * float((truth * torch.log_softmax(said[task][n], 0)).sum())
        assert float(found[n]) == pytest.approx(total / 10, rel=1e-5)


def test_soft_sharing_measures_how_far_features_lie_apart() -> None:
    one = torch.arange(8.0).reshape(1, 2, 2, 2)
    assert float(soft_distance({"blastic": (one, one), "lytic": (one, one + 2)})) == pytest.approx(4.0)


def test_the_lesion_of_most_slices_wins_if_there_are_enough() -> None:
    even = np.full((6, 4), 0.25)
    said = np.array([N, B, B, L, B, L])
    assert vote(said, even, 2) is B
    assert vote(said, even, 3) is N
    assert vote(np.array([N, N]), even[:2], 0) is N
    surer = even[:4].copy()
    surer[:, L] += 0.1
    assert vote(np.array([B, B, L, L]), surer, 1) is L
    segment = np.array(["a", "a", "a", "b", "b", "b"])
    assert vote_all(said, even, segment, 1) == {"a": B, "b": L} | {"b": vote(said[3:], even[3:], 1)}


def test_the_threshold_is_that_of_the_highest_mean_sensitivity() -> None:
    segment = np.repeat(["a", "b", "c"], 5)
    # One stray lytic slice in each healthy segment, four in the ill one.
    said = np.array([N, N, L, N, N, N, L, N, N, N, L, L, L, L, N])
    truth = {"a": int(N), "b": int(N), "c": int(L)}
    assert choose_threshold(said, np.full((15, 4), 0.25), segment, truth) == 1


def test_sensitivity_and_specificity_of_each_class_against_the_others() -> None:
    true = np.array([N, N, N, B, B, M, L, UNKNOWN])
    said = np.array([N, N, L, B, L, B, L, B])
    found = class_scores(said, true, Quality)
    assert found["SE_N"] == pytest.approx(2 / 3)
    assert found["SP_N"] == 1.0
    assert found["SE_B"] == 0.5
    assert found["SP_B"] == pytest.approx(4 / 5)
    assert (found["SE_M"], found["SP_M"]) == (0.0, 1.0)
    assert found["SP_L"] == pytest.approx(4 / 6)
    assert confusion(said, true, Quality)[N].tolist() == [2, 0, 0, 1]
    assert balanced_sensitivity(said[:-1], true[:-1]) == pytest.approx((2 / 3 + 0.5 + 0 + 1) / 4)
    assert class_scores(np.array([0]), np.array([0]), Involvement)["SE_U"] is None


def test_the_learning_rate_warms_up_and_falls_along_a_cosine() -> None:
    assert pace(0.05, 0.1) == pytest.approx(0.5)
    assert pace(0.1, 0.1) == pytest.approx(1.0)
    assert pace(0.55, 0.1) == pytest.approx(0.5)
    assert pace(1.0, 0.1) == pytest.approx(0.0)
