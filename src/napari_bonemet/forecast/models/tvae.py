"""T-VAE (2D): the options of the temporal variational auto-encoder.

Source: Xiong et al., Breast Cancer Induced Bone Osteolysis Prediction Using Temporal Variational
Auto-Encoders, section 4.2. The layers are in :mod:`napari_bonemet.forecast.models.tvae_network`, which
imports torch.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from napari_bonemet.options import Between, Doc, Options, Unit


@dataclass(frozen=True)
class TvaeOptions(Options):
    """The shape of the network, and what it looks at."""

    output: Annotated[
        Literal["gate", "sigmoid"],
        Doc(
            "sigmoid: the decoder draws the next week, as the paper prints; gate: it draws k and c, and the next "
            "week is x (1 - k) + k c with x the last week, so that what does not change is copied, not redrawn."
        ),
    ] = "gate"
    change: Annotated[
        bool,
        Doc("The encoder sees each week's change from the week before beside the week itself; not so as printed."),
    ] = True
    z_dim: Annotated[int, Doc("Length of the latent vector z."), Between(1, 256)] = 10
    g_dim: Annotated[int, Doc("Length of the encoder's output."), Between(8, 1024)] = 128
    hidden: Annotated[int, Doc("Units of each LSTM."), Between(8, 1024)] = 128
    width: Annotated[
        int, Doc("Channels of the encoder's first layer; they double with each layer."), Between(4, 128)
    ] = 32
    crop: Annotated[int, Doc("Side of the square cut around the bone."), Between(16, 1024), Unit("voxels")] = 96
    size: Annotated[
        int, Doc("Side that the square is resized to for the network; a multiple of 16."), Between(32, 512)
    ] = 64
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
