"""The futures of a week as layers: one that leafs through the samples, and what the samples say together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal

from napari_bonemet.forecast.copying import CopyLastWeek
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.widgets.futures_drawn import Drawn
from napari_bonemet.widgets.large import show_voxels, voxels_of
from napari_bonemet.widgets.layers import KEY, add_scan, find_layers, layer_name, record_of_scan
from napari_bonemet.widgets.looks import look_of_risk, look_of_share, look_of_spread, share_colormap, with_colorbar

__all__ = ["FutureLayers"]

MEAN, SAMPLE, COPIED = "mean", "sample", "copied"
LOSS, PROBABILITY, SPREAD = "loss", "probability", "spread"
# What a calibration makes of the last and the first of these.
ERROR, RISK = "error", "risk"
BASES, OVERLAYS = (SAMPLE, MEAN, COPIED), (RISK, LOSS, PROBABILITY, ERROR, SPREAD)
TRUE, NOTHING = "true", "nothing"


@dataclass(frozen=True)
class _Role:
    """How one of the layers is known, named, filled and drawn."""

    kind: Kind
    what: str
    words: Callable[[Drawn, int], str]
    scan: Callable[[Drawn, int], Scan]
    look: Callable[[Drawn], dict[str, Any]] = lambda drawn: {"contrast_limits": drawn.greys}


# What stands last is what napari's list shows of a long name.
def _of(drawn: Drawn) -> str:
    return f"{drawn.count}" if drawn.all_there else f"{drawn.count}, {drawn.asked} asked"


# The record's `what` tells apart layers of one kind; mean and spread are what a forecast always has.
_ROLES = {
    COPIED: _Role(Kind.PREDICTION, "copied", lambda _, __: "last week copied", lambda drawn, _: drawn.copied),
    MEAN: _Role(Kind.PREDICTION, "", lambda drawn, _: f"mean of {_of(drawn)}", lambda drawn, _: drawn.mean),
    SAMPLE: _Role(
        Kind.PREDICTION,
        "sample",
        lambda drawn, at: f"sample {at + 1} of {drawn.asked}",
        lambda drawn, at: drawn.samples[at],
    ),
    SPREAD: _Role(
        Kind.UNCERTAINTY,
        "",
        lambda drawn, _: f"spread of {_of(drawn)}",
        lambda drawn, _: drawn.spread,
        lambda drawn: look_of_spread(drawn.spread_most),
    ),
    PROBABILITY: _Role(
        Kind.UNCERTAINTY,
        "bone probability",
        lambda drawn, _: f"bone, share of {_of(drawn)}",
        lambda drawn, _: drawn.bone_probability,
        lambda _: look_of_share(),
    ),
    LOSS: _Role(
        Kind.UNCERTAINTY,
        "loss probability",
        lambda drawn, _: f"lost, share of {_of(drawn)}",
        lambda drawn, _: drawn.loss_probability,
        lambda _: look_of_risk(),
    ),
    ERROR: _Role(
        Kind.UNCERTAINTY,
        "expected error",
        lambda _, __: "expected error, calibrated",
        lambda drawn, _: drawn.expected_error or drawn.spread,
        lambda drawn: look_of_spread(most_of(drawn.expected_error)),
    ),
    RISK: _Role(
        Kind.UNCERTAINTY,
        "risk of resorption",
        lambda _, __: "risk of resorption, calibrated",
        lambda drawn, _: drawn.risk or drawn.loss_probability,
        lambda _: look_of_risk(),
    ),
}


def most_of(scan: Scan | None) -> float:
    """The largest value in a map."""
    return 0.0 if scan is None else float(scan.to_numpy().max())


def roles_of(drawn: Drawn) -> tuple[str, ...]:
    """The layers that a forecast has, bottom to top: samples that would all be one and the same are one."""
    missing = {role for role, scan in ((ERROR, drawn.expected_error), (RISK, drawn.risk)) if scan is None}
    if drawn.asked == 1:
        known = tuple(role for role in (ERROR, RISK) if role not in missing)
        return (MEAN,) if drawn.model == CopyLastWeek.name else (COPIED, MEAN, LOSS, *known)
    return tuple(role for role in _ROLES if role not in missing)


def _whose(scan: Scan) -> str:
    name = f"{scan.leg}, research use, week {scan.week:g}"
    return f"synthetic {name}" if scan.synthetic and "synthetic" not in name else name


class FutureLayers(QObject):
    """Puts futures on a canvas and keeps them up to date, one layer at a time so that the window stays alive.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose canvas.

    Attributes
    ----------
    drawn : Drawn or None
        What is shown.
    at : int
        The sample that is shown, from 0.
    base, over : str
        What is seen of it: one of BASES or "true", and one of OVERLAYS or "nothing".
    away : bool
        Nothing of it is seen: the user looks at another week.
    changed : Signal(str)
        The layer of this role was made or filled anew.
    """

    changed = Signal(str)

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.drawn: Drawn | None = None
        self.at = 0
        self.base, self.over = SAMPLE, LOSS
        self.away = False
        self._waiting: list[str] = []
        self._unseen: list[str] = []
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._next)

    @property
    def busy(self) -> bool:
        """Whether layers are still to be made."""
        return bool(self._waiting or self._unseen)

    def show(self, drawn: Drawn, at: int) -> None:
        """Show these futures, `at` among the samples; what is seen now comes at once, the rest in turns."""
        self.drawn, self.at = drawn, at
        roles = roles_of(drawn)
        if self.base not in (*roles, TRUE):
            self.base = MEAN
        if self.over not in (*roles, NOTHING):
            self.over = LOSS if LOSS in roles else NOTHING
        now = self.base if self.base in roles else MEAN
        rest = sorted((role for role in roles if role != now), key=lambda role: role != self.over)
        self._waiting = rest
        self._fill(now)
        self._timer.start()

    def forget(self) -> None:
        """Let go of the futures; their layers are the view's to take away."""
        self.drawn = None
        self._waiting, self._unseen = [], []

    def draw_as(self, *, volume: bool) -> None:
        """In 3D, let one look through what all samples say."""
        layer = self.layer(PROBABILITY)
        if layer is not None:
            layer.colormap = share_colormap(volume=volume)

    def leaf_to(self, at: int) -> None:
        """Show another sample."""
        if self.drawn is not None and 0 <= at < self.drawn.count and SAMPLE in roles_of(self.drawn):
            self.at = at
            self._fill(SAMPLE)

    def see(self, base: str, over: str) -> None:
        """Choose what is seen: one picture of the bone, and one overlay on it."""
        self.base, self.over, self.away = base, over, False
        for role in _ROLES:
            self._reveal(role)

    def step_aside(self, away: bool) -> None:
        """Give the view free for another week, or come back."""
        if away != self.away:
            self.away = away
            for role in _ROLES:
                self._reveal(role)

    def layer(self, role: str) -> Image | None:
        """The layer of a role, where it is on the canvas."""
        drawn = self.drawn
        if drawn is None:
            return None
        known = _ROLES[role]
        found = find_layers(self._viewer, leg=drawn.mean.leg, week=drawn.week, kind=known.kind, what=known.what)
        return found[-1] if found else None

    def _next(self) -> None:
        if self._unseen:
            self._reveal(self._unseen.pop(0))
        elif self._waiting:
            self._fill(self._waiting.pop(0))
        if not self.busy:
            self._timer.stop()

    def _fill(self, role: str) -> None:
        drawn, known = self.drawn, _ROLES[role]
        if drawn is None:
            return
        scan = known.scan(drawn, self.at)
        extra = self._extra(drawn, role)
        layer = self.layer(role)
        if layer is None:
            layer = self._add(role, scan, extra, known.look(drawn))
            # Making a layer and drawing it both take their time. Later on, the user may have hidden it.
            self._unseen.append(role)
        elif voxels_of(layer) is not scan.voxels:
            show_voxels(layer, scan)
            if role in (SPREAD, ERROR):
                layer.contrast_limits = (0.0, max(drawn.spread_most if role == SPREAD else most_of(scan), 1.0))
        one = role == MEAN and drawn.asked == 1
        layer.name = layer_name(scan) if one else f"{_whose(scan)}, {known.words(drawn, self.at)}"
        layer.metadata[KEY] = record_of_scan(scan, known.what, extra)
        self.changed.emit(role)

    def _extra(self, drawn: Drawn, role: str) -> dict[str, Any]:
        extra: dict[str, Any] = {"model": drawn.model, "seed": drawn.seed, "drawn": drawn.count, "asked": drawn.asked}
        return extra | {"sample": self.at} if role == SAMPLE else extra

    def _reveal(self, role: str) -> None:
        """Show a layer that is meant to be seen, with its colour bar, and hide one that is not."""
        layer = self.layer(role) if role in _ROLES else None
        if layer is None or self._viewer.canvas.grid.enabled:
            return
        layer.visible = role in (self.base, self.over) and not self.away
        if layer.visible and role in OVERLAYS and not layer.colorbar.visible:
            with_colorbar(layer)

    def _add(self, role: str, scan: Scan, extra: dict[str, Any], look: dict[str, Any]) -> Image:
        known = _ROLES[role]
        before = set(self._viewer.layers.selection)
        layer = add_scan(self._viewer, scan, what=known.what, visible=False, extra=extra, look=look)
        self._place(layer, role)
        if role == PROBABILITY and self._viewer.dims.ndisplay == 3:
            layer.colormap = share_colormap(volume=True)
        # The layer controls follow the picture of the bone, not what is made after it.
        if role != self.base and before:
            self._viewer.layers.selection = before
        return layer

    def _place(self, layer: Image, role: str) -> None:
        """Below every layer that belongs above it, whichever of them came first."""
        layers, order = self._viewer.layers, tuple(_ROLES)
        above = [found for other in order[order.index(role) + 1 :] if (found := self.layer(other)) is not None]
        if above:
            place = min(layers.index(other) for other in above)
            layers.move(layers.index(layer), place)
