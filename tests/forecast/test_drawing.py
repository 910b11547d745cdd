"""ST-VAE drawn fast is what the network draws, wherever there is bone, in whatever memory there is."""

from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.forecast import native_looks
from napari_bonemet.forecast.models.stvae import STRIDE, StvaeOptions
from napari_bonemet.forecast.native_looks import HALO, NativeLooks
from napari_bonemet.forecast.near_bone import boxes_around, near_bone
from napari_bonemet.forecast.network import NetworkForecaster
from napari_bonemet.progress import NO_PROGRESS
from napari_bonemet.torch_import import import_torch

from .speaking import network_of

torch = import_torch()

SMALL = StvaeOptions(width=8, fine_noise=0, local_noise=0, global_noise=0, regional_noise=2)
KINDS = {
    "smooth noise": SMALL,
    "noise of every kind": replace(SMALL, fine_noise=2, local_noise=1, global_noise=1),
    "no gate, no place": replace(SMALL, output="sigmoid", place=False),
    "elbo": replace(SMALL, objective="elbo"),
}


def looks_at(network, volumes, memory_gib: float = 4.0) -> NativeLooks:
    model = NetworkForecaster("stvae", network.options, network, (30.0,) * 3)
    return NativeLooks.at(model, volumes, (1, 1, 2), (30.0,) * 3, NO_PROGRESS, memory_gib=memory_gib)


def weeks_of(shape: tuple[int, int, int], low: int = 0, high: int = 255) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(low, high, shape).astype(np.uint8) for _ in range(3)]


def as_the_network_draws(network, volumes, seed: int) -> np.ndarray:
    """One future of the whole leg, layer by layer as in training."""
    from napari_bonemet.forecast.models.stvae_noise import NoiseOfLeg
    from napari_bonemet.forecast.models.stvae_place_network import shifted

    shape = volumes[0].shape
    noise = NoiseOfLeg(network.options, shape, int(np.random.default_rng(seed).integers(2**62)))
    weeks = torch.from_numpy(np.stack(volumes)[None]).float() / 255
    with torch.inference_mode():
        seen = network.see(weeks, torch.tensor([[1.0, 1.0, 2.0]]))
        maps = torch.sigmoid(network.future(seen, noise.block(tuple(slice(0, side) for side in shape))))[0]
        last = weeks[0, -1]
        made = maps[0] if len(maps) == 1 else last * (1 - maps[0]) + maps[0] * maps[1]
        if network.place is not None:
            made = shifted(made[None], noise.place * network.place.deviation)[0]
    return made.numpy() * 255


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "as on a card"])
def test_what_is_drawn_fast_is_what_the_network_draws(kind, compiled, monkeypatch) -> None:
    monkeypatch.setattr(native_looks, "drawing_dtype", lambda _: torch.float32)
    network, volumes = network_of(KINDS[kind]), weeks_of((12, 40, 44))
    looks = looks_at(network, volumes)
    if not compiled:
        from napari_bonemet.forecast.models.stvae_drawing_network import filled_up
        from napari_bonemet.forecast.models.stvae_rung_network import InTorch

        # As on a card.
        looks.drawing._rungs, looks.drawing._out = InTorch(), filled_up(network.decoder.out, 8)
        assert len(looks.drawing._out[0]) == 8
    drawn = looks.draw(np.random.default_rng(7), NO_PROGRESS)
    expected = as_the_network_draws(network, volumes, 7)
    assert np.ptp(expected) > 50
    assert np.abs(drawn - expected).max() < 0.01
    monkeypatch.setattr(native_looks, "drawing_dtype", lambda _: torch.bfloat16)
    rounded = looks_at(network, volumes).draw(np.random.default_rng(7), NO_PROGRESS)
    assert 0 < np.abs(rounded - expected).mean() < 1.0


def test_without_bone_near_a_future_is_the_last_week_and_no_bone_is_lost(monkeypatch) -> None:
    monkeypatch.setattr(native_looks, "drawing_dtype", lambda _: torch.float32)
    network = network_of(replace(SMALL, place=False))
    volumes = weeks_of((8, 8, 240), 20, 60)
    volumes[1][2:6, 2:6, 97:100] = 200  # bone in one of the weeks only, that meets the border of cells
    volumes[2][3, 3, 200] = 200  # a speck is no bone
    looks = looks_at(network, volumes)
    drawn = looks.draw(np.random.default_rng(7), NO_PROGRESS)
    expected = as_the_network_draws(network, volumes, 7)
    near = slice(96 - HALO, 100 + HALO)
    assert [block.core[2] for block in looks.blocks] == [near]
    assert np.abs(drawn - expected)[..., near].max() < 0.01
    assert np.array_equal(drawn[..., : near.start], volumes[-1][..., : near.start])
    assert np.array_equal(drawn[..., near.stop :], volumes[-1][..., near.stop :])
    assert np.abs(expected - volumes[-1])[..., near.stop :].max() > 1
    in_parts = looks_at(network, volumes, 0.0004)
    assert len(in_parts.blocks) > 2
    assert np.abs(in_parts.draw(np.random.default_rng(7), NO_PROGRESS) - drawn).max() < 0.01


@pytest.mark.parametrize("kind", ["smooth noise", "elbo"])
def test_a_block_drawn_in_slabs_is_the_same(kind, monkeypatch) -> None:
    monkeypatch.setattr(native_looks, "drawing_dtype", lambda _: torch.float32)
    looks = looks_at(network_of(KINDS[kind]), weeks_of((60, 16, 16)))
    whole = looks.draw(np.random.default_rng(7), NO_PROGRESS)
    monkeypatch.setattr(native_looks, "_DRAWN_AT_ONCE", 16 * 16 * 20)
    assert len(list(looks._parts(looks.blocks[0].core))) == 3
    assert np.abs(looks.draw(np.random.default_rng(7), NO_PROGRESS) - whole).max() < 0.01


def test_a_speck_alone_is_looked_at() -> None:
    volume = np.zeros((8, 8, 120), np.uint8)
    volume[3, 3, 60] = 200
    cells = near_bone([volume], 75, HALO, STRIDE)
    assert np.flatnonzero(cells.any(axis=(0, 1))).tolist() == list(range(15 - 7, 15 + 8))


def test_boxes_hold_all_that_is_near_bone_once_and_little_else() -> None:
    cells = np.zeros((20, 60, 60), bool)
    cells[:, 5:20, 5:22] = True
    cells[4:, 40:50, 48:58] = True
    boxes = boxes_around(cells, STRIDE, HALO)
    count = np.zeros([side * STRIDE for side in cells.shape], int)
    for box in boxes:
        count[box] += 1
    everywhere = cells.repeat(STRIDE, 0).repeat(STRIDE, 1).repeat(STRIDE, 2)
    assert count.max() == 1
    assert count[everywhere].min() == 1
    assert count.sum() < 1.2 * everywhere.sum()
    assert boxes_around(np.zeros((4, 4, 4), bool), STRIDE, HALO) == []


@pytest.mark.parametrize("lack", [torch.OutOfMemoryError, MemoryError])
@pytest.mark.parametrize("step", ["see", "future"])
def test_too_little_memory_makes_the_blocks_smaller_and_nothing_else(step, lack, monkeypatch) -> None:
    from napari_bonemet.forecast.models.stvae_drawing_network import Drawing

    monkeypatch.setattr(native_looks, "drawing_dtype", lambda _: torch.float32)
    network, volumes = network_of(SMALL), weeks_of((8, 124, 12))
    whole = looks_at(network, volumes)
    expected = whole.draw(np.random.default_rng(7), NO_PROGRESS)
    there = getattr(Drawing, step)

    def small_only(self, *arguments):
        core = arguments[-2]
        if core[1].stop - core[1].start > 40:
            raise lack("CUDA out of memory")
        return there(self, *arguments)

    monkeypatch.setattr(Drawing, step, small_only)
    monkeypatch.setattr(native_looks, "_HALVINGS", 20)
    frugal = looks_at(network, volumes)
    drawn = frugal.draw(np.random.default_rng(7), NO_PROGRESS)
    assert len(frugal.blocks) > len(whole.blocks)
    assert frugal.limit_bytes < whole.limit_bytes
    assert np.abs(drawn - expected).max() < 0.01
    monkeypatch.setattr(native_looks, "_HALVINGS", 0)
    with pytest.raises(lack):
        looks_at(network, volumes).draw(np.random.default_rng(7), NO_PROGRESS)


def test_other_errors_are_not_taken_for_a_lack_of_memory(monkeypatch) -> None:
    from napari_bonemet.forecast.models.stvae_drawing_network import Drawing

    def broken(self, *arguments):
        raise RuntimeError("a wrong shape")

    monkeypatch.setattr(Drawing, "future", broken)
    looks = looks_at(network_of(SMALL), weeks_of((8, 32, 32)))
    with pytest.raises(RuntimeError, match="wrong shape"):
        looks.draw(np.random.default_rng(7), NO_PROGRESS)
