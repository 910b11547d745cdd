"""Keeps the canvas in step with the desk: its weeks as layers, the current one seen, dropped scans taken up."""

import contextlib
import weakref
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from qtpy.QtCore import QObject, QTimer

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.desk import Desk, Leg, desk_of
from napari_bonemet.widgets.large import is_large, voxels_of
from napari_bonemet.widgets.layers import (
    ANY,
    OF_FORECAST,
    add_scan,
    find_layers,
    record_of_layer,
    remove_layers,
    scan_from_layer,
)
from napari_bonemet.widgets.level_keeper import level_keeper_of
from napari_bonemet.widgets.looks import show_slice_of
from napari_bonemet.widgets.mark import CanvasMark

__all__ = ["WeekView", "give_room_back", "make_room", "week_view_of"]

WEEKLY = (Kind.RECON, Kind.SEG, Kind.REGIST, Kind.ROI)
RESULTS = (Kind.COMPOSITE, Kind.PREDICTION, Kind.UNCERTAINTY)
FROM_READER = "from reader"
# The first picture is drawn before any of them comes.
_AFTER_FIRST_MS, _ONE_BY_ONE_MS, _WAITING_MS = 300, 30, 500


class WeekView(QObject):
    """Listens to one desk and acts on one viewer; lives as long as the desk.

    Parameters
    ----------
    viewer : napari.Viewer
        Held weakly.
    """

    def __init__(self, viewer: Any, desk: Desk) -> None:
        super().__init__(desk)
        self._viewer = weakref.ref(viewer)
        self._desk = desk
        self._greeted = False
        self._leg: str | None = None
        self._unseen = False
        self._over: Any = None
        self._adopting = QTimer(self)
        self._adopting.setSingleShot(True)
        self._adopting.setInterval(0)
        self._adopting.timeout.connect(self.adopt)
        self._coming = QTimer(self)
        self._coming.setSingleShot(True)
        self._coming.timeout.connect(self._add_one)
        desk.series_changed.connect(self._show_series)
        desk.registration_changed.connect(self._show_series)
        desk.roi_changed.connect(self._show_series)
        desk.week_changed.connect(self._show_week)
        desk.looked_ahead.connect(self._show_future)
        desk.series_changed.connect(self._hide_results)
        # Of the signals that say that results are gone, this one is always the last.
        desk.forecast_changed.connect(self._drop_outdated)
        viewer.layers.events.inserted.connect(self._on_inserted)
        self._mark = CanvasMark(viewer, self)
        self.levels = level_keeper_of(viewer)
        self._mark.also = self.levels.words
        self.levels.changed.connect(self._mark.refresh)
        self._adopting.start()

    def _on_inserted(self, event: Any) -> None:
        # A reader adds its weeks one by one: wait for the last.
        if _dropped(event.value):
            self._adopting.start()

    def adopt(self) -> None:
        """Take up the legs whose weeks a reader or the sample menu put on the canvas."""
        viewer = self._viewer()
        if viewer is None:
            return
        scans = list(_dropped_scans(viewer))
        known = {(leg.name, leg.kind) for leg in self._desk.legs}
        scans = [s for s in scans if s.week is not None and s.kind in WEEKLY and (s.leg, s.kind) not in known]
        scans.sort(key=lambda scan: (scan.leg, scan.kind))
        legs = []
        for _, group in groupby(scans, key=lambda scan: (scan.leg, scan.kind)):
            try:
                legs.append(Leg(series=ScanSeries(tuple(group))))
            except InputError:
                continue  # the same week twice: two drops of one leg stay plain layers
        if legs:
            self._desk.add_legs(*legs)
            if self._desk.series is None:
                self._desk.set_series(legs[0].series, legs[0])

    def _show_series(self) -> None:
        viewer, series = self._viewer(), self._desk.shown
        if viewer is None or series is None:
            return
        first = not find_layers(viewer) or (self._leg is not None and self._leg != series.leg)
        self._leg = series.leg
        # Adding a layer takes napari a third of a second: of a large leg, the week to be seen comes at once.
        first_seen = [scan for scan in series if not is_large(scan) or scan.week in (self._desk.week, series.weeks[0])]
        for scan in first_seen:
            _ensure(viewer, scan)
        self._coming.start(_AFTER_FIRST_MS)
        if not self._greeted:
            self._greeted = True
            viewer.canvas.overlays.scale_bar.visible = True
        self._show_week(self._desk.week)
        # Another leg may lie elsewhere in space, or be another size.
        self._unseen = self._unseen or first
        self._look()

    def _add_one(self) -> None:
        """Add the next week that is not on the canvas yet; in linked cells, which count layers, none."""
        viewer, series = self._viewer(), self._desk.shown
        if viewer is None or series is None:
            return
        missing = [scan for scan in series if is_large(scan) and not _there(viewer, scan)]
        if not missing:
            return
        free = not viewer.canvas.grid.enabled and self._over is None
        if free:
            selected = set(viewer.layers.selection)
            add_scan(viewer, missing[0], visible=False)
            viewer.layers.selection = selected
        self._coming.start(_ONE_BY_ONE_MS if free else _WAITING_MS)

    def _look(self) -> None:
        viewer, series = self._viewer(), self._desk.shown
        if viewer is None or series is None or not self._unseen:
            return
        if self._over is None and not viewer.canvas.grid.enabled:
            self._unseen = False
            _look_at(viewer, series)

    def _show_week(self, week: float | None) -> None:
        viewer, series = self._viewer(), self._desk.shown
        # In linked cells every layer has a cell of its own; under a sheet nothing is seen.
        if viewer is None or series is None or viewer.canvas.grid.enabled or self._over is not None:
            return
        if week in series.weeks:
            _put_back(viewer, series.at_week(week))
        wanted = series.leg, series.baseline.kind, week
        active = viewer.layers.selection.active
        follow = active is None or _is_weekly(active)
        for layer in find_layers(viewer):
            if _is_weekly(layer):
                record = record_of_layer(layer) or {}
                seen = (record["leg"], record["kind"], record["week"]) == wanted
                # napari draws everything anew each time that it is told, even what it knows.
                if layer.visible != seen:
                    layer.visible = seen
                # The layer controls follow, unless the user works on a layer of their own.
                if layer.visible and follow:
                    viewer.layers.selection.active = layer

    def _show_future(self, ahead: bool) -> None:
        """The mean of a forecast, or none of it; the Futures dock, where it is open, then shows what it is set to."""
        viewer, forecast = self._viewer(), self._desk.forecast
        if viewer is None or forecast is None or viewer.canvas.grid.enabled or self._over is not None:
            return
        for layer in find_layers(viewer, leg=forecast.mean.leg, week=forecast.week, what=ANY):
            record = record_of_layer(layer) or {}
            if record["kind"] in (Kind.PREDICTION, Kind.UNCERTAINTY) and record["what"] in OF_FORECAST:
                layer.visible = ahead and record["kind"] == Kind.PREDICTION and not record["what"]

    def turn_over_to(self, sheet: Any) -> None:
        """Leave the canvas to `sheet`, anything with a method `leave`, or to nothing; the one before it leaves."""
        if self._over is not None:
            self._over.leave()
        self._over = sheet

    def turn_back_from(self, sheet: Any) -> None:
        """Show the week of the desk again, `sheet` being gone."""
        if self._over is sheet:
            self._over = None
            self._show_week(self._desk.week)
            self._look()

    def _drop_outdated(self) -> None:
        """Take away what the desk forgot of the leg on it: results of another crop, or of another registration."""
        viewer, series = self._viewer(), self._desk.series
        if viewer is None or series is None:
            return
        outdated, forgotten = [], _forgotten(self._desk)
        for layer in find_layers(viewer, leg=series.leg, what=ANY):
            record = record_of_layer(layer) or {}
            ours = record.get("what", "") in OF_FORECAST
            if ours and record["kind"] in forgotten and not _dropped(layer):
                outdated.append(layer)
        remove_layers(viewer, outdated)

    def _hide_results(self) -> None:
        """Results of other legs stay on the canvas, but do not lie on top of this one."""
        viewer, series = self._viewer(), self._desk.series
        if viewer is None or series is None:
            return
        for layer in find_layers(viewer, what=ANY):
            record = record_of_layer(layer) or {}
            if record["kind"] in RESULTS and record["leg"] != series.leg:
                layer.visible = False

    def remove(self, leg: str) -> None:
        """Take every layer of ours of a leg off the canvas."""
        viewer = self._viewer()
        if viewer is not None:
            remove_layers(viewer, find_layers(viewer, leg=leg, what=ANY))


def _dropped(layer: Any) -> bool:
    record = record_of_layer(layer)
    return record is not None and bool(record.get(FROM_READER))


def _is_weekly(layer: Any) -> bool:
    record = record_of_layer(layer)
    return record is not None and record["kind"] in WEEKLY and not record.get("what")


def _dropped_scans(viewer: Any) -> Iterator[Scan]:
    for layer in viewer.layers:
        # A layer that was turned since is no scan any more.
        with contextlib.suppress(InputError):
            if _dropped(layer):
                yield scan_from_layer(layer)


def _forgotten(desk: Desk) -> set[str]:
    """The kinds that the desk holds nothing of."""
    held = {scan.kind for scan in desk.series} if desk.series is not None else set()
    if desk.registration is not None:
        held |= {scan.kind for scan in desk.registration.series}
    if desk.roi is not None:
        held.add(Kind.ROI)
    if desk.composites:
        held.add(Kind.COMPOSITE)
    if desk.forecast is not None:
        held |= {Kind.PREDICTION, Kind.UNCERTAINTY}
    return {str(kind) for kind in (Kind.REGIST, Kind.ROI, *RESULTS) if kind not in held}


def _there(viewer: Any, scan: Scan) -> bool:
    there = find_layers(viewer, leg=scan.leg, week=scan.week, kind=scan.kind)
    return any(voxels_of(layer) is scan.voxels for layer in there)


def _ensure(viewer: Any, scan: Scan) -> None:
    if not _there(viewer, scan):
        add_scan(viewer, scan, visible=False)


def _put_back(viewer: Any, scan: Scan) -> None:
    """A week that the user deleted is on the canvas again when turned to."""
    if not find_layers(viewer, leg=scan.leg, week=scan.week, kind=scan.kind):
        add_scan(viewer, scan, visible=False)
        show_slice_of(viewer, scan)


def _look_at(viewer: Any, series: ScanSeries) -> None:
    viewer.reset_view(layers=find_layers(viewer, leg=series.leg, kind=series.baseline.kind) or None)
    z, _, _ = series.baseline.grid.centre
    if viewer.dims.ndim == 3:
        viewer.dims.set_point(0, z)


def make_room(viewer: Any, taker: Any = None) -> None:
    """Let projections, or a week on the bench, give the canvas back before `taker` takes it (see `turn_over_to`)."""
    view = desk_of(viewer).findChild(WeekView)
    if view is not None:
        view.turn_over_to(taker)


def give_room_back(viewer: Any, taker: Any) -> None:
    """Show the weeks again, where it was `taker` that had the canvas."""
    view = desk_of(viewer).findChild(WeekView)
    if view is not None:
        view.turn_back_from(taker)


def week_view_of(viewer: Any) -> WeekView:
    """The view that keeps a viewer's canvas in step with its desk, made on first use."""
    real = getattr(viewer, "__wrapped__", viewer)
    desk = desk_of(real)
    view = desk.findChild(WeekView)
    return view if view is not None else WeekView(real, desk)
