"""3D-GAN: the discriminator teaches, is kept for a training that goes on, and is no part of the forecaster."""

from dataclasses import replace
from pathlib import Path

import pytest
from safetensors import safe_open

from napari_bonemet.forecast.fitting import fit_network
from napari_bonemet.forecast.gan_learner import GanLearner
from napari_bonemet.forecast.models.catalogue import build, options_for, training_for
from napari_bonemet.torch_import import import_torch

from .discs import disc_leg

torch = import_torch()
SMALL = replace(options_for("gan-3d"), depth=16, crop=32, size=32, width=4, critic_width=4)


def weeks():
    return torch.rand((2, 4, 16, 32, 32), generator=torch.Generator().manual_seed(1))


def learner(**shape) -> GanLearner:
    torch.manual_seed(0)
    options = replace(SMALL, **shape)
    return GanLearner(build("gan-3d", options), replace(training_for("gan-3d"), learning_rate=0.002))


def state_of(module):
    return {name: tensor.clone() for name, tensor in module.named_parameters()}


def changed(before, module) -> bool:
    return any(not torch.equal(before[name], tensor) for name, tensor in module.named_parameters())


def test_the_generator_learns_from_the_discriminator() -> None:
    """Steps differ by the adversarial loss alone."""
    made = []
    for weight in (0.0, 10.0):
        one = learner(adversarial=weight)
        one.step(weeks(), torch.ones(2, 3), 0.5, 1.0)
        made.append(state_of(one.network))
    assert any(not torch.equal(made[0][name], made[1][name]) for name in made[0])


def test_the_discriminator_learns_to_tell_them_apart() -> None:
    one = learner()
    rng = torch.Generator().manual_seed(3)
    last = torch.rand((2, 16, 32, 32), generator=rng)
    true, mine = (last * 0.2, last)

    def right() -> float:
        with torch.no_grad():
            shares = (one.discriminator(last, true) > 0).float(), (one.discriminator(last, mine) < 0).float()
        return float(torch.stack(shares).mean())

    assert right() < 0.75
    for _ in range(60):
        one._discriminate(last, true, mine)
    assert right() > 0.8


def test_a_discriminator_that_is_right_waits() -> None:
    one = learner()
    last = torch.rand((2, 16, 32, 32), generator=torch.Generator().manual_seed(3))
    for _ in range(60):
        before = state_of(one.discriminator)
        one._discriminate(last, last * 0.2, last)
        if not changed(before, one.discriminator):
            break
    else:
        pytest.fail("it never waits")
    # What it takes for false is true: it is wrong, and learns.
    one._discriminate(last, last, last * 0.2)
    assert changed(before, one.discriminator)


def test_both_distances_by_another_way() -> None:
    batch = weeks()
    drawn = batch[:, -2]
    far = (drawn - batch[:, -1]).abs().mean()
    assert float(learner(distance="l1")._distance(drawn, batch)) == pytest.approx(float(far), rel=1e-6)
    squared = learner(distance="l2")
    squared.training = replace(squared.training, edge_weight=0.0)
    error = ((drawn - batch[:, -1]) ** 2).mean()
    assert float(squared._distance(drawn, batch)) == pytest.approx(float(error), rel=1e-6)
    # The mask is the first week's.
    squared.training = replace(squared.training, edge_weight=1.0)
    other = batch.clone()
    other[:, 0] = 0
    assert float(squared._distance(drawn, other)) == pytest.approx(float(error), rel=1e-6)
    assert float(squared._distance(drawn, batch)) > 1.2 * float(error)


def test_the_discriminator_is_kept_for_training_and_not_for_drawing(tmp_path: Path) -> None:
    kept, shipped = tmp_path / "training.safetensors", tmp_path / "net.safetensors"
    brief = replace(training_for("gan-3d"), epochs=1, batch=2)
    model = fit_network("gan-3d", [disc_leg(0, 16)], options=SMALL, training=brief, resume=kept)
    model.save(shipped)

    def names(path: Path) -> set[str]:
        with safe_open(str(path), framework="pt") as file:
            return set(file.keys())

    critics = {name.split(".", 2)[2] for name in names(kept) if name.startswith("companion.discriminator.")}
    assert critics == set(GanLearner(model.network, brief).discriminator.state_dict())
    assert {name.split(".")[1] for name in names(kept) if name.startswith("optimiser.")} == {"0", "1"}
    assert names(shipped) == set(model.network.state_dict())
    assert not any("discriminator" in name or "layers" in name.split(".")[0] for name in names(shipped))


def test_each_level_of_the_u_net_has_its_say() -> None:
    torch.manual_seed(0)
    # Normalised by these very volumes, or the coarse levels of an untrained network would be next to nothing.
    network = build("gan-3d", SMALL).train()
    with torch.inference_mode():
        seen = network.see(weeks()[:, :-1], torch.ones(2, 3))
        noise = torch.zeros(2, SMALL.z_dim)
        whole = network.future(seen, noise)
        assert len(seen.skips) == 4
        for level, skip in enumerate(seen.skips):
            without = [*seen.skips[:level], torch.zeros_like(skip), *seen.skips[level + 1 :]]
            assert not torch.allclose(network.future(seen._replace(skips=tuple(without)), noise), whole, atol=1e-5)
        below = network.future(seen._replace(bottom=torch.zeros_like(seen.bottom)), noise)
        assert not torch.allclose(below, whole, atol=1e-6)
