"""ConvLSTM: the options of the encoder-forecaster of convolutional LSTMs.

Source: Shi et al. 2015, Convolutional LSTM Network: patches of 4 x 4, kernels of 5 x 5, three layers; 128, 64 and 64
channels there, fewer here, so that it trains on a processor. C-LSTM is a baseline of Xiong et al., section 2.3. The
layers are in :mod:`napari_bonemet.forecast.models.convlstm_network`, which imports torch.
"""

from dataclasses import dataclass

from napari_bonemet.forecast.models.recurrent import RecurrentOptions


@dataclass(frozen=True)
class ConvLstmOptions(RecurrentOptions):
    """The shape of the network, and what it looks at."""
