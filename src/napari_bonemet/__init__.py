"""Bone metastasis from weekly micro-CT: registration, composites, measures and forecasts.

The names below are loaded on first use, so that ``import napari_bonemet`` stays quick: torch, SimpleITK
and lpips are imported by the step that needs them and by no other.
"""

import lazy_loader

_SUBMODULE_NAMES = {
    "errors": ["BoneMetError", "InputError", "MissingSpacingError", "OutputError"],
    "geometry": ["Grid"],
    "progress": ["NO_PROGRESS", "Cancelled", "Progress"],
    "provenance": ["Source", "Step", "__version__"],
    "scan": ["Kind", "Scan"],
    "series": ["ScanSeries"],
}

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules={"bonemet"}, submod_attrs=_SUBMODULE_NAMES)
