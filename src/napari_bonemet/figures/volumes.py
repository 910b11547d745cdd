"""The table's volumes seen from outside: shaded pictures, with arrows where the surface of the bone is lost."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from napari_bonemet.figures.arrows import point_at
from napari_bonemet.figures.content import Content
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.panel import Panel, Row
from napari_bonemet.figures.render import Outside, View, see_from_outside
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.progress import Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan

_USUAL = 30.0  # degrees
_AROUND = 1.06
_REACH = 2  # voxels: the surface that is seen lies just outside the voxels of bone


def rows_as_volumes(rows: Sequence[Row], contents: Sequence[Content], progress: Progress) -> list[Row]:
    """Every panel's volume seen from outside, in the place of its slice.

    Parameters
    ----------
    rows : sequence of Row
        One for each animal, as :func:`napari_bonemet.figures.table.rows_of_table` makes them.
    contents : sequence of Content
        The animals, in the same order.
    """
    made = []
    for number, (row, content) in enumerate(zip(rows, contents, strict=True)):
        looks = Looks(content)
        panels = []
        for column, panel in enumerate(row.panels):
            progress.message(f"{content.seen.leg}: {panel.title or 'volume'} from outside")
            panels.append(panel if panel.kind == "blank" else looks.panel(panel))
            progress.advance((number + (column + 1) / len(row.panels)) / len(rows))
        made.append(Row(tuple(panels), 0, row.label, panels[0].scan))
    return made


def view_of(options: MontageOptions, lost: np.ndarray | None, bone: np.ndarray) -> View:
    """From where the options look; where they leave it open, towards the side on which bone is lost.

    Parameters
    ----------
    lost, bone : ndarray of bool, (z, y, x)
        Bone newly lost, and the bone that it was lost from.
    """
    azimuth = options.azimuth
    if azimuth is None:
        azimuth = _USUAL if lost is None or not lost.any() else _facing(lost, bone)
    return View(azimuth, options.elevation, options.bone_threshold)


def _facing(lost: np.ndarray, bone: np.ndarray) -> float:
    """The azimuth from which lost bone lies before the bone's axis."""
    flat = lost.sum(axis=0), bone[lost.any(axis=(1, 2))].sum(axis=0)
    (y, x), (middle_y, middle_x) = (np.asarray(ndimage.center_of_mass(part)) for part in flat)
    return float(np.rad2deg(np.arctan2(middle_x - x, middle_y - y)))


class Looks:
    """Pictures of one animal's volumes; the last seen week tells where there was a surface to be lost.

    Parameters
    ----------
    content : Content
        The animal, and from where its volumes are seen.
    """

    def __init__(self, content: Content) -> None:
        self._content, self._options = content, content.options
        self._last = content.seen[-1].to_numpy() > self._options.bone_threshold
        self._true = None if content.truth is None else self._lost(content.truth)
        telling = self._true
        if telling is None and content.forecast is not None:
            telling = self._lost(content.forecast.mean)
        self.view = view_of(self._options, telling, self._last)
        self._before: Outside | None = None
        self._radius_um: float | None = None

    def frame(self) -> None:
        """From now on show as much as keeps the bone in the picture from every side, and no more."""
        scan = self._content.seen.baseline
        seen_once = np.argwhere(self._last.any(axis=0))
        away = (seen_once - (np.asarray(scan.shape[1:]) - 1) / 2) * scan.spacing[1:]
        self._radius_um = float(np.linalg.norm(away, axis=1).max()) * _AROUND

    def turn(self, degrees: float) -> None:
        """Go round the bone."""
        self.view = replace(self.view, azimuth=self.view.azimuth + degrees)
        self._before = None

    def _lost(self, scan: Scan) -> np.ndarray:
        bone = scan.to_numpy() > self._options.bone_threshold
        return newly_lost_bone(bone, self._last, opening=self._options.lesion_opening)

    def panel(self, panel: Panel, *, pointed: bool = True) -> Panel:
        """The panel's volume from outside, with arrows where the true week is known, unless not `pointed`."""
        seen = see_from_outside(panel.scan, self.view, radius_um=self._radius_um)
        scan = picture_of(panel.scan, seen)
        shown = replace(panel, scan=scan, kind="volume", arrows=(), spots=None, note="")
        truth = panel.scan is self._content.truth
        judged = self._true is not None and (truth or panel.scan.kind is Kind.PREDICTION)
        return self._pointed(panel, shown, truth=truth) if judged and pointed and self._options.arrows else shown

    def _pointed(self, panel: Panel, shown: Panel, *, truth: bool) -> Panel:
        options, true = self._options, self._true
        assert true is not None  # noqa: S101  the caller asked; this is for the type checker
        self._before = self._before or see_from_outside(self._content.seen[-1], self.view, radius_um=self._radius_um)
        hits = None if truth else _gone(true, self._before)
        spots = _gone(true if truth else self._lost(panel.scan), self._before)
        arrows = point_at(
            spots,
            shown.scan.grid,
            "transverse",
            0,
            count=options.arrow_count,
            least_pixels=options.arrow_least_pixels,
            hits=hits,
        )
        return replace(shown, arrows=arrows, spots=spots)


def _gone(lost: np.ndarray, seen: Outside) -> np.ndarray:
    """Pixels that showed bone which is lost since, whether what lies behind it is bone or a hole."""
    if not lost.any():
        return np.zeros(seen.shades.shape, dtype=bool)
    near = ndimage.binary_dilation(lost, iterations=_REACH)
    spots = np.zeros(seen.shades.shape, dtype=bool)
    index = np.rint(seen.points[seen.hit]).astype(int)
    index = np.clip(index, 0, np.asarray(lost.shape) - 1)
    spots[seen.hit] = near[index[:, 0], index[:, 1], index[:, 2]]
    return spots


def picture_of(scan: Scan, seen: Outside) -> Scan:
    """A picture as a scan of a single slice, whose pixels have their size in micrometres."""
    step = Step("seen from outside", {"azimuth_degrees": seen.view.azimuth, "elevation_degrees": seen.view.elevation})
    return Scan(
        seen.shades[None],
        (seen.pixel_um,) * 3,
        subject=scan.subject,
        side=scan.side,
        day=scan.day,
        kind=scan.kind,
        part=scan.part,
        synthetic=scan.synthetic,
        history=(*scan.history, step),
    )
