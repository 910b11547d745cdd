"""Which animals a training keeps back to be scored on: both legs of an animal always stay together."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.series import ScanSeries

# A network learns from the animals held out when to stop.
NETWORK_SHARE = 0.2


@dataclass(frozen=True)
class HoldOut:
    """What is held out.

    Parameters
    ----------
    animals : tuple of str
        Held out by name.
    share : float or None
        Share of the animals that is drawn, where none are named; `usual` when None.
    usual : float
        The share where nothing is asked for.
    seed : int
        Which animals are drawn.
    """

    animals: tuple[str, ...] = ()
    share: float | None = None
    usual: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Split:
    """Legs to learn from, and legs of other animals to score on."""

    learned: tuple[ScanSeries, ...]
    held_out: tuple[ScanSeries, ...]

    @property
    def words(self) -> str:
        """How many animals, and whether a program made them."""
        origin = "synthetic legs" if any(leg.synthetic for leg in self.learned) else "scans"
        held = f"; of other animals {count_legs(self.held_out)} held out" if self.held_out else ""
        return f"{count_legs(self.learned)} ({origin}){held}"


def count_legs(legs: Sequence[object]) -> str:
    """How many there are: 1 leg, 12 legs."""
    return f"{len(legs)} leg{'' if len(legs) == 1 else 's'}"


def split_animals(legs: Sequence[ScanSeries], hold_out: HoldOut) -> Split:
    """Hold out the legs of the animals that :func:`animals_held_out` names.

    Raises
    ------
    InputError
        When what is asked for cannot be held out.
    """
    held = animals_held_out([leg.baseline.subject or "" for leg in legs], hold_out)
    learned, kept = (
        tuple(leg for leg in legs if ((leg.baseline.subject or "") in held) is out) for out in (False, True)
    )
    return Split(learned, kept)


def animals_held_out(
    animals: Iterable[str], hold_out: HoldOut, *, groups: Mapping[str, Hashable] | None = None
) -> set[str]:
    """The animals that are named, else a share of them.

    Parameters
    ----------
    animals : iterable of str
        All of them.
    hold_out : HoldOut
        Names or a share.
    groups : mapping of animal to group, optional
        The share is taken of each group: of animals with and without a lesion, say.

    Raises
    ------
    InputError
        When a named animal is not there, both names and a share are given, or nothing is left to learn from.
    """
    animals = sorted(set(animals))
    if hold_out.animals and hold_out.share is not None:
        raise InputError(
            "The validation animals and the validation share both say what to hold out", remedy="Give one of them"
        )
    strangers = sorted(set(hold_out.animals) - set(animals))
    if strangers:
        raise InputError("Validation animals are not there", expected=", ".join(animals), found=", ".join(strangers))
    asked = hold_out.usual if hold_out.share is None else hold_out.share
    if not 0 <= asked < 1:
        raise InputError("The share to hold out cannot be used", expected="0 up to, not with, 1", found=f"{asked:g}")
    held = set(hold_out.animals) or _drawn(animals, asked, hold_out.seed, groups or {})
    if held == set(animals):
        raise InputError("All animals are held out, and none is left to learn from", found=", ".join(animals))
    return held


def _drawn(animals: Sequence[str], share: float, seed: int, groups: Mapping[str, Hashable]) -> set[str]:
    """A share of the animals of each group, at least one of any two, never all."""
    rng = np.random.default_rng(seed)
    held: set[str] = set()
    for group in dict.fromkeys(groups.get(animal) for animal in animals):
        members = [animal for animal in animals if groups.get(animal) == group]
        count = min(max(1, round(share * len(members))), len(members) - 1) if share else 0
        held |= {members[n] for n in rng.permutation(len(members))[:count]}
    return held
