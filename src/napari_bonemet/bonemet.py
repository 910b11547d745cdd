"""The three calls of the published package, as the supplementary of BoneMet prints them (section C, figures 4 to 6).

Write ``from napari_bonemet.bonemet import ReconCTSegmentation, CTRegistration, RoICompositeCropper``. The package that
is published under the name of BoneMet holds nothing yet; here the printed code runs, with the slips of its print.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_bonemet.study.bonemet_registration import CTRegistration
    from napari_bonemet.study.bonemet_roi import RoICompositeCropper
    from napari_bonemet.study.bonemet_segmentation import ReconCTSegmentation

__all__ = ["CTRegistration", "ReconCTSegmentation", "RoICompositeCropper"]

_PLACES = {
    "CTRegistration": "bonemet_registration",
    "ReconCTSegmentation": "bonemet_segmentation",
    "RoICompositeCropper": "bonemet_roi",
}


def __getattr__(name: str) -> Any:
    """Load a class on its first use, so that cropping does not wait for what only registration needs."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"napari_bonemet.study.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
