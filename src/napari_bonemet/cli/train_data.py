"""What all families of ``napari-bonemet train`` share: flags, legs to learn from, animals held out, the live line."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from napari_bonemet.cli.flags import Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.options import Doc
from napari_bonemet.progress import Progress
from napari_bonemet.series import ScanSeries

Network = Literal["ridge", "tvae", "tvae-gate", "lesion-slices"]

NETWORKS = """Each network has flags of its own; --network ridge, tvae, tvae-gate or lesion-slices with --help shows
them."""


@dataclass(frozen=True)
class TrainArguments:
    """What to fit, and to what."""

    data: Annotated[tuple[Path, ...], Doc("Folders of registered weeks.")]
    network: Annotated[Network, Doc("The model; each has flags of its own.")] = "ridge"
    validation: Annotated[tuple[str, ...], Doc("Animals to leave out and score on.")] = ()
    validation_share: Annotated[
        float | None,
        Doc(
            "Share of the animals to leave out and score on, drawn by --seed, where none are named. When not given: "
            "none for ridge, a fifth for networks, which learn from them when to stop."
        ),
    ] = None
    common: EveryCommand = field(default_factory=Common)


@dataclass(frozen=True)
class ForecastArguments(TrainArguments):
    """What to fit, and to what."""

    inputs: Annotated[tuple[float, ...], Doc("The weeks that the model sees.")] = (0.0, 1.0, 2.0)
    target: Annotated[float, Doc("The week that it forecasts.")] = 3.0


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


def checkpoint_place(common: Common) -> Path:
    """Where the checkpoint goes, free and rightly named, before hours are spent on it.

    Raises
    ------
    InputError
        When it is there already, or does not end in .safetensors.
    """
    out = common.new_place()
    if out.suffix != ".safetensors":
        raise InputError("The checkpoint needs a file name", expected="--out NAME.safetensors", found=str(out))
    return out


def gap_between(own: ForecastArguments) -> float:
    """Weeks from one input to the next, and to the target.

    Raises
    ------
    InputError
        When the steps are not even.
    """
    weeks = (*own.inputs, own.target)
    gaps = np.diff(weeks)
    if not len(gaps) or gaps.min() <= 0 or not np.allclose(gaps, gaps[0]):
        raise InputError(
            "The weeks to train on cannot be used",
            expected="inputs and target in even steps, such as --inputs 0 1 2 --target 3",
            found=" ".join(f"{week:g}" for week in weeks),
        )
    return float(gaps[0])


def legs_with_outcome(
    own: ForecastArguments, bone_threshold: float, terminal: Terminal, progress: Progress
) -> list[ScanSeries]:
    """Inputs and target of each leg that has them all, on one grid, cropped to what every week saw.

    Raises
    ------
    InputError
        When something cannot be read, a leg is there twice, no leg has all the weeks, or the weeks of one are not on
        one grid.
    """
    from napari_bonemet.cli.reading import read_grey_legs, require_different_legs
    from napari_bonemet.study.common import seen_in_every_week

    wanted = (*own.inputs, own.target)
    read = [leg for folder in own.data for leg in read_grey_legs(folder, own.common, progress)]
    require_different_legs(read, own.data[0])
    legs: list[ScanSeries] = []
    for leg in read:
        progress.check()
        missing = [week for week in wanted if week not in leg.weeks]
        if missing:
            terminal.warn(f"{leg.leg} is left out: it has no week {', '.join(f'{w:g}' for w in missing)}")
            continue
        chosen = leg.select(wanted)
        chosen.require_one_grid("Training")
        legs.append(seen_in_every_week(chosen, bone_threshold))
    if not legs:
        raise InputError("No leg has all the weeks to train on", expected=" ".join(f"{week:g}" for week in wanted))
    return legs


def split_animals(legs: Sequence[ScanSeries], own: TrainArguments, *, share: float = 0.0) -> Split:
    """Hold out legs by :func:`animals_held_out`; both legs of an animal always stay together.

    Raises
    ------
    InputError
        When what is asked for cannot be held out.
    """
    held = animals_held_out([leg.baseline.subject or "" for leg in legs], own, share=share)
    learned, kept = (
        tuple(leg for leg in legs if ((leg.baseline.subject or "") in held) is out) for out in (False, True)
    )
    return Split(learned, kept)


def animals_held_out(
    animals: Iterable[str], own: TrainArguments, *, share: float = 0.0, groups: Mapping[str, Hashable] | None = None
) -> set[str]:
    """The animals that are named, else a share of them.

    Parameters
    ----------
    animals : iterable of str
        All of them.
    share : float
        What is held out when neither names nor a share are asked for.
    groups : mapping of animal to group, optional
        The share is taken of each group: of animals with and without a lesion, say.

    Raises
    ------
    InputError
        When a named animal is not there, both names and a share are given, or nothing is left to learn from.
    """
    animals = sorted(set(animals))
    if own.validation and own.validation_share is not None:
        raise InputError("--validation and --validation-share both say what to hold out", remedy="Give one of them")
    strangers = sorted(set(own.validation) - set(animals))
    if strangers:
        raise InputError("Validation animals are not there", expected=", ".join(animals), found=", ".join(strangers))
    asked = share if own.validation_share is None else own.validation_share
    if not 0 <= asked < 1:
        raise InputError("The share to hold out cannot be used", expected="0 up to, not with, 1", found=f"{asked:g}")
    held = set(own.validation) or _drawn(animals, asked, own.common.seed, groups or {})
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


@dataclass(frozen=True)
class Telling:
    """Progress of a training: what it reports after each epoch becomes a line that stays on the terminal.

    Parameters
    ----------
    whole : Progress
        The bar.
    terminal : Terminal
        Where the lines go; a bar that is not drawn is not told of each step either.
    words : callable
        The line for what is reported, or None for nothing.
    """

    whole: Progress
    terminal: Terminal
    words: Callable[[Any], str | None]

    def advance(self, fraction: float) -> None:
        """Pass it on."""
        self.whole.advance(fraction)

    def message(self, text: str) -> None:
        """Pass it on where a bar shows it; a log file would get a line for each step."""
        if self.terminal.errors.is_terminal:
            self.whole.message(text)
        self.whole.check()

    def check(self) -> None:
        """Pass it on."""
        self.whole.check()

    def report(self, item: object) -> None:
        """Say it."""
        line = self.words(item)
        if line is not None:
            self.terminal.tell(line)
