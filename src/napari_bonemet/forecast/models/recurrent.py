"""What networks of recurrent convolutions have in common."""

from dataclasses import dataclass
from typing import Annotated

from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.options import Between, Doc, Unit


@dataclass(frozen=True)
class RecurrentOptions(NetworkOptions):
    """The shape of the network, and what it looks at."""

    patch: Annotated[
        int,
        Doc("Squares of this side become the channels of one place, as both papers do; 16 is a multiple of it."),
        Between(1, 16),
        Unit("voxels"),
    ] = 4
    hidden: Annotated[int, Doc("Channels of each layer's state."), Between(4, 512)] = 32
    layers: Annotated[int, Doc("Layers one above the other."), Between(1, 8)] = 3
    kernel: Annotated[int, Doc("Side of the convolutions; odd."), Between(1, 11)] = 5

    @property
    def deterministic(self) -> bool:
        """It knows one future only."""
        return True
