import math

import pytest

from napari_bonemet.diagnose.losses import lesion_loss
from napari_bonemet.diagnose.training import turned
from napari_bonemet.forecast.pace import pace
from napari_bonemet.torch_import import import_torch

torch = import_torch()


def loss(log_odds: list[float], lesion: list[float], **more: object) -> float:
    return float(lesion_loss(torch.tensor(log_odds), torch.tensor(lesion), **more))


def test_plain_is_cross_entropy() -> None:
    assert loss([0.0], [1.0]) == pytest.approx(math.log(2))
    assert loss([math.log(3)], [1.0]) == pytest.approx(-math.log(0.75), rel=1e-5)
    assert loss([math.log(3)], [0.0]) == pytest.approx(-math.log(0.25), rel=1e-5)


def test_smoothing_teaches_a_little_doubt() -> None:
    sure = math.log(0.95 / 0.05)
    assert loss([sure], [1.0], smoothing=0.1) < loss([sure + 1], [1.0], smoothing=0.1)
    assert loss([sure], [1.0], smoothing=0.1) < loss([sure - 1], [1.0], smoothing=0.1)
    assert loss([-sure], [0.0], smoothing=0.1) == pytest.approx(loss([sure], [1.0], smoothing=0.1), rel=1e-5)


def test_focal_loss_by_hand() -> None:
    # Lin et al. 2017, equation 4: -(1 - p)^2 log p at p = 0.75 and at p = 0.25.
    assert loss([math.log(3)], [1.0], gamma=2.0) == pytest.approx(-(0.25**2) * math.log(0.75), rel=1e-5)
    assert loss([math.log(3)], [0.0], gamma=2.0) == pytest.approx(-(0.75**2) * math.log(0.25), rel=1e-5)


def test_weights_of_the_two_kinds() -> None:
    both = loss([1.0, 1.0], [0.0, 1.0], weights=(1.0, 3.0))
    assert both == pytest.approx((loss([1.0], [0.0]) + 3 * loss([1.0], [1.0])) / 4)


def test_the_learning_rate_warms_up_and_falls_along_a_cosine() -> None:
    assert pace(0.0, 0.1) == pytest.approx(0.01)
    assert pace(0.05, 0.1) == pytest.approx(0.5)
    assert pace(0.1, 0.1) == pytest.approx(1.0)
    assert pace(0.55, 0.1) == pytest.approx(0.5)
    assert pace(1.0, 0.1) == pytest.approx(0.0)
    assert pace(0.0, 0.0) == pytest.approx(1.0)


def test_a_scan_is_turned_as_a_whole() -> None:
    torch.manual_seed(0)
    y = torch.arange(32.0)[:, None].expand(32, 32)
    bar = ((y - 16).abs() < 3).float() * torch.ones(4, 5, 1, 1)
    found = turned(bar.clone())
    assert found.shape == bar.shape
    for scan in found:
        assert torch.allclose(scan, scan[:1].expand_as(scan))  # every slice the same way
    assert not torch.allclose(found[0], found[1], atol=0.05)  # every scan another way
    assert torch.allclose(found.mean((1, 2, 3)), bar.mean((1, 2, 3)), rtol=0.3)
