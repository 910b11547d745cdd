"""PredRNN: the options of the recurrent network with a memory that passes up through its layers.

Source: Wang et al. 2017, PredRNN: patches of 4 x 4, kernels of 5 x 5, four layers; 128 channels there, fewer here,
so that it trains on a processor. It is a baseline of Xiong et al., section 2.3. The layers are in
:mod:`napari_bonemet.forecast.models.predrnn_network`, which imports torch.
"""

from dataclasses import dataclass
from typing import Annotated

from napari_bonemet.forecast.models.recurrent import RecurrentOptions
from napari_bonemet.options import Between, Doc


@dataclass(frozen=True)
class PredRnnOptions(RecurrentOptions):
    """The shape of the network, and what it looks at."""

    layers: Annotated[int, Doc("Layers one above the other."), Between(1, 8)] = 4
