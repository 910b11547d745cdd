"""A slice network for lesions: its options, and its making.

Source of the scheme: Tian et al., BoneMet, section 3.3: features of each slice, max-pooled over the slices into
those of the volume. Their backbones have tens of millions of weights and are trained on thousands of full-size
scans; this one has a hundred thousand and is trained within minutes. The layers are in
:mod:`napari_bonemet.diagnose.models.lesion_slices_network`, which imports torch.
"""

from typing import Any


def build_slice_network(width: int, dropout: float = 0.0) -> Any:
    """The network (a ``torch.nn.Module``), its weights drawn anew.

    Parameters
    ----------
    width : int
        Channels of the first layer; they double twice.
    dropout : float
        Share of the features that a step of the training leaves out.
    """
    from napari_bonemet.diagnose.models.lesion_slices_network import SliceNetwork

    return SliceNetwork(width, dropout)
