"""What a viewer holds as a session: noted in the screen's thread in milliseconds, finished beside it."""

import contextlib
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from napari_bonemet.study.session import (
    Camera,
    Diagnosed,
    DockState,
    Forecasted,
    LegSource,
    Measured,
    Session,
    View,
)
from napari_bonemet.study.session_arrays import Packed, pack
from napari_bonemet.study.session_file import path_for
from napari_bonemet.study.session_layers import FileLayer
from napari_bonemet.study.session_records import composed_of, cropped_of, file_hash, registered_of, source_of
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.dock import Dock, frame_of
from napari_bonemet.widgets.dock_tabs import name_of
from napari_bonemet.widgets.layers import find_layers
from napari_bonemet.widgets.log_book import book_of
from napari_bonemet.widgets.session_layers import Painted, record_layer
from napari_bonemet.widgets.week_view import FROM_READER

__all__ = ["Noted", "note_session", "open_docks_of"]


@dataclass(frozen=True, eq=False)
class Noted:
    """A session but for what takes long: painted voxels, hashes of files.

    Parameters
    ----------
    session : Session
        Paths in full; painted layers hold no voxels.
    painted : mapping of int to array
        Place of a layer to its voxels, which the user may go on painting.
    left_out : tuple of str
        What cannot be held, in words.
    """

    session: Session
    painted: dict[int, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def finish(self, path: Path) -> Session:
        """The whole session, its paths as a file at `path` names them. Not in the screen's thread.

        Raises
        ------
        InputError
            When painted labels are too large.
        """
        session = self.session
        layers: list[Any] = list(session.layers)
        for place, voxels in self.painted.items():
            layers[place] = replace(layers[place], labels=_packed(voxels))
        layers = [replace(one, path=path_for(one.path, path)) if isinstance(one, FileLayer) else one for one in layers]
        source = session.source
        if source is not None and source.folder is not None:
            source = replace(source, folder=path_for(source.folder, path))
        forecast, diagnosis = _named(session.forecast, path), _named(session.diagnosis, path)
        return replace(session, layers=tuple(layers), source=source, forecast=forecast, diagnosis=diagnosis)


def _named(step: Any, path: Path) -> Any:
    """A step with its checkpoint's hash and place."""
    if step is None or step.checkpoint is None or not Path(step.checkpoint).is_file():
        return step
    checkpoint = Path(step.checkpoint)
    return replace(step, checkpoint=path_for(checkpoint, path), checkpoint_sha256=file_hash(checkpoint))


# What was packed last; painted voxels rarely change from one autosave to the next.
_PACKED: OrderedDict[str, Packed] = OrderedDict()
_KEPT = 8


def _packed(voxels: Any) -> Packed:
    array = np.ascontiguousarray(voxels)
    head = f"{array.dtype.str} {array.shape}".encode()
    key = hashlib.blake2b(array.reshape(-1).view(np.uint8).data, key=hashlib.sha256(head).digest()).hexdigest()
    if key not in _PACKED:
        _PACKED[key] = pack(array)
    _PACKED.move_to_end(key)
    while len(_PACKED) > _KEPT:
        _PACKED.popitem(last=False)
    return _PACKED[key]


def note_session(viewer: Any, desk: Desk) -> Noted:
    """Note what `viewer` holds. In the screen's thread; takes milliseconds, and copies no voxel."""
    before = _own_view(desk)
    seen = {id(layer): visible for layer, visible in before.visible} if before is not None else {}
    layers: list[Any] = []
    painted: dict[int, Any] = {}
    left_out: list[str] = []
    for layer in viewer.layers:
        record = record_layer(layer, seen.get(id(layer)))
        if isinstance(record, str):
            left_out.append(record)
        elif isinstance(record, Painted):
            painted[len(layers)] = record.voxels
            layers.append(record.record)
        elif record is not None:
            layers.append(record)
    session = Session(
        **_steps(viewer, desk),
        week=desk.week,
        layers=tuple(layers),
        view=_view(viewer, before),
        **_docks(desk),
        log=book_of(desk).entries,
    )
    if session.source is not None and session.source.folder is None and session.source.sample is None:
        left_out.insert(0, f"the weeks of {session.source.leg}, which lie in no folder")
    return Noted(session, painted, tuple(left_out))


def _steps(viewer: Any, desk: Desk) -> dict[str, Any]:
    if desk.series is None:
        return {}
    made: dict[str, Any] = {"source": _source(viewer, desk)}
    if desk.registration is not None:
        made["registration"] = registered_of(desk.registration)
    if desk.roi is not None:
        made["roi"] = cropped_of(desk.roi)
    if desk.composites and desk.working is not None:
        made["composites"] = composed_of(desk.composites, desk.working)
    if desk.forecast is not None:
        made["forecast"] = _forecast(desk)
    if desk.measures is not None:
        made["measures"] = Measured(desk.measures.options, tuple(sorted(desk.measures.painted)))
    if desk.lesions is not None and "lesions" in desk.asked:
        options, painted = desk.asked["lesions"]
        made["lesions"] = Measured(options, desk.series.weeks[:1] if painted else ())
    if desk.diagnoses is not None and "diagnosis" in desk.asked:
        options, week, with_forecast = desk.asked["diagnosis"]
        checkpoint = None if options.checkpoint is None else str(options.checkpoint)
        made["diagnosis"] = Diagnosed(options.device, checkpoint, None, week, with_forecast, options.network)
    return made


def _source(viewer: Any, desk: Desk) -> LegSource | None:
    series = desk.series
    if series is None:
        return None
    folder = desk.leg.folder if desk.leg is not None else None
    if folder is None:
        # Dropped on the window: napari knows from where.
        dropped = find_layers(viewer, leg=series.leg, kind=series.baseline.kind)
        paths = {layer.source.path for layer in dropped if layer.metadata["bonemet"].get(FROM_READER)} - {None}
        folder = Path(paths.pop()) if len(paths) == 1 else None
    return source_of(series, None if folder is None else str(folder))


def _forecast(desk: Desk) -> Forecasted | None:
    forecast, options = desk.forecast, desk.asked.get("forecast")
    if forecast is None:
        return None
    if options is None or options.seed != forecast.seed:
        # Made by the chain, not by the dock: its model is named by the forecast.
        return Forecasted(forecast.week, forecast.model, len(forecast.samples), forecast.seed)
    checkpoint = None if options.checkpoint is None else str(options.checkpoint)
    return Forecasted(
        forecast.week,
        options.model,
        options.samples,
        options.seed,
        options.device,
        checkpoint if options.model == "checkpoint" else None,
        perceptual=options.perceptual,
    )


def _own_view(desk: Desk) -> Any:
    """The user's own view under the cells of Compare; None where none are shown."""
    cells = getattr(open_docks_of(desk).get("Compare"), "cells", None)
    return cells.before if cells is not None else None


def _view(viewer: Any, before: Any) -> View:
    active = viewer.layers.selection.active
    if before is not None:
        # What the cells changed, as it was.
        dims, bar = before, before.scale_bar["visible"]
        camera, grid = SimpleNamespace(**before.camera), SimpleNamespace(**before.grid)
        active = before.selected[0] if before.selected else None
    else:
        camera, dims, grid = viewer.scene.camera, viewer.dims, viewer.canvas.grid
        bar = viewer.canvas.overlays.scale_bar.visible
    return View(
        Camera(_floats(camera.center), float(camera.zoom), _floats(camera.angles), float(camera.perspective)),
        int(dims.ndisplay),
        _floats(dims.point),
        tuple(int(axis) for axis in dims.order),
        bool(grid.enabled),
        int(grid.stride),
        (int(grid.shape[0]), int(grid.shape[1])),
        bool(bar),
        active.name if active is not None else None,
    )


def _floats(values: Any) -> Any:
    return tuple(float(value) for value in values)


def open_docks_of(desk: Desk) -> dict[str, Dock]:
    """The docks of a desk that stand in its window, by their names."""
    found = {}
    for known in desk.docks:
        dock = known()
        # Of a dock whose window is gone, only Python's half may be left.
        with contextlib.suppress(RuntimeError):
            frame = None if dock is None else frame_of(dock)
            if dock is not None and frame is not None:
                found[name_of(frame)] = dock
    return found


def _docks(desk: Desk) -> dict[str, Any]:
    docks = open_docks_of(desk)
    front = next((name for name, dock in docks.items() if not dock.visibleRegion().isEmpty()), None)
    return {"docks": tuple(DockState(name, dock.filled_in()) for name, dock in docks.items()), "front": front}
