import pytest

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
