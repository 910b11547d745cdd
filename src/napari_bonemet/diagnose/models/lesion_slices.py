"""A slice network for lesions: its options, and its making.

Source of the scheme: Tian et al., BoneMet, section 3.3: features of each slice, max-pooled over the slices into
those of the volume. Their backbones have tens of millions of weights and are trained on thousands of full-size
scans; this one has a hundred thousand and is trained within minutes. The layers are in
:mod:`napari_bonemet.diagnose.models.lesion_slices_network`, which imports torch.
"""

from typing import Any

from napari_bonemet.diagnose.options import ClassifierOptions

SMALL = "small"
# Features that are kept of a backbone of timm, whatever it makes.
_KEPT = 64


def build_slice_network(options: ClassifierOptions, *, pretrained: bool = False) -> Any:
    """The network (a ``torch.nn.Module``), its weights drawn anew.

    Parameters
    ----------
    options : ClassifierOptions
        Backbone, width, dropout, weeks together.
    pretrained : bool
        Fill a backbone of timm with the weights that the options name; otherwise a checkpoint is to fill it.

    Raises
    ------
    InputError
        When timm or the weights are not there.
    """
    from napari_bonemet.diagnose.models.lesion_slices_network import SliceNetwork, small_backbone

    if options.backbone == SMALL:
        made = 4 * options.width
        backbone = small_backbone(options.width, options.together, fine=options.fine)
        return SliceNetwork(backbone, made, made, options.dropout)
    from napari_bonemet.diagnose.models.timm_backbone import timm_backbone

    backbone, made = timm_backbone(options, pretrained=pretrained)
    return SliceNetwork(backbone, made, _KEPT, options.dropout)
