"""Blocks of slices one over the other, drawn by a network that is known."""

from dataclasses import dataclass

import numpy as np
import pytest

from napari_bonemet.forecast.looks import Looks
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import NO_PROGRESS
from napari_bonemet.torch_import import import_torch

torch = import_torch()


class OneGrey:
    """Draws every block in one grey, which its noise says."""

    def see(self, weeks, gaps):
        del gaps
        return weeks

    def future(self, seen, noise):
        n, _, *block = seen.shape
        return noise.view(n, 1, 1, 1, 1).expand(n, 1, *block)


@dataclass(frozen=True)
class Model:
    options: NetworkOptions
    network: OneGrey
    spacing: Triple = (30.0, 30.0, 30.0)
    device: str = "cpu"


def drawn(slices: int, depth: int, coherence_um: float, seed: int = 0) -> np.ndarray:
    """The grey of each slice."""
    leg = np.zeros((slices, 40, 40), dtype=np.uint8)
    leg[:, 8:32, 8:32] = 180
    model = Model(NetworkOptions(output="sigmoid", crop=32, size=32, depth=depth, coherence_um=coherence_um), OneGrey())
    looks = Looks.at(model, [leg] * 3, [1.0] * 3, model.spacing, NO_PROGRESS)
    made = looks.draw(np.random.default_rng(seed), NO_PROGRESS)[:, 20, 20]
    assert np.isfinite(made).all()
    return made


def test_blocks_fade_into_one_another() -> None:
    made = drawn(84, 48, 0.0)
    first, last = made[0], made[-1]
    assert abs(first - last) > 5
    assert made[:36] == pytest.approx(first, abs=1e-3)
    assert made[48:] == pytest.approx(last, abs=1e-3)
    share = (made[36:48] - first) / (last - first)
    assert np.all(np.diff(share) > 0)
    assert share[0] < 0.02
    assert share[-1] > 0.98
    assert np.diff(share).max() < 0.25


@pytest.mark.parametrize("slices", [5, 48, 49, 60, 83, 84, 130])
def test_every_slice_of_any_leg_is_drawn(slices: int) -> None:
    assert drawn(slices, 48, 1e6) == pytest.approx(drawn(1, 48, 1e6)[0], abs=1e-3)


def test_noise_that_stays_alike_along_the_bone_makes_blocks_alike() -> None:
    far, near = (
        np.mean([abs(np.diff(drawn(84, 48, um, seed)[[0, -1]])[0]) for seed in range(12)]) for um in (0.0, 3000.0)
    )
    assert near < 0.5 * far


def test_slices_by_themselves_have_noise_of_their_own() -> None:
    made = drawn(30, 1, 0.0)
    assert len(np.unique(made)) == 30
