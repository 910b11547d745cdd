"""ST-VAE: the options of the forecaster in space and time, ours; the layers are in ``stvae_network``.

A U-Net of three levels over the weeks as channels, at the scans' own resolution; what nobody can know enters every
level of the decoder as fields of noise. It learns in two lessons: first to forecast the mean, then, by a score that
only the true distribution makes least, to draw futures.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.options import Between, Doc, Unit, Unset

# Blocks start and end at multiples of this, since the coarsest level has a fourth of the voxels along each axis.
STRIDE = 4
# Slope of the rectifiers below 0.
LEAK = 0.1


@dataclass(frozen=True)
class StvaeOptions(NetworkOptions):
    """The shape of the network, and what it looks at."""

    crop: Annotated[int, Doc("Side of the blocks that are learned from."), Between(16, 1024), Unit("voxels")] = 80
    size: Annotated[int, Doc("The crop, since nothing is resized."), Between(16, 1024)] = 80
    depth: Annotated[int, Doc("Slices of the blocks."), Between(4, 512), Unit("slices")] = 24
    width: Annotated[
        int, Doc("Channels of the finest level; the second has twice, the third four times as many."), Between(4, 128)
    ] = 16
    objective: Annotated[
        Literal["score", "elbo"],
        Doc(
            "score: noise in every level of the decoder, learned by the almost fair CRPS over fields of several sizes; "
            "elbo: a latent field at the coarsest level with learned prior and posterior."
        ),
    ] = "score"
    fine_noise: Annotated[int, Doc("Fields of noise without a memory at the finest level."), Between(0, 64)] = 0
    local_noise: Annotated[int, Doc("The same at each of the coarser levels."), Between(0, 64)] = 0
    regional_noise: Annotated[int, Doc("Fields of noise alike in a neighbourhood."), Between(0, 64)] = 4
    global_noise: Annotated[int, Doc("Numbers drawn once for the whole leg."), Between(0, 64)] = 0
    region_voxels: Annotated[
        float, Doc("Standard deviation of the kernel that makes regional noise."), Between(1, 200), Unit("voxels")
    ] = 12.0
    place: Annotated[
        bool,
        Doc(
            "Whether a future is laid as registration would leave a scan: off by a small shift, whose size is learned."
        ),
    ] = True
    z_dim: Annotated[int, Doc("Channels of the latent field of the elbo."), Between(1, 64)] = 8
    z_alike: Annotated[
        float,
        Doc("Share of that field's chance that is alike in a neighbourhood when a future is drawn."),
        Between(0, 1),
    ] = 0.15
    place_width: Annotated[
        float | None,
        Doc(
            "How far futures are laid off, of what was learned: more brings their spread nearer to their error, less "
            "brings every single one nearer to the truth."
        ),
        Between(0, 2),
        Unset("0.85 of what the score learned, all of what the elbo did"),
    ] = None

    @property
    def timed(self) -> bool:
        """Whether the network is told how much time lies between the weeks: it always is."""
        return True

    @property
    def local_fields(self) -> tuple[int, int, int]:
        """Fields of noise without a memory at each level, fine to coarse."""
        return (self.fine_noise, self.local_noise, self.local_noise)

    @property
    def noise_channels(self) -> tuple[int, int, int]:
        """Fields of noise that enter each level of the decoder, fine to coarse."""
        fine, middle, coarse = (own + self.regional_noise + self.global_noise for own in self.local_fields)
        return (fine, middle, coarse)

    @property
    def placed(self) -> float:
        """How far futures are laid off, of what was learned."""
        if self.place_width is not None:
            return self.place_width
        return 0.85 if self.objective == "score" else 1.0

    @property
    def native(self) -> bool:
        """Whether the network draws at the scans' own resolution: it always does."""
        return True
