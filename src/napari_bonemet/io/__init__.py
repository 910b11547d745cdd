"""Reading and writing scans: one file per format, and the published folder layouts.

The names below are loaded on first use, so that the package stays quick to import.
"""

import lazy_loader

_SUBMODULE_NAMES = {
    "atomic": ["atomic_file", "atomic_folder", "write_json", "write_table"],
    "bonemet": ["LegFiles", "find_legs", "read_series", "read_study", "write_series"],
    "composite_codes": ["looks_like_composite"],
    "names": ["NameParts", "name_parts"],
    "registry": ["READERS", "can_read", "read_scan"],
    "sidecar": ["Sidecar", "read_sidecar"],
    "transforms": ["read_transform", "write_transform"],
    "write": ["write_scan"],
}

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_SUBMODULE_NAMES)
