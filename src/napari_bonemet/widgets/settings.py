"""What the user set on napari's Preferences page for this plugin."""

from typing import Any

from napari.settings import get_plugin_settings

from napari_bonemet.io.slab_cache import USUAL_MIB

PLUGIN = "napari-bonemet"


def _setting(page: str, name: str, default: Any) -> Any:
    try:
        return getattr(getattr(get_plugin_settings(PLUGIN), page), name)
    except (AttributeError, KeyError, ValueError):
        return default  # the plugin runs from a checkout that napari does not know as installed


def voxel_size_setting() -> float:
    """Voxel size for files that state none, micrometres; zero asks each time."""
    return float(_setting("reading", "voxel_size_um", 0.0))


def slice_cache_setting() -> int:
    """How much of large scans stays in memory after it was looked at, bytes."""
    return int(_setting("reading", "slice_cache_mb", USUAL_MIB)) * 2**20


def bone_threshold_setting() -> float:
    """The grey value above which bone starts."""
    return float(_setting("analysis", "bone_threshold", 75.0))
