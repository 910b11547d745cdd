"""T-VAE (3D): the options of the temporal variational auto-encoders of volumes.

Source: Xiong et al., sections 2.4.2 and 4.2.8: volumes of 48 slices, four in a step; 3D convolutions in the encoder
and the decoder, after DCGAN or after the 3D U-Net (Çiçek et al. 2016), all else as in 2D. The paper gives no
widths; these train on a processor. The layers are in :mod:`napari_bonemet.forecast.models.tvae_3d_network`, which
imports torch.
"""

from dataclasses import dataclass
from typing import Annotated

from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.options import Between, Doc, Unit

_DEPTH = Doc("Slices that the network looks at together; a multiple of 16.")


@dataclass(frozen=True)
class TvaeDcgan3dOptions(TvaeOptions):
    """The shape of the network, and what it looks at."""

    depth: Annotated[int, _DEPTH, Between(16, 512), Unit("slices")] = 48
    width: Annotated[
        int, Doc("Channels of the encoder's first layer; they double with each layer."), Between(4, 128)
    ] = 16


@dataclass(frozen=True)
class TvaeUnet3dOptions(TvaeOptions):
    """The shape of the network, and what it looks at."""

    depth: Annotated[int, _DEPTH, Between(16, 512), Unit("slices")] = 48
    width: Annotated[
        int, Doc("Channels at the finest level; they double with each halving, up to eight times."), Between(2, 128)
    ] = 8
