"""What was measured as layers on the bone: compartments to paint, maps of thickness and density, lesions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_bonemet.scan import Scan
from napari_bonemet.widgets.diagnosis.plot import COLOURS
from napari_bonemet.widgets.large import show_voxels, voxels_of
from napari_bonemet.widgets.layers import KEY, add_scan, find_layers, record_of_layer, record_of_scan
from napari_bonemet.widgets.looks import look_of_map, part_colormap, with_colorbar
from napari_bonemet.widgets.measures_run import DENSITY

__all__ = ["COMPARTMENTS", "DENSITY", "LESIONS", "MAPS", "NOTHING", "PARTS", "MeasureLayers", "lesion_colour"]

NOTHING, COMPARTMENTS, LESIONS = "nothing", "compartments", "lesions"
# Thickness and separation in colours of their own: a wide gap is not a thick strut.
MAPS = {"Tb.Th": "viridis", "Tb.Sp": "plasma", "Ct.Th": "viridis", DENSITY: "inferno"}
UNITS = {"Tb.Th": "µm", "Tb.Sp": "µm", "Ct.Th": "µm", DENSITY: "mg HA/cm³"}
_PICTURES = (COMPARTMENTS, *MAPS, LESIONS)
PARTS = {1: ("cortex", "#e69f00"), 2: ("trabecular", "#56b4e9")}


def _what(shown: str) -> str:
    return f"{shown}, {UNITS[shown]}" if shown in UNITS else shown


def lesion_colour(number: int) -> str:
    """The colour of a lesion on the canvas and in the list."""
    return COLOURS[(number - 1) % len(COLOURS)]


def _look_of_compartments() -> dict[str, Any]:
    names = ["outside", *(name for name, _ in PARTS.values())]
    colours = {number: colour for number, (_, colour) in PARTS.items()}
    features = {"index": [0, *PARTS], "compartment": names}
    return {"colormap": part_colormap(colours), "features": features, "opacity": 0.45}


def _lesion_colours(scan: Scan) -> Any:
    return part_colormap({number: lesion_colour(number) for number in range(1, int(scan.to_numpy().max()) + 1)})


class MeasureLayers(QObject):
    """One picture at a time over the week on the canvas; those of other weeks are hidden, not thrown away.

    Attributes
    ----------
    painted : Signal(float)
        The user changed the compartments of this week.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose canvas.
    """

    painted = Signal(float)

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._scans: dict[tuple[str, float], Scan] = {}
        self._limits: dict[str, tuple[float, float]] = {}
        self.painted_weeks: set[float] = set()

    def hold(self, shown: str, scans: Mapping[float, Scan], limits: tuple[float, float] = (0.0, 1.0)) -> None:
        """Hold one picture of every week in place of what there was of it; nothing is drawn before it is shown.

        Parameters
        ----------
        shown : str
            Compartments, lesions, or a map.
        scans : mapping of float to Scan
            Week to voxels; none takes the picture away.
        limits : tuple of float
            The ends of a map's colours, one range for all weeks.
        """
        if shown == COMPARTMENTS:
            self.painted_weeks = set()
        self._scans = {key: scan for key, scan in self._scans.items() if key[0] != shown}
        self._scans |= {(shown, week): scan for week, scan in scans.items()}
        self._limits[shown] = limits
        for layer in find_layers(self._viewer, what=_what(shown)):
            self._refill(layer, shown)

    def _refill(self, layer: Any, shown: str) -> None:
        """New voxels in a layer that is there: napari takes ten times as long to remove one and make another."""
        record = record_of_layer(layer) or {}
        scan = self._scans.get((shown, record["week"]))
        if scan is None or scan.leg != record["leg"]:
            self._viewer.layers.remove(layer)
        elif voxels_of(layer) is not scan.voxels:
            show_voxels(layer, scan)
            layer.scale, layer.translate = scan.spacing, scan.origin
            layer.metadata[KEY] = record_of_scan(scan, _what(shown))
            if shown in MAPS:
                layer.contrast_limits = self._limits[shown]
            if shown == LESIONS:
                layer.colormap = _lesion_colours(scan)

    @property
    def held(self) -> tuple[str, ...]:
        """The pictures that there are."""
        there = {shown for shown, _ in self._scans}
        return tuple(shown for shown in _PICTURES if shown in there)

    def show(self, shown: str, week: float | None) -> Any:
        """Show one picture of a week, or none; gives its layer where there is one."""
        found = None
        for other in _PICTURES:
            for layer in find_layers(self._viewer, what=_what(other)):
                record = layer.metadata["bonemet"]
                here = other == shown and record["week"] == week
                layer.visible = here
                found = layer if here else found
        if found is None and week is not None and (shown, week) in self._scans:
            found = self._add(shown, week, self._scans[shown, week])
        self._select(found)
        return found

    def _select(self, found: Any) -> None:
        """The layer controls leave a picture that is no longer seen, and go to compartments that may be painted."""
        selection = self._viewer.layers.selection
        active = selection.active
        pictures = [_what(picture) for picture in _PICTURES]
        ours = active is not None and (record_of_layer(active) or {}).get("what") in pictures
        if found is not None and (ours or (record_of_layer(found) or {}).get("what") == COMPARTMENTS):
            selection.active = found
        elif ours and not active.visible:
            below = [layer for layer in find_layers(self._viewer) if layer.visible]
            selection.active = below[-1] if below else None

    def compartments(self, week: float) -> np.ndarray | None:
        """The compartments of a week as they stand on the canvas, (z, y, x) of small numbers."""
        found = find_layers(self._viewer, what=COMPARTMENTS, week=week)
        return np.asarray(voxels_of(found[-1])) if found else None

    def _add(self, shown: str, week: float, scan: Scan) -> Any:
        before = set(self._viewer.layers.selection)
        if shown == LESIONS:
            look: dict[str, Any] = {"colormap": _lesion_colours(scan), "opacity": 0.75}
        elif shown == COMPARTMENTS:
            look = {
                "colormap": part_colormap({number: colour for number, (_, colour) in PARTS.items()}),
                "opacity": 0.45,
            }
            look["features"] = {"index": [0, *PARTS], "compartment": ["outside", *(name for name, _ in PARTS.values())]}
        else:
            look = look_of_map(MAPS[shown], *reversed(self._limits[shown]))
        options: dict[str, Any] = {"as_labels": shown not in MAPS, "paintable": shown == COMPARTMENTS}
        layer = add_scan(self._viewer, scan, what=_what(shown), look=look, **options)
        if shown == COMPARTMENTS:
            layer.selected_label = 2
            layer.events.paint.connect(lambda _event: self._was_painted(week))
        elif shown in MAPS:
            # Making a layer takes its time, and so do its bar and title.
            QTimer.singleShot(0, lambda: self._title(layer))
        if before:
            self._viewer.layers.selection = before
        return layer

    def _title(self, layer: Any) -> None:
        """A colour bar, and the name on the canvas: whose, and what the colours are of."""
        if layer in self._viewer.layers:
            with_colorbar(layer)
            layer.name_overlay.font_size = 8
            layer.name_overlay.visible = True

    def _was_painted(self, week: float) -> None:
        self.painted_weeks.add(week)
        self.painted.emit(week)
