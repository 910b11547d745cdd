import pytest

from napari_bonemet.diagnose.volume import looks
from napari_bonemet.diagnose.volume.looks import CHANGES, looked_at
from napari_bonemet.torch_import import import_torch

torch = import_torch()


def stacks() -> object:
    torch.manual_seed(0)
    return torch.rand(3, 4, 24, 24).cumsum(-1) / 24


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_every_change_changes_more_where_it_is_stronger_and_keeps_the_shape(change: object) -> None:
    stack = stacks()[0]
    torch.manual_seed(5)
    little = change(stack, 0.2)
    torch.manual_seed(5)
    much = change(stack, 1.0)
    assert little.shape == much.shape == stack.shape
    assert torch.isfinite(much).all()
    assert 0 < (little - stack).abs().mean() < (much - stack).abs().mean()


def test_stacks_are_changed_each_in_its_own_way_and_not_at_all_when_nothing_is_asked() -> None:
    given = stacks()
    torch.manual_seed(1)
    found = looked_at(given, 2, 0.8)
    assert found.shape == given.shape
    assert all((after - before).abs().max() > 0 for after, before in zip(found, given, strict=True))
    assert looked_at(given, 0, 0.8) is given
    assert looked_at(given, 2, 0.0) is given


def test_bone_stays_brighter_than_marrow() -> None:
    bone = torch.zeros(1, 2, 32, 32) + 0.1
    bone[..., 8:24, 8:24] = 0.6
    torch.manual_seed(2)
    for _ in range(40):
        found = looked_at(bone, 3, 1.0)
        assert found[..., 12:20, 12:20].mean() > found[..., :4, :].mean() + 0.1


def test_earlier_weeks_slip_off_the_one_that_is_judged() -> None:
    weeks = stacks()[0].view(2, 2, 24, 24)
    given = torch.stack([weeks[:, 0], weeks[:, 0]], dim=1)
    torch.manual_seed(3)
    little = looks._slip(given.flatten(0, 1), 0.2, weeks=2).view(given.shape)
    torch.manual_seed(3)
    much = looks._slip(given.flatten(0, 1), 1.0, weeks=2).view(given.shape)
    assert torch.allclose(much[:, 0], given[:, 0], atol=1e-5), "the judged week stays"
    far = [(week[:, 1] - given[:, 1]).abs().mean() for week in (little, much)]
    assert 0 < far[0] < far[1]


def test_weeks_that_are_seen_together_are_changed_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "CHANGES", (looks._gain, looks._shear, looks._blur))
    monkeypatch.setattr(looks, "_SLIP", 0.0)
    given = stacks()[:, :, None].expand(-1, -1, 3, -1, -1)
    torch.manual_seed(4)
    found = looked_at(given, 4, 1.0)
    assert found.shape == given.shape
    assert (found - given).abs().mean() > 0.01
    assert torch.allclose(found[:, :, 1], found[:, :, 0], atol=1e-4)
