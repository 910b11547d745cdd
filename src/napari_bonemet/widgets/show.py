"""Opens napari with a finished study laid out: its layers, the docks, and linked cells."""

import time
from pathlib import Path
from typing import Any

import napari
from qtpy.QtWidgets import QApplication

from napari_bonemet.errors import OutputError
from napari_bonemet.io.atomic import atomic_file
from napari_bonemet.study.leg import LegStudy
from napari_bonemet.widgets.compare import CompareDock
from napari_bonemet.widgets.desk import Desk, desk_of
from napari_bonemet.widgets.diagnosis.run import laid_on
from napari_bonemet.widgets.diagnosis.said import LegDiagnosis
from napari_bonemet.widgets.futures_run import drawn_of, weeks_beside
from napari_bonemet.widgets.layers import add_scan
from napari_bonemet.widgets.settings import DOCKS, PLUGIN
from napari_bonemet.widgets.week_view import week_view_of

__all__ = ["lay_out", "open_docks", "show_demo"]

WINDOW = (1400, 900)
_PATIENCE_S = 120.0


def show_demo(study: LegStudy, *, capture: Path | None = None) -> Path | None:
    """Open the viewer with a finished study; stay until it is closed, or take a picture and close it.

    Parameters
    ----------
    study : LegStudy
        What the chain made.
    capture : Path, optional
        A PNG file for a picture of the whole window; without it the viewer stays open.

    Returns
    -------
    Path or None
        The picture.

    Raises
    ------
    OutputError
        When the picture cannot be written.
    """
    viewer = napari.Viewer(title=f"BoneMet: {study.leg}{', synthetic' if study.scanned.synthetic else ''}")
    viewer.window.resize(*WINDOW)
    lay_out(viewer, study)
    docks = open_docks(viewer)
    compare = docks.get("Compare")
    if compare is not None:
        _side_by_side(compare)
    if capture is None:
        napari.run()
        return None
    try:
        _settle(0.5)
        return _picture(viewer, capture)
    finally:
        viewer.close()


def lay_out(viewer: Any, study: LegStudy) -> Desk:
    """Put a study's series and results on the desk of `viewer`, and its layers on the canvas."""
    week_view_of(viewer)
    desk = desk_of(viewer)
    desk.set_series(study.scanned)
    if study.registration is not None:
        desk.set_registration(study.registration)
    if study.roi is not None:
        desk.set_roi(study.roi)
    for week, composite in study.composites:
        desk.set_composite(week, composite)
        add_scan(viewer, composite.scan, visible=False)
    forecast = study.forecast
    if forecast is not None:
        desk.set_forecast(forecast, study.scores, drawn_of(forecast, weeks_beside(study.registered, forecast)))
        extra = {"model": forecast.model, "seed": forecast.seed}
        add_scan(viewer, forecast.mean, visible=False, extra=extra)
    if study.diagnoses:
        desk.set_diagnoses(LegDiagnosis(tuple(laid_on(study.registered, study.common, study.diagnoses))))
    # So that the layer controls follow the week.
    viewer.layers.selection.clear()
    desk.set_week(study.registered.weeks[-1])
    return desk


def open_docks(viewer: Any) -> dict[str, Any]:
    """Open every dock of the plugin; the last one is in front."""
    return {name: viewer.window.add_plugin_dock_widget(PLUGIN, name)[1] for name in DOCKS}


def _side_by_side(compare: CompareDock) -> None:
    compare.show_cells()
    deadline = time.monotonic() + _PATIENCE_S
    while compare.run_bar.running and time.monotonic() < deadline:
        _settle(0.05)


def _settle(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def _picture(viewer: Any, path: Path) -> Path:
    with atomic_file(path) as beside:
        viewer.window.screenshot(str(beside), canvas_only=False, flash=False)
        if not beside.is_file():
            raise OutputError(f"The picture {path} could not be written")
    return path
