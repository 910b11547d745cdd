"""Which animals are tested on, and which are held back in turn: no animal is ever on two sides.

BoneMet splits 8:2 (section 3.3); of the eight, each fifth is held back once. Weeks and legs of an animal stay together:
its weeks look alike, and a network that saw one of them knows the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from napari_bonemet.errors import InputError


@dataclass(frozen=True)
class AnimalSplit:
    """Animals to test on, and the folds of the others.

    Parameters
    ----------
    test : frozenset of str
        Never trained on.
    folds : tuple of frozenset of str
        The others in groups; each is held back once while the rest are learned from.

    Raises
    ------
    InputError
        When an animal is on two sides.
    """

    test: frozenset[str]
    folds: tuple[frozenset[str], ...]

    def __post_init__(self) -> None:
        seen: set[str] = set(self.test)
        for fold in self.folds:
            if both := sorted(seen & fold):
                raise InputError("Animals are on two sides of a split", found=", ".join(both))
            seen |= fold

    @property
    def learned(self) -> frozenset[str]:
        """All that are not tested on."""
        return frozenset().union(*self.folds)


def split_by_animal(
    with_lesion: Mapping[str, bool], *, test_share: float = 0.2, folds: int = 5, seed: int = 0
) -> AnimalSplit:
    """Draw the test animals and the folds, of those with and without a lesion alike.

    Parameters
    ----------
    with_lesion : mapping of animal to bool
        Whether it has a lesion at any time.
    test_share : float
        Share of the animals to test on; 0 for none.
    folds : int
        Groups of the others.
    seed : int
        Which are drawn.

    Raises
    ------
    InputError
        When there are fewer animals of a kind than folds, so that some fold would miss it.
    """
    rng = np.random.default_rng(seed)
    test: set[str] = set()
    groups: list[set[str]] = [set() for _ in range(folds)]
    for kind in (False, True):
        members = sorted(animal for animal, ill in with_lesion.items() if ill is kind)
        drawn = [members[number] for number in rng.permutation(len(members))]
        kept_back = round(test_share * len(drawn))
        if len(drawn) - kept_back < folds:
            raise InputError(
                f"There are too few animals {'with' if kind else 'without'} a lesion for {folds} folds",
                expected=f"{folds} beside those to test on",
                found=str(len(drawn) - kept_back),
            )
        test |= set(drawn[:kept_back])
        for number, animal in enumerate(drawn[kept_back:]):
            groups[number % folds].add(animal)
    return AnimalSplit(frozenset(test), tuple(frozenset(group) for group in groups))


def places(animals: Sequence[str], wanted: frozenset[str]) -> list[int]:
    """Where in a list of scans those of some animals are."""
    return [number for number, animal in enumerate(animals) if animal in wanted]
