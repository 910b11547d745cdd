"""Registration of the weeks of one leg: onto their baseline, and onto a reference bone.

The names below are loaded on first use, so that options and results are quick to import.
"""

import lazy_loader

_SUBMODULE_NAMES = {
    "by_hand": ["pose_from_landmarks", "refine_pose", "relay_week"],
    "result": ["RegistrationOptions", "RegistrationQuality", "RegistrationResult"],
    "weeks": ["register_weeks"],
}

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_SUBMODULE_NAMES)
