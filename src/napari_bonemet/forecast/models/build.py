"""Networks from their options; torch comes in when one is made."""

from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.models.tvae import TvaeOptions


def build_tvae(options: TvaeOptions) -> Any:
    """The network (a ``torch.nn.Module``), its weights drawn anew.

    Raises
    ------
    InputError
        When the size is no multiple of 16.
    """
    if options.size % 16:
        raise InputError("The network's size cannot be used", expected="a multiple of 16", found=str(options.size))
    from napari_bonemet.forecast.models.tvae_network import Tvae

    return Tvae(options)
