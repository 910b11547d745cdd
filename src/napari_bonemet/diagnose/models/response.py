"""A 3D network for response to treatment: its making, without torch.

The layers are in :mod:`napari_bonemet.diagnose.models.response_network`, which imports torch.
"""

from typing import Any

from napari_bonemet.diagnose.response.options import ResponseOptions


def build_response_network(options: ResponseOptions) -> Any:
    """The network (a ``torch.nn.Module``) that `options` ask for, its weights drawn anew."""
    from napari_bonemet.diagnose.models.response_network import ResponseNetwork

    return ResponseNetwork(
        options.channels,
        len(options.weeks),
        width=options.width,
        hidden=options.hidden,
        dropout=options.dropout,
    )
