"""What a film shows, and how long."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.figures.options import SOLID, Column, MontageOptions
from napari_bonemet.options import Between, Doc, Options, Unit

Shows = Literal["weeks", "samples", "rotation"]


@dataclass(frozen=True)
class FilmOptions(Options):
    """What a film shows, and how long."""

    what: Annotated[
        Shows,
        Doc(
            "Weeks: one after the other, then forecast and true week. Samples: each beside the true week. Rotation: "
            "volumes that turn once about the bone's axis."
        ),
    ] = "weeks"
    volumes: Annotated[bool, Doc("Weeks and samples from outside, shaded, rather than a slice.")] = False
    turned: Annotated[tuple[Column, ...], Doc("Whose volumes turn, from the left.")] = ("truth", "predicted")
    seconds: Annotated[float, Doc("How long each week or sample is seen."), Between(0.05, 30), Unit("s")] = 1.0
    turn_seconds: Annotated[float, Doc("How long a whole turn takes."), Between(0.5, 120), Unit("s")] = 6.0
    fps: Annotated[int, Doc("Frames in a second."), Between(1, 60)] = 12
    montage: Annotated[MontageOptions, Doc("How each frame is drawn.")] = field(default_factory=MontageOptions)

    def __post_init__(self) -> None:
        super().__post_init__()
        flat = [name for name in self.turned if name not in SOLID]
        if flat or not self.turned or len(set(self.turned)) < len(self.turned):
            raise InputError(
                "These volumes cannot be turned",
                expected=f"each once, from {', '.join(SOLID)}",
                found=" ".join(map(str, self.turned)) or "none",
            )
