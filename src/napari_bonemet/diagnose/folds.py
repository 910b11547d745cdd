"""Folds of a cross-validation: whole animals, each kind spread evenly, nobody on two sides.

BoneMet holds a fifth of its mice back and makes five folds of the rest (section 3.3). Weeks and legs of an animal stay
together: its weeks look alike, and a network that saw one of them knows the others.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.provenance import Json

__all__ = ["animals_in", "folds_by_animal", "require_apart"]

# Names that an error gives.
_NAMED = 8


def folds_by_animal(
    animals: Sequence[str], kinds: Sequence[Hashable], folds: int = 3, seed: int = 0
) -> tuple[np.ndarray, ...]:
    """The cases of each fold: every case is in one, and all cases of an animal are in the same.

    Parameters
    ----------
    animals : sequence of str, (n,)
        Of which animal each case is.
    kinds : sequence, (n,)
        The truth of each case. Animals with the same set of truths are spread evenly over the folds.
    folds : int
        How many.
    seed : int
        Which animals come together.

    Returns
    -------
    tuple of ndarray, (m,) int
        Indices of each fold's cases, in order.

    Raises
    ------
    InputError
        When there are fewer animals of some truth than folds: a fold without it could not be scored.
    """
    if len(animals) != len(kinds) or folds < 2:
        raise InputError(
            "The folds cannot be made",
            expected="two or more, and a truth for each case",
            found=f"{folds} folds, {len(animals)} cases and {len(kinds)} truths",
        )
    of_animal: dict[str, set[Hashable]] = {}
    for animal, kind in zip(animals, kinds, strict=True):
        of_animal.setdefault(animal, set()).add(kind)
    for kind in dict.fromkeys(kinds):
        count = sum(kind in own for own in of_animal.values())
        if count < folds:
            raise InputError(
                f"There are too few animals for {folds} folds",
                expected=f"{folds} or more of each kind",
                found=f"{count} of {kind}",
                remedy="Use fewer folds, or more animals",
            )
    place = _spread(of_animal, folds, np.random.default_rng(seed))
    made = tuple(np.flatnonzero([place[animal] == fold for animal in animals]) for fold in range(folds))
    for fold in made:
        held = {animals[int(n)] for n in fold}
        require_apart({animals[n] for n in range(len(animals)) if n not in fold}, held)
    return made


def _spread(of_animal: dict[str, set[Hashable]], folds: int, rng: np.random.Generator) -> dict[str, int]:
    """The fold of each animal: dealt like cards, kind after kind."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for animal in sorted(of_animal):
        groups.setdefault(tuple(sorted(map(str, of_animal[animal]))), []).append(animal)
    dealt = [members[n] for _, members in sorted(groups.items()) for n in rng.permutation(len(members))]
    return {animal: number % folds for number, animal in enumerate(dealt)}


def require_apart(*sides: Iterable[str]) -> None:
    """Raise InputError when an animal is on two sides: what was learned by heart would look like what was understood.

    Parameters
    ----------
    sides : iterables of str
        The animals, or patients, to learn from, to choose by, to score on. Those without a name are nobody's.
    """
    seen: set[str] = set()
    for side in sides:
        own = {animal for animal in side if animal}
        if both := sorted(seen & own):
            more = f" and {len(both) - _NAMED} more" if len(both) > _NAMED else ""
            raise InputError(
                "To learn from and to score on have to be apart, and some are on two sides of the split",
                found=", ".join(both[:_NAMED]) + more,
                remedy="Keep all scans of one on one side",
            )
        seen |= own


def animals_in(training: Mapping[str, Json]) -> list[str]:
    """The animals that a checkpoint's record says it learned from, or was chosen by; none where it does not tell."""
    validation = training.get("validation")
    told = (training.get("animal_names"), validation.get("animals") if isinstance(validation, dict) else None)
    return [str(animal) for names in told if isinstance(names, list) for animal in names]
