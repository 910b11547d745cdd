"""What napari calls: the reader of weeks and scans, the writers, the sample."""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import napari
import numpy as np
from napari.layers import Layer

from napari_bonemet.errors import InputError
from napari_bonemet.io.bonemet import read_study, write_series
from napari_bonemet.io.registry import can_read
from napari_bonemet.io.tree import find_scans
from napari_bonemet.io.write import write_scan
from napari_bonemet.phantom.sample import sample_leg
from napari_bonemet.phantom.sample_hindlimb import sample_hindlimb
from napari_bonemet.phantom.vertebra.options import SpineOptions
from napari_bonemet.phantom.vertebra.spine import make_spine
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.session_file import SUFFIX
from napari_bonemet.widgets.layers import LayerTuple, layer_tuple, scan_from_layer
from napari_bonemet.widgets.level_keeper import level_keeper_of
from napari_bonemet.widgets.settings import voxel_size_setting
from napari_bonemet.widgets.week_view import FROM_READER

__all__ = [
    "get_reader",
    "sample_hindlimb_scan",
    "sample_registered",
    "sample_spine",
    "sample_tibia",
    "write_single",
    "write_weeks",
]

_BONE_HU = 250
# From fat to dense bone.
_WINDOW_HU = (-150.0, 1200.0)

Paths = str | Sequence[str]


def get_reader(path: Paths) -> Callable[[Paths], list[LayerTuple]] | None:
    """The reader for a file, a slice folder or a folder of weeks; None where there is nothing for us.

    Parameters
    ----------
    path : str or sequence of str
        What was dropped or chosen.
    """
    paths = _paths(path)
    if len(paths) == 1 and paths[0].name.endswith(SUFFIX) and paths[0].is_file():
        return open_session
    return read_layers if paths and all(_is_ours(p) for p in paths) else None


def _paths(path: Paths) -> list[Path]:
    return [Path(path)] if isinstance(path, str) else [Path(p) for p in path]


def _is_ours(path: Path) -> bool:
    try:
        return can_read(path) or (path.is_dir() and next(find_scans(path), None) is not None)
    except InputError:
        return True  # ours, and wrong: reading it says what is wrong


def open_session(path: Paths) -> list[Any]:
    """Open a session that was dropped on the window; its layers come by themselves, later."""
    import napari
    from qtpy.QtCore import QTimer

    from napari_bonemet.widgets.session import open_in

    viewer, place = napari.current_viewer(), _paths(path)[0]
    if viewer is None:
        raise InputError("A session opens in a window", remedy="Start napari, and drop it there")
    # After the drop has ended, or the reader would wait for its own layers.
    QTimer.singleShot(0, lambda: open_in(viewer, place))
    return [(None,)]


def read_layers(path: Paths) -> list[LayerTuple]:
    """Every week of every leg as a layer, lazily; the first week of the first leg is seen.

    Raises
    ------
    InputError
        Said by napari in a notification: what is missing, and what to do. A voxel size that the files do not
        state is asked for on the Preferences page or in the dock "Weekly scans", never guessed.
    """
    viewer = napari.current_viewer()
    if viewer is not None:
        level_keeper_of(viewer)
    spacing = voxel_size_setting() or None
    layers: list[LayerTuple] = []
    for one in _paths(path):
        for series in read_study(one, spacing=spacing):
            layers += _weeks(series, seen=not layers)
    return layers


def _weeks(series: ScanSeries, *, seen: bool) -> list[LayerTuple]:
    extra = {FROM_READER: True}
    return [layer_tuple(scan, visible=seen and scan is series[0], extra=extra) for scan in series]


def sample_tibia() -> list[LayerTuple]:
    """Four weeks of a synthetic tibia with a growing lesion, as scanned (not yet registered)."""
    return _weeks(sample_leg().series, seen=True)


def sample_registered() -> list[LayerTuple]:
    """The same four weeks, already on one grid."""
    return _weeks(sample_leg().registered(), seen=True)


def sample_hindlimb_scan() -> list[LayerTuple]:
    """A synthetic scan of both hindlimbs, to take apart."""
    return _weeks(ScanSeries((sample_hindlimb().scan,)), seen=True)


def sample_spine() -> list[LayerTuple]:
    """Some vertebrae of a synthetic patient with metastases, CT in Hounsfield units, and their numbers."""
    made = make_spine(SpineOptions(seed=11))
    numbers = np.broadcast_to(made.vertebra[:, None, None], made.scan.shape).astype(np.uint8)
    step = Step("number vertebrae", {})
    labels = made.scan.with_voxels(np.where(made.scan.to_numpy() > _BONE_HU, numbers, 0), step=step, kind=Kind.LABELS)
    return [
        layer_tuple(made.scan, look={"contrast_limits": _WINDOW_HU}),
        layer_tuple(labels, as_labels=True, look={"opacity": 0.3}),
    ]


def _scan(data: Any, attributes: dict[str, Any], kind: str) -> Scan:
    return scan_from_layer(Layer.create(data, attributes, kind))


def write_single(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write one image layer in the format of the suffix, with its voxel size.

    Raises
    ------
    InputError
        When the layer is no volume or states no units.
    OutputError
        When it cannot be written; nothing half-written is left.
    """
    # napari has asked whether an existing file may be replaced.
    return [str(write_scan(_scan(data, attributes, "image"), Path(path), overwrite=True))]


def write_labels(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write one labels layer (a composite) in the format of the suffix; as :func:`write_single`."""
    return [str(write_scan(_scan(data, attributes, "labels"), Path(path), overwrite=True))]


def write_weeks(path: str, layer_data: list[tuple[Any, dict[str, Any], str]]) -> list[str]:
    """Write weeks as PNG slices in the BoneMet layout: ``path/871 left tibia/week 3``.

    Raises
    ------
    InputError
        When a layer is no scan, or its week is not known.
    OutputError
        When they cannot be written.
    """
    scans = [_scan(*layer) for layer in layer_data]
    scans.sort(key=lambda scan: (scan.leg, scan.kind))
    groups = [ScanSeries(tuple(group)) for _, group in groupby(scans, key=lambda scan: (scan.leg, scan.kind))]
    legs = [series.leg for series in groups]
    for leg in legs:
        if legs.count(leg) > 1:
            raise InputError(
                f"The layers hold {leg} at two stages, which one folder cannot keep apart",
                remedy="Select the layers of one stage, and save those",
            )
    return [str(written) for series in groups for written in write_series(series, Path(path))]
