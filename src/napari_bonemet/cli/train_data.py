"""What all families of ``napari-bonemet train`` share: flags, the checkpoint's place, the live line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from napari_bonemet.cli.flags import Common, EveryCommand
from napari_bonemet.cli.reading import spare
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.options import Doc
from napari_bonemet.progress import Progress
from napari_bonemet.study.holding_out import HoldOut

Network = Literal[
    "ridge",
    "tvae",
    "tvae-gate",
    "tvae-3d-dcgan",
    "tvae-3d-unet",
    "stvae",
    "convlstm",
    "predrnn",
    "gan-3d",
    "lesion-slices",
    "lesion-weeks",
    "response",
    "bone-quality",
]

NETWORKS = "Each network has flags of its own; --network NAME with --help shows them, --recipe FILE those of recipes."


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

    def hold_out(self, usual: float = 0.0) -> HoldOut:
        """What to hold out, where `usual` is the share when nothing is asked for."""
        return HoldOut(self.validation, self.validation_share, usual, self.common.seed)

    def spare_data(self) -> None:
        """Raise InputError when ``--overwrite`` could replace what is learned from."""
        for folder in self.data:
            spare(folder, self.common)


@dataclass(frozen=True)
class ForecastArguments(TrainArguments):
    """What to fit, and to what."""

    inputs: Annotated[tuple[float, ...], Doc("The weeks that the model sees.")] = (0.0, 1.0, 2.0)
    target: Annotated[float, Doc("The week that it forecasts.")] = 3.0


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
