"""The futures of a week as layers: one that leafs through the samples, and what the samples say together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal

from napari_bonemet.forecast.copying import CopyLastWeek
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.widgets.futures_run import Drawn
from napari_bonemet.widgets.layers import KEY, add_scan, find_layers, layer_name, record_of_scan
from napari_bonemet.widgets.looks import look_like_risk, look_like_share, look_like_spread

__all__ = ["FutureLayers"]

MEAN, SAMPLE, COPIED = "mean", "sample", "copied"
LOSS, PROBABILITY, SPREAD = "loss", "probability", "spread"
BASES, OVERLAYS = (SAMPLE, MEAN, COPIED), (LOSS, PROBABILITY, SPREAD)
TRUE, NOTHING = "true", "nothing"


@dataclass(frozen=True)
class _Role:
    """How one of the layers is known, named, filled and drawn."""

    kind: Kind
    what: str
    words: Callable[[Drawn, int], str]
    scan: Callable[[Drawn, int], Scan]
    look: Callable[[Image, Drawn], None] | None = None


def _of(drawn: Drawn) -> str:
    if not drawn.all_there:
        return f"{drawn.count} of {drawn.asked} samples"
    return f"{drawn.count} samples" if drawn.count > 1 else "one sample"


def _mean_words(drawn: Drawn, _: int) -> str:
    return "predicted" if drawn.asked == 1 else f"mean of {_of(drawn)}"


# The record's `what` tells apart layers of one kind; mean and spread are what a forecast always has.
_ROLES = {
    COPIED: _Role(Kind.PREDICTION, "copied", lambda _, __: "last week copied", lambda drawn, _: drawn.copied),
    MEAN: _Role(Kind.PREDICTION, "", _mean_words, lambda drawn, _: drawn.mean),
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
        lambda layer, drawn: look_like_spread(layer, drawn.spread_most),
    ),
    PROBABILITY: _Role(
        Kind.UNCERTAINTY,
        "bone probability",
        lambda drawn, _: f"share of {_of(drawn)} that are bone",
        lambda drawn, _: drawn.bone_probability,
        lambda layer, _: look_like_share(layer),
    ),
    LOSS: _Role(
        Kind.UNCERTAINTY,
        "loss probability",
        lambda drawn, _: f"share of {_of(drawn)} with bone newly lost",
        lambda drawn, _: drawn.loss_probability,
        lambda layer, _: look_like_risk(layer),
    ),
}


def roles_of(drawn: Drawn) -> tuple[str, ...]:
    """The layers that a forecast has, bottom to top: samples that would all be one and the same are one."""
    if drawn.asked == 1:
        return (MEAN,) if drawn.model == CopyLastWeek.name else (COPIED, MEAN, LOSS)
    return tuple(_ROLES)


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
    changed : Signal
        A layer was made or filled anew.
    """

    changed = Signal()

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.drawn: Drawn | None = None
        self.at = 0
        self.base, self.over = SAMPLE, LOSS
        self._waiting: list[str] = []
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._next)

    @property
    def busy(self) -> bool:
        """Whether layers are still to be made."""
        return bool(self._waiting)

    def show(self, drawn: Drawn, at: int) -> None:
        """Show these futures, `at` among the samples; what is seen now comes at once, the rest in turns."""
        self.drawn, self.at = drawn, at
        roles = roles_of(drawn)
        if self.base not in (*roles, TRUE):
            self.base = MEAN
        if self.over not in (*roles, NOTHING):
            self.over = LOSS if LOSS in roles else NOTHING
        self._fill(self.base if self.base in roles else MEAN)
        self._waiting = sorted((role for role in roles if role != self.base), key=lambda role: role != self.over)
        self._timer.start()

    def finish(self) -> None:
        """Make what is still waiting, now."""
        while self._waiting:
            self._next()

    def forget(self) -> None:
        """Let go of the futures; their layers are the view's to take away."""
        self.drawn = None
        self._waiting = []

    def leaf_to(self, at: int) -> None:
        """Show another sample."""
        if self.drawn is not None and 0 <= at < self.drawn.count and SAMPLE in roles_of(self.drawn):
            self.at = at
            self._fill(SAMPLE)

    def see(self, base: str, over: str) -> None:
        """Choose what is seen: one picture of the bone, and one overlay on it."""
        self.base, self.over = base, over
        for role in _ROLES:
            layer = self.layer(role)
            if layer is not None:
                layer.visible = role in (base, over)

    def layer(self, role: str) -> Image | None:
        """The layer of a role, where it is on the canvas."""
        drawn = self.drawn
        if drawn is None:
            return None
        known = _ROLES[role]
        found = find_layers(self._viewer, leg=drawn.mean.leg, week=drawn.week, kind=known.kind, what=known.what)
        return found[-1] if found else None

    def _next(self) -> None:
        if self._waiting:
            self._fill(self._waiting.pop(0))
        if not self._waiting:
            self._timer.stop()

    def _fill(self, role: str) -> None:
        drawn, known = self.drawn, _ROLES[role]
        if drawn is None:
            return
        scan, words = known.scan(drawn, self.at), f"research use: {known.words(drawn, self.at)}"
        extra = self._extra(drawn, role)
        layer = self.layer(role)
        if layer is None:
            layer = self._add(role, scan, extra)
        elif layer.data is not scan.voxels:
            layer.data = scan.voxels
            if role == SPREAD:
                layer.contrast_limits = (0.0, max(drawn.spread_most, 1.0))
        layer.name = layer_name(scan, words)
        layer.metadata[KEY] = record_of_scan(scan, known.what, extra)
        self.changed.emit()

    def _extra(self, drawn: Drawn, role: str) -> dict[str, Any]:
        extra: dict[str, Any] = {"model": drawn.model, "seed": drawn.seed, "drawn": drawn.count, "asked": drawn.asked}
        return extra | {"sample": self.at} if role == SAMPLE else extra

    def _add(self, role: str, scan: Scan, extra: dict[str, Any]) -> Image:
        drawn, known = self.drawn, _ROLES[role]
        seen = role in (self.base, self.over) and not self._viewer.canvas.grid.enabled
        layer = add_scan(
            self._viewer,
            scan,
            what=known.what,
            visible=False,
            extra=extra,
            contrast=(0.0, 1.0) if role in OVERLAYS else drawn.greys if drawn else None,
        )
        self._place(layer, role)
        if known.look is not None and drawn is not None:
            known.look(layer, drawn)
        layer.visible = seen
        return layer

    def _place(self, layer: Image, role: str) -> None:
        """Below every layer that belongs above it, whichever of them came first."""
        layers, order = self._viewer.layers, tuple(_ROLES)
        above = [found for other in order[order.index(role) + 1 :] if (found := self.layer(other)) is not None]
        if above:
            place = min(layers.index(other) for other in above)
            layers.move(layers.index(layer), place)
