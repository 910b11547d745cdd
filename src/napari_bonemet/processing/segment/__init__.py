"""Separation: spine, femora and tibiae out of a hindlimb scan.

The names below are loaded on first use, so that command lines stay quick.
"""

import lazy_loader

_SUBMODULE_NAMES = {
    "by_hand": ["with_part", "with_region"],
    "cut": ["cut_part"],
    "options": ["SeparationOptions"],
    "result": ["Part", "PartName", "SeparationResult", "swap_sides"],
    "separate": ["separate_limbs"],
}

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_SUBMODULE_NAMES)
