"""Folds hold whole animals out, each kind spread evenly."""

import numpy as np
import pytest

from napari_bonemet.diagnose.folds import animals_in, folds_by_animal, require_apart
from napari_bonemet.errors import InputError

ANIMALS = [f"m{n // 2}" for n in range(24)]
KINDS = [n // 2 % 3 == 0 for n in range(24)]


def test_every_case_is_in_one_fold_and_no_animal_in_two() -> None:
    folds = folds_by_animal(ANIMALS, KINDS, 3, seed=4)
    assert sorted(np.concatenate(folds).tolist()) == list(range(24))
    of_animals = [{ANIMALS[n] for n in fold} for fold in folds]
    assert sum(map(len, of_animals)) == 12
    # Four animals of one kind, eight of the other.
    assert all(1 <= sum(KINDS[n] for n in fold) // 2 <= 2 for fold in folds)
    assert {len(fold) for fold in folds} == {8}


def test_the_seed_draws_the_folds() -> None:
    one, same, other = (folds_by_animal(ANIMALS, KINDS, 3, seed=seed) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert any(a.tolist() != b.tolist() for a, b in zip(one, other, strict=True))


def test_too_few_animals_are_refused() -> None:
    with pytest.raises(InputError, match="too few animals for 5 folds"):
        folds_by_animal(ANIMALS, KINDS, 5)
    with pytest.raises(InputError, match="cannot be made"):
        folds_by_animal(ANIMALS, KINDS[:-1], 3)


def test_an_animal_on_two_sides_is_refused() -> None:
    require_apart(["a", "b", ""], ["c", ""], iter("d"))
    with pytest.raises(InputError, match="two sides of the split: found b"):
        require_apart(["a", "b"], ["b", "c"])
    with pytest.raises(InputError, match="found a"):
        require_apart(iter("ab"), iter("c"), iter("ad"))
    with pytest.raises(InputError, match="m7 and 2 more"):
        require_apart(ANIMALS, [f"m{n}" for n in range(10)])


def test_whom_a_checkpoint_knows_is_read_without_trust() -> None:
    told = {"animal_names": ["a", "b"], "validation": {"animals": ["c"], "auc": 0.9}}
    assert animals_in(told) == ["a", "b", "c"]
    assert animals_in({"animal_names": 3, "validation": "none"}) == []
    assert animals_in({}) == []
