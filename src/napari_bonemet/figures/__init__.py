"""Figures as matplotlib figures; no screen and no pyplot needed."""

import lazy_loader

_NAMES = {
    "arrows": ["Arrow"],
    "export": ["save_figure"],
    "montage": ["montage"],
    "options": ["MontageOptions"],
    "panel": ["Panel"],
    "study": ["StudyFigure", "study_figure"],
}

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_NAMES)
