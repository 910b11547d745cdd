"""What the samples say of risk, beyond one map: outlines at chosen shares, perforations, and risk on the bone in 3D."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from napari.layers import Labels, Surface
from napari.utils import Colormap
from qtpy.QtWidgets import QGroupBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.errors import InputError
from napari_bonemet.progress import Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.study.perforation_risk import PerforationRisk, perforation_risk
from napari_bonemet.study.risk_surface import RiskSurface, risk_surface
from napari_bonemet.widgets.cells import LinkedCells
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.futures_drawn import BONE_THRESHOLD, Drawn
from napari_bonemet.widgets.futures_run import weeks_beside
from napari_bonemet.widgets.layers import KEY, UNIT, add_scan, find_layers, record_of_scan
from napari_bonemet.widgets.looks import clear_colormap, part_colormap, with_colorbar
from napari_bonemet.widgets.run_bar import RunBar

__all__ = ["FutureMaps", "levels_in"]

OUTLINES, PERFORATION, SURFACE = "outlines", "perforation probability", "risk surface"
# Told apart by colour-blind eyes (Okabe and Ito 2008), and none of them on the map of lost bone below.
LEVEL_COLOURS = ("#56b4e9", "#ffffff", "#009e73", "#cc79a7")
_MOST_LEVELS = len(LEVEL_COLOURS)
_BONE = (0.86, 0.83, 0.76)


def levels_in(text: str) -> tuple[float, ...]:
    """The shares that a user wrote, ascending.

    Raises
    ------
    InputError
        When they are no numbers between 0 and 1, or more than there are colours.
    """
    words = text.replace(";", ",").replace("%", "").split(",")
    try:
        found = sorted({float(word) for word in words if word.strip()})
    except ValueError:
        found = []
    if not found or len(found) > _MOST_LEVELS or not all(0 < level <= 1 for level in found):
        raise InputError(
            "The outlines cannot be drawn",
            expected=f"one to {_MOST_LEVELS} shares above 0 and up to 1, such as 0.5, 0.9",
            found=text or "nothing",
        )
    return tuple(found)


def surface_colormap() -> Colormap:
    """Bone where no sample loses any, red where all do."""
    colours = [_BONE, to_rgb("#f0e442"), to_rgb("#e69f00"), to_rgb("#e31a1c")]
    return Colormap(np.array([[*c, 1.0] for c in colours]), name="risk on bone", controls=[0.0, 0.25, 0.6, 1.0])


@dataclass(frozen=True, eq=False)
class _Made:
    """One of the maps, ready for the canvas, and what it says."""

    scan: Scan
    words: str


class FutureMaps(QGroupBox):
    """Buttons that put further maps of the futures on the canvas, and take them away again.

    Attributes
    ----------
    levels : QLineEdit
        Shares of the samples at which outlines are drawn.
    buttons : dict
        "outlines", "perforation probability" and "risk surface" to their buttons.
    caption : QLabel
        What the colours mean, and how many samples they come from.
    """

    def __init__(self, viewer: Any, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("Risk", parent)
        self._viewer, self._desk = viewer, desk
        self._words: dict[str, str] = {}
        self.levels = QLineEdit("0.5, 0.9")
        self.buttons = {
            OUTLINES: QPushButton("Outlines at"),
            PERFORATION: QPushButton("Perforation"),
            SURFACE: QPushButton("On the bone, 3D"),
        }
        self.run_bar = RunBar("")
        self.caption = QLabel()
        self.cells = LinkedCells(viewer, on_left=self._surface_left)
        self._lay_out()
        for what, button in self.buttons.items():
            button.clicked.connect(lambda on, what=what: self._pressed(what, on))
        self.levels.editingFinished.connect(self._levels_changed)
        self.run_bar.runner.failed.connect(lambda _: self.refresh())
        desk.forecast_changed.connect(self._forecast_changed)
        desk.week_changed.connect(self._week_turned)
        desk.looked_ahead.connect(self._week_turned)
        self._forecast_changed()

    def _lay_out(self) -> None:
        tips = {
            OUTLINES: "Draw round where at least these shares of the samples lose bone",
            PERFORATION: "Share of the samples in which lost bone goes through the cortex, marrow to outside",
            SURFACE: "The last seen week's bone from outside, coloured by the risk that it is lost",
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.buttons[OUTLINES])
        first.addWidget(self.levels, 1)
        second.addWidget(self.buttons[PERFORATION])
        second.addWidget(self.buttons[SURFACE])
        for what, button in self.buttons.items():
            button.setCheckable(True)
            button.setToolTip(tips[what])
        self.levels.setToolTip("Up to four shares between 0 and 1, with commas between them")
        self.levels.setMinimumWidth(50)
        # Its own buttons start the steps here.
        self.run_bar.run_button.hide()
        self.run_bar.lock(*self.buttons.values(), self.levels)
        self.caption.setWordWrap(True)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self.run_bar)
        column.addWidget(self.caption)
        self.run_bar.runner.started.connect(self.run_bar.show)
        self.run_bar.runner.finished.connect(lambda: self.run_bar.setVisible(bool(self.run_bar.line.text())))
        self.run_bar.hide()

    def refresh(self, *_: Any) -> None:
        """Press the buttons of what is on the canvas, and say what it means."""
        there = {what: bool(self._layers(what)) for what in self.buttons}
        for what, button in self.buttons.items():
            button.setChecked(there[what])
        lines = [self._words[what] for what in self.buttons if there[what] and what in self._words]
        self.caption.setText("<br>".join(lines))
        self.caption.setVisible(bool(lines))

    def _forecast_changed(self) -> None:
        drawn = self._desk.drawn
        self.setVisible(self._desk.forecast is not None and drawn is not None)
        if self._desk.forecast is None:
            self.cells.leave()
            for what in (OUTLINES, PERFORATION):
                self._take_away(what)
        self._words = {}
        self.refresh()

    def _layers(self, what: str) -> list[Any]:
        return find_layers(self._viewer, what=what)

    def _take_away(self, what: str) -> None:
        for layer in self._layers(what):
            self._viewer.layers.remove(layer)

    def _week_turned(self, *_: Any) -> None:
        """Like the futures themselves, their maps give the view free for a week as it came."""
        if self._viewer.canvas.grid.enabled or self.cells.shown:
            return
        for what in (OUTLINES, PERFORATION):
            for layer in self._layers(what):
                layer.visible = self._desk.ahead

    def _levels_changed(self) -> None:
        if self.buttons[OUTLINES].isChecked() and not self.run_bar.running:
            self._pressed(OUTLINES, True)

    def _pressed(self, what: str, on: bool) -> None:
        if not on:
            if what == SURFACE:
                self.cells.leave()
            else:
                self._take_away(what)
            self.refresh()
            return
        drawn, forecast = self._desk.drawn, self._desk.forecast
        if drawn is None or forecast is None or self._desk.working is None:
            self.refresh()
            return
        try:
            work, done = self._step(what, drawn)
        except InputError as error:
            self.run_bar.say(str(error))
            self.run_bar.show()
            self.refresh()
            return
        self.run_bar.start(self.buttons[what].text(), work, lambda made: self._keep(what, drawn, made, done))

    def _keep(self, what: str, drawn: Drawn, made: Any, done: Callable[[Any], str]) -> None:
        # The forecast that it was made of may be gone by now.
        if self._desk.drawn is drawn:
            self._words[what] = done(made)
        self.refresh()

    def _step(self, what: str, drawn: Drawn) -> tuple[Callable[[Progress], Any], Callable[[Any], str]]:
        forecast, series = self._desk.forecast, self._desk.working
        if forecast is None or series is None:
            raise InputError("There is no forecast to map", remedy="Draw futures first")
        weeks = weeks_beside(series, forecast)
        last = weeks.until(drawn.week)[-1]
        risk, of = _risk_of(drawn)
        if what == OUTLINES:
            levels = levels_in(self.levels.text())
            return lambda _: _outlined(risk, levels), lambda made: self._show_outlines(made, levels, of)
        if what == PERFORATION:
            return (
                lambda progress: perforation_risk(forecast.samples, weeks.baseline, last, progress=progress),
                self._show_perforation,
            )
        return (
            lambda progress: risk_surface(last, risk, bone_threshold=BONE_THRESHOLD, progress=progress),
            lambda made: self._show_surface(made, drawn, last, of),
        )

    def _show_outlines(self, made: Scan, levels: tuple[float, ...], of: str) -> str:
        colours = dict(enumerate(LEVEL_COLOURS[: len(levels)], start=1))
        shares = ["less", *(f"at least {level:g}" for level in levels)]
        look = {"colormap": part_colormap(colours), "features": {"index": list(range(len(shares))), "share": shares}}
        layer = add_scan(self._viewer, made, what=OUTLINES, look=look | {"opacity": 1.0}, as_labels=True)
        if isinstance(layer, Labels):
            layer.contour = 1
        swatches = [
            f'<b style="color:{colour}; background-color:#303030">&nbsp;at least {level:g}&nbsp;</b>'
            for level, colour in zip(levels, colours.values(), strict=True)
        ]
        return f"Outlines: {', '.join(swatches)}; {of}."

    def _show_perforation(self, made: PerforationRisk) -> str:
        colormap = clear_colormap("perforation", "cool")
        look = {"colormap": colormap, "contrast_limits": (0.0, 1.0), "rendering": "translucent"}
        with_colorbar(add_scan(self._viewer, made.share, what=PERFORATION, look=look))
        many = len(made.perforated)
        return f"Perforation: {made.words} Colour: share of {many} samples, cyan few, magenta all. Model samples."

    def _show_surface(self, made: RiskSurface, drawn: Drawn, last: Scan, of: str) -> str:
        record = record_of_scan(drawn.loss_probability, SURFACE, {"samples": drawn.count, "model": drawn.model})
        layer = Surface(
            (made.vertices, made.faces, made.values),
            colormap=surface_colormap(),
            contrast_limits=(0.0, 1.0),
            shading="smooth",
            name=f"risk of resorption by week {drawn.week:g}",
            units=(UNIT,) * 3,
            axis_labels=("z", "y", "x"),
            metadata={KEY: record},
        )
        for outlines in self._layers(OUTLINES):
            # In 3D napari has no outlines, and warns of it.
            outlines.contour = 0
        with_colorbar(layer)
        self.cells.show([layer], together=True)
        self.cells.set_volume(True)
        self._turn_to_risk(made)
        thinned = f" Every {made.step}th voxel." if made.step > 1 else ""
        return (
            f"On the bone: week {last.week:g}'s surface, bone colour where nothing within {made.reach_um:g} µm is "
            f"lost; yellow to <b style='color:#d02020'>red</b>: {of}.{thinned} Press again for your view."
        )

    def _turn_to_risk(self, made: RiskSurface) -> None:
        """Look at the side of the bone where most is at risk, a little from above."""
        if made.values.max() <= 0:
            return
        away = np.average(made.vertices, axis=0, weights=made.values) - made.vertices.mean(axis=0)
        length = float(np.hypot(away[1], away[2]))
        if length > 0:
            towards = (0.35, -float(away[1]) / length, -float(away[2]) / length)
            self._viewer.scene.camera.set_view_direction(towards, (-1.0, 0.0, 0.0))

    def _surface_left(self) -> None:
        for outlines in self._layers(OUTLINES):
            outlines.contour = 1
        self._words.pop(SURFACE, None)
        self.refresh()

    def leave(self) -> None:
        """Give the canvas back."""
        self.cells.leave()


def _risk_of(drawn: Drawn) -> tuple[Scan, str]:
    """The best that is known of the risk, and in words what it is."""
    if drawn.risk is not None:
        return drawn.risk, "calibrated probability that bone is newly lost"
    return drawn.loss_probability, f"share of {drawn.count} samples that lose bone (model samples, no confidence)"


def _outlined(risk: Scan, levels: tuple[float, ...]) -> Scan:
    numbers = np.digitize(risk.to_numpy(), np.asarray(levels) - 1e-6).astype(np.uint8)
    step = Step("outlines", {"levels": list(levels)})
    return risk.with_voxels(numbers, step=step, kind=Kind.UNCERTAINTY)
