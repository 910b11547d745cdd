"""3D-GAN: the options of the adversarial network of volumes.

The generator is a 3D U-Net that sees the weeks so far and noise, as in the two networks after which Xiong et al.
take their baseline (section 2.4.2). What teaches it is in :mod:`napari_bonemet.forecast.gan_learner`, the layers are
in :mod:`napari_bonemet.forecast.models.gan_3d_network`, which imports torch.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.options import Between, Doc, Unit


@dataclass(frozen=True)
class Gan3dOptions(NetworkOptions):
    """The shape of the networks, and what they look at."""

    depth: Annotated[
        int, Doc("Slices that the network looks at together; a multiple of 16."), Between(16, 512), Unit("slices")
    ] = 48
    z_dim: Annotated[int, Doc("Length of the noise that a future is drawn from."), Between(1, 256)] = 10
    width: Annotated[
        int,
        Doc("Channels at the generator's finest level; they double with each halving, up to eight times."),
        Between(2, 128),
    ] = 8
    critic_width: Annotated[
        int, Doc("Channels of the discriminator's first layer; they double with each layer."), Between(2, 128)
    ] = 8
    distance: Annotated[
        Literal["l1", "l2"],
        Doc("What is lessened beside the adversarial loss: the mean error, or the edge-aware squared error."),
    ] = "l2"
    adversarial: Annotated[
        float, Doc("Weight of the adversarial loss beside it; 100 times less than l1 in pix2pix."), Between(0, 10)
    ] = 0.001
