"""What the user set on napari's Preferences page for this plugin."""

import os
from pathlib import Path
from typing import Any, Literal, get_args

from napari.settings import get_plugin_settings

from napari_bonemet.figures.palette import CompositeStyle
from napari_bonemet.io.slab_cache import USUAL_MIB
from napari_bonemet.slabs import THREADS

PLUGIN = "napari-bonemet"

# In the order of the work, but that the one in front is opened last; a session and its log come beside them.
DOCKS = (
    "Weekly scans",
    "Separate limbs",
    "Register weeks",
    "Composite and RoI",
    "Measures",
    "Futures",
    "Train",
    "Diagnosis",
    "Classifiers",
    "Annotate",
    "Figure",
    "Compare",
)


def _setting(page: str, name: str, default: Any) -> Any:
    try:
        return getattr(getattr(get_plugin_settings(PLUGIN), page), name)
    except (AttributeError, KeyError, ValueError):
        return default  # the plugin runs from a checkout that napari does not know as installed


def _word(page: str, name: str, default: str) -> str:
    """One of some words, which napari hands over as a member of an enumeration."""
    found = _setting(page, name, default)
    return str(getattr(found, "value", found))


def voxel_size_setting() -> float:
    """Voxel size for files that state none, micrometres; zero asks each time."""
    return float(_setting("reading", "voxel_size_um", 0.0))


def slice_cache_setting() -> int:
    """How much of large scans stays in memory after it was looked at, bytes; an eighth of the machine's at most."""
    import psutil  # type: ignore[import-untyped]

    wished = int(_setting("reading", "slice_cache_mb", USUAL_MIB)) * 2**20
    return min(wished, int(psutil.virtual_memory().total) // 8)


def bone_threshold_setting() -> float:
    """The grey value above which bone starts."""
    return float(_setting("analysis", "bone_threshold", 75.0))


Device = Literal["auto", "cpu", "cuda", "mps"]


def device_setting() -> Device:
    """Where networks run unless a form says otherwise."""
    found = _word("forecasting", "device", "auto")
    return next((name for name in get_args(Device) if name == found), "auto")


def samples_setting() -> int:
    """How many futures are drawn unless a form says otherwise."""
    return min(max(int(_setting("forecasting", "samples", 6)), 1), 256)


def composite_style_setting() -> CompositeStyle:
    """How composites are coloured at first."""
    return "published" if _word("looks", "composite_colours", "colour") == "published" else "colour"


def start_in(name: str = "") -> str:
    """Where a dialog for files begins: `name` in the working folder, or in the current one where there is none."""
    folder = str(_setting("machine", "working_folder", "")).strip()
    return str(Path(folder).expanduser() / name) if folder and Path(folder).expanduser().is_dir() else name


# What the environment held before the Preferences page had its say.
_BEFORE: dict[str, str | None] = {}


def apply_machine_settings() -> None:
    """Tell the core of the threads and of the folder of weights; what the page leaves open stays as it was."""
    threads = int(_setting("machine", "threads", 0))
    hub = str(_setting("machine", "hub_folder", "")).strip()
    for name, value in ((THREADS, str(threads) if threads > 0 else ""), ("TORCH_HOME", hub)):
        before = _BEFORE.setdefault(name, os.environ.get(name))
        if value:
            os.environ[name] = value
        elif before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before
