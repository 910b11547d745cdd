"""What every network has: which weeks it looks at, through what window, and what its output means."""

from dataclasses import dataclass
from typing import Annotated, Literal

from napari_bonemet.options import Between, Doc, Options, Unit

Output = Literal["gate", "sigmoid"]


@dataclass(frozen=True)
class NetworkOptions(Options):
    """What a network looks at, and what it draws."""

    output: Annotated[
        Output,
        Doc(
            "sigmoid: the decoder draws the next week, as the paper prints; gate: it draws k and c, and the next "
            "week is x (1 - k) + k c with x the last week, so that what does not change is copied, not redrawn."
        ),
    ] = "gate"
    crop: Annotated[int, Doc("Side of the square cut around the bone."), Between(16, 1024), Unit("voxels")] = 96
    size: Annotated[
        int, Doc("Side that the square is resized to for the network; a multiple of 16."), Between(16, 512)
    ] = 64
    depth: Annotated[int, Doc("Slices that the network looks at together."), Between(1, 512), Unit("slices")] = 1
    weeks_seen: Annotated[int, Doc("Weeks that the network looks at."), Between(1, 12)] = 3
    gap_weeks: Annotated[float, Doc("Time between them."), Between(0.1, 26), Unit("weeks")] = 1.0
    coherence_um: Annotated[
        float,
        Doc("Distance along the bone over which a sample's latent noise stays alike; 0 draws each slice by itself."),
        Between(0, 1e6),
        Unit("µm"),
    ] = 600.0
    bone_threshold: Annotated[float, Doc("Bone is above this grey value."), Between(0, 255)] = 75.0

    @property
    def channels(self) -> int:
        """What the decoder draws: k and c, or the week itself."""
        return 2 if self.output == "gate" else 1

    @property
    def timed(self) -> bool:
        """Whether the network is told how much time lies between the weeks, so that gaps may be uneven."""
        return False

    @property
    def native(self) -> bool:
        """Whether the network draws at the scans' own resolution, in blocks of any size."""
        return False

    @property
    def deterministic(self) -> bool:
        """Whether all its futures would be the same."""
        return False
