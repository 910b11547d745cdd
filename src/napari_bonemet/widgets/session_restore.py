"""A rebuilt session laid out in the viewer, a little at a time, so that the window stays alive."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Kind
from napari_bonemet.study.session import Session, View
from napari_bonemet.study.session_arrays import unpack
from napari_bonemet.study.session_layers import FileLayer, LabelsLayer, MadeLayer
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.layers import add_scan
from napari_bonemet.widgets.log_book import book_of
from napari_bonemet.widgets.measures_layers import COMPARTMENTS
from napari_bonemet.widgets.session_capture import open_docks_of
from napari_bonemet.widgets.session_layers import PAINTED, apply_look, find_made, keywords_of, layer_from
from napari_bonemet.widgets.session_rebuild import Rebuilt
from napari_bonemet.widgets.settings import DOCKS as WORK_DOCKS
from napari_bonemet.widgets.settings import PLUGIN
from napari_bonemet.widgets.week_view import make_room

__all__ = ["LayOut", "clear_table"]

DOCKS = (*WORK_DOCKS, "Session", "Log")


class LayOut(QObject):
    """Lays a session out step by step between the events of the window.

    Attributes
    ----------
    done : Signal(list)
        All of it is there; notes of what is not.
    """

    done = Signal(list)

    def __init__(self, viewer: Any, desk: Desk, made: Rebuilt, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._desk, self._made = viewer, desk, made
        self._notes: list[str] = list(made.notes)
        self._steps = self._all()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._on)

    def start(self) -> None:
        """Begin; the window's events come in between."""
        self._timer.start()

    def _on(self) -> None:
        try:
            next(self._steps)
        except StopIteration:
            self._end()
        except Exception as error:
            # Whatever it is, what is laid out stays, and the window with it.
            self._notes.append(f"Not all of the session could be laid out ({type(error).__name__}: {error}).")
            self._end()

    def _end(self) -> None:
        self._timer.stop()
        self.done.emit(self._notes)
        self.deleteLater()

    def _all(self) -> Iterator[None]:
        session = self._made.session
        yield from clear_table(self._viewer, self._desk)
        yield from self._open_docks(session)
        yield from self._put_on_desk()
        yield from self._fill_in(session)
        yield from self._layers(session)
        if session.week is not None and self._desk.shown is not None and session.week in self._desk.shown.weeks:
            self._desk.set_week(session.week)
        yield
        yield from self._looks(session)
        if session.view is not None:
            look_as(self._viewer, session.view)
        yield from self._fill_in(session, last=True)
        book_of(self._desk).take_up(session.log)
        self._to_front(session)

    def _open_docks(self, session: Session) -> Iterator[None]:
        window = getattr(self._viewer, "window", None)
        for dock in session.docks:
            if dock.name not in DOCKS:
                self._notes.append(f"There is no dock {dock.name!r}.")
            elif window is not None and dock.name not in open_docks_of(self._desk):
                window.add_plugin_dock_widget(PLUGIN, dock.name)
                yield
        # The docks take their places when they are first seen.
        for _ in range(3):
            yield

    def _put_on_desk(self) -> Iterator[None]:
        made, desk = self._made, self._desk
        if made.series is None:
            return
        desk.set_series(made.series, made.leg)
        yield
        if made.registration is not None:
            desk.set_registration(made.registration)
            yield
        if made.roi is not None:
            desk.set_roi(made.roi)
            yield
        for week, composite in made.composites.items():
            desk.set_composite(week, composite)
        yield
        desk.asked.update(made.asked)
        if made.forecast is not None:
            desk.set_forecast(made.forecast.forecast, made.forecast.scores, made.forecast.drawn)
            yield
        if made.diagnoses is not None:
            desk.set_diagnoses(made.diagnoses)
            yield
        if made.measures is not None:
            desk.set_measures(made.measures)
            yield
        if made.lesions is not None:
            desk.set_lesions(made.lesions)
            yield

    def _fill_in(self, session: Session, *, last: bool = False) -> Iterator[None]:
        docks = open_docks_of(self._desk)
        for state in session.docks:
            if state.name in docks and last == docks[state.name].FILLED_LAST:
                docks[state.name].fill_in(state.values)
                yield

    def _layers(self, session: Session) -> Iterator[None]:
        self._own: dict[int, Any] = {}
        for number, record in enumerate(session.layers):
            layer = None
            if isinstance(record, MadeLayer):
                layer = self._composite(record)
            elif isinstance(record, FileLayer):
                layer = self._file(number, record)
            elif isinstance(record, LabelsLayer) and record.made is not None:
                layer = self._paint(record, record.made)
            else:
                layer = self._drawn(record)
            if layer is not None:
                self._own[number] = layer
            yield

    def _composite(self, record: MadeLayer) -> Any:
        """The layer of a composite, which no dock may have drawn."""
        composite = self._made.composites.get(record.week) if record.week is not None else None
        found = find_made(self._viewer, record)
        if found is None and composite is not None and record.kind == str(Kind.COMPOSITE) and not record.what:
            style = "published" if record.look.colormap is not None else "colour"
            found = add_scan(self._viewer, composite.scan, style=style, visible=False)  # type: ignore[arg-type]
        return found

    def _file(self, number: int, record: FileLayer) -> Any:
        scan = self._made.files.get(number)
        if scan is None:
            return None
        place = keywords_of(record.place) if record.place is not None else {}
        with contextlib.suppress(ValueError, TypeError):
            layer = Image(scan.voxels, name=record.name, **place)
            self._viewer.add_layer(layer)
            return layer
        self._notes.append(f"The layer {record.name!r} has another form than when the session was saved.")
        return None

    def _paint(self, record: LabelsLayer, made: MadeLayer) -> Any:
        layer = find_made(self._viewer, made)
        measures: Any = open_docks_of(self._desk).get("Measures")
        if layer is None and measures is not None and made.what == COMPARTMENTS:
            # The dock draws them when they are chosen, and something else may be.
            layer = measures.on_bone.layers.show(COMPARTMENTS, made.week)
        voxels = unpack(record.labels)
        if layer is None or tuple(layer.data.shape) != voxels.shape:
            self._notes.append(f"What was painted on {record.name!r} has no layer to lie on, and was left out.")
            return layer
        layer.data = voxels.astype(layer.data.dtype, copy=False)
        layer.metadata[PAINTED] = True
        return layer

    def _drawn(self, record: Any) -> Any:
        try:
            layer = layer_from(record)
        except (InputError, ValueError, TypeError, KeyError, IndexError) as error:
            self._notes.append(f"The layer {record.name!r} could not be brought back: {error}")
            return None
        self._viewer.add_layer(layer)
        return layer

    def _looks(self, session: Session) -> Iterator[None]:
        ordered = []
        for number, record in enumerate(session.layers):
            layer = self._own.get(number)
            if layer is None and isinstance(record, MadeLayer):
                layer = find_made(self._viewer, record)
            if layer is not None and layer in self._viewer.layers:
                apply_look(layer, record.look, record.name)
                ordered.append(layer)
                yield
        for place, layer in enumerate(ordered):
            at = self._viewer.layers.index(layer)
            if at != place:
                self._viewer.layers.move(at, place)

    def _to_front(self, session: Session) -> None:
        dock = open_docks_of(self._desk).get(session.front or "")
        frame = dock.parentWidget() if dock is not None else None
        if frame is not None and hasattr(frame, "raise_"):
            frame.raise_()


def clear_table(viewer: Any, desk: Desk) -> Iterator[None]:
    """Take the leg off the table and every layer off the canvas, one at a time."""
    make_room(viewer)
    viewer.canvas.grid.enabled = False
    desk.set_series(None)
    desk.asked.clear()
    yield
    # Some go with others.
    while len(viewer.layers):
        viewer.layers.pop()
        yield


def look_as(viewer: Any, view: View) -> None:
    """The canvas as it was: slice, 2D or 3D, cells, camera; what no longer fits is left."""
    dims, grid, camera = viewer.dims, viewer.canvas.grid, viewer.scene.camera
    grid.stride, grid.shape, grid.enabled = view.grid_stride or 1, view.grid_shape, view.grid
    viewer.canvas.overlays.scale_bar.visible = view.scale_bar
    dims.ndisplay = view.ndisplay
    if len(view.order) == dims.ndim and sorted(view.order) == list(range(dims.ndim)):
        dims.order = view.order
    if len(view.point) == dims.ndim and np.isfinite(view.point).all():
        dims.point = view.point
    if view.active in viewer.layers:
        viewer.layers.selection.active = viewer.layers[view.active]
    # The camera last: a change of ndisplay moves it.
    camera.angles, camera.center, camera.zoom = view.camera.angles, view.camera.center, view.camera.zoom
    camera.perspective = view.camera.perspective
