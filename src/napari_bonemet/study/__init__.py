"""One leg through the whole chain."""

import lazy_loader

_NAMES = {"leg": ["LegStudy", "run_leg"], "legs": ["run_legs"], "options": ["StudyOptions"], "write": ["write_leg"]}

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_NAMES)
