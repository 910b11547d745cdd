"""The one way to torch: late, because it is heavy, and safe beside a software OpenGL.

Mesa's software renderer brings LLVM into the process with all its symbols; triton, which torch imports when it is
installed (torchvision and the optimisers do so), carries another LLVM, picks up Mesa's symbols and crashes the whole
process: napari closes on a virtual screen or a remote desktop, without a word. torch does without triton, so
where both would meet, triton is kept out.
"""

import sys
from pathlib import Path
from typing import Any

_MAPS = Path("/proc/self/maps")


def import_torch() -> Any:
    """The module ``torch``, imported now if it was not before."""
    if "triton" not in sys.modules and _llvm_is_loaded():
        sys.modules["triton"] = None  # type: ignore[assignment] # the import system's own sign for "not there"
    import torch

    return torch


def import_torchvision() -> Any:
    """The module ``torchvision``, after torch, so that triton is kept out there as well."""
    import_torch()
    import torchvision

    return torchvision


def _llvm_is_loaded() -> bool:
    try:
        return "libLLVM" in _MAPS.read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux, where drivers bring no LLVM of this kind
        return False
