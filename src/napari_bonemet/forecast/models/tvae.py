"""T-VAE (2D): the options of the temporal variational auto-encoder.

Source: Xiong et al., Breast Cancer Induced Bone Osteolysis Prediction Using Temporal Variational
Auto-Encoders, section 4.2. The layers are in :mod:`napari_bonemet.forecast.models.tvae_network`, which
imports torch.
"""

from dataclasses import dataclass
from typing import Annotated

from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.options import Between, Doc


@dataclass(frozen=True)
class TvaeOptions(NetworkOptions):
    """The shape of the network, and what it looks at."""

    change: Annotated[
        bool,
        Doc("The encoder sees each week's change from the week before beside the week itself; not so as printed."),
    ] = True
    time: Annotated[
        bool,
        Doc("The recurrent parts are told the weeks from scan to scan, so that gaps may be uneven; not so as printed."),
    ] = False
    z_dim: Annotated[int, Doc("Length of the latent vector z."), Between(1, 256)] = 10
    g_dim: Annotated[int, Doc("Length of the encoder's output."), Between(8, 1024)] = 128
    hidden: Annotated[int, Doc("Units of each LSTM."), Between(8, 1024)] = 128
    width: Annotated[
        int, Doc("Channels of the encoder's first layer; they double with each layer."), Between(4, 128)
    ] = 32

    @property
    def timed(self) -> bool:
        """Whether the network is told how much time lies between the weeks."""
        return self.time
