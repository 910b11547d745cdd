from collections.abc import Callable

import numpy as np
import pytest

from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.scoring.figures import figures_of
from napari_bonemet.diagnose.volume.cross_validation import out_of_fold
from napari_bonemet.diagnose.volume.folds import AnimalSplit, places, split_by_animal
from napari_bonemet.errors import InputError
from napari_bonemet.scan import Scan

ANIMALS = {f"m{number}": number % 3 == 0 for number in range(60)}  # 20 with a lesion, 40 without


def test_eight_to_two_and_five_folds_with_both_kinds_in_each() -> None:
    split = split_by_animal(ANIMALS, seed=4)
    assert len(split.test) == 12
    assert [len(fold) for fold in split.folds] == [10, 10, 10, 9, 9] or sum(map(len, split.folds)) == 48
    every = [animal for group in (split.test, *split.folds) for animal in group]
    assert sorted(every) == sorted(ANIMALS)  # each once: no animal on two sides
    for group in (split.test, *split.folds):
        assert {ANIMALS[animal] for animal in group} == {True, False}
    assert split_by_animal(ANIMALS, seed=4) == split
    assert split_by_animal(ANIMALS, seed=5) != split


def test_an_animal_on_two_sides_is_refused() -> None:
    with pytest.raises(InputError, match="two sides of a split: found b"):
        AnimalSplit(frozenset("ab"), (frozenset("bc"),))
    with pytest.raises(InputError, match="two sides"):
        AnimalSplit(frozenset(), (frozenset("bc"), frozenset("c")))
    with pytest.raises(InputError, match="too few animals with a lesion"):
        split_by_animal({"a": True, **{f"c{n}": False for n in range(9)}}, folds=3)


def test_all_weeks_of_an_animal_go_together() -> None:
    assert places(["a", "b", "a", "c"], frozenset("a")) == [0, 2]


def test_animals_are_judged_by_networks_that_never_saw_them(
    cohort: Callable[[int, int], tuple[list[Scan], list[bool]]],
) -> None:
    scans, lesions = cohort(44, 4)
    animals = [scan.subject or "" for scan in scans]
    split = split_by_animal(dict(zip(animals, lesions, strict=True)), test_share=0.2, folds=2)
    quick = ClassifierOptions(
        crop=32, width=4, epochs=20, batch=8, slices=6, learning_rate=0.02, dropout=0.0, looks=0, seed=1
    )
    said = out_of_fold(scans, lesions, animals, split, options=quick)
    tested = np.isnan(said)
    assert {animal for animal, no in zip(animals, tested, strict=True) if no} == split.test
    known = ~tested
    found = figures_of(said[known], np.array(lesions)[known], [a for a, k in zip(animals, known, strict=True) if k])
    assert found["roc_area"].value > 0.85
