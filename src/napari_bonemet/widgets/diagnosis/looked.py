"""Where the network looked, as a layer over the weeks: made for the week that is seen, and kept."""

from typing import Any

from qtpy.QtCore import QObject

from napari_bonemet.diagnose.attention.maps import where_it_looked
from napari_bonemet.progress import Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import seen_in_every_week
from napari_bonemet.widgets.diagnosis.run import BONE_THRESHOLD, DiagnosisOptions, classifier_for, earlier_weeks
from napari_bonemet.widgets.layers import add_scan, find_layers, remove_layers

__all__ = ["LOOKED", "Looked", "look_where"]

LOOKED = "where it looked"
# Below this share of what speaks most for a lesion there is nothing to see.
_LOW = 0.1


def look_where(
    series: ScanSeries, week: float, options: DiagnosisOptions, progress: Progress
) -> tuple[Scan, tuple[float, float]]:
    """What each place of a week adds to the log odds of a lesion, on the week's own grid, and the colours' ends.

    Raises
    ------
    InputError
        When the classifier is not there, or the scan is not of the kind that it learned from.
    """
    progress.message("loading the classifier")
    classifier = classifier_for(options)
    seen = seen_in_every_week(series, BONE_THRESHOLD) if series.on_one_grid else series
    scan = seen.at_week(week)
    found = where_it_looked(classifier, scan, earlier=earlier_weeks(seen, scan), progress=progress)
    most = max(float(found.max(initial=0.0)), 1e-3)
    step = Step("where_it_looked", {"model": classifier.name})
    return scan.with_voxels(found, step=step), (_LOW * most, most)


class Looked(QObject):
    """The layers of one dock.

    Parameters
    ----------
    viewer : napari.Viewer
        Where they are.
    parent : QObject
        Whom it goes with.
    """

    def __init__(self, viewer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer

    def put(self, made: tuple[Scan, tuple[float, float]]) -> Any:
        """Lay a map over its week."""
        scan, limits = made
        look = {"colormap": "inferno", "contrast_limits": limits, "blending": "additive", "opacity": 0.7}
        return add_scan(self._viewer, scan, what=LOOKED, look=look)

    def show(self, leg: str | None, week: float | None) -> bool:
        """See the map of one week and no other; whether there is one."""
        mine = self.of(leg, week)
        for layer in self._layers():
            layer.visible = layer in mine
        return bool(mine)

    def of(self, leg: str | None, week: float | None) -> list[Any]:
        """The map of one week, where it was made."""
        return find_layers(self._viewer, leg=leg, week=week, what=LOOKED)

    def _layers(self) -> list[Any]:
        return find_layers(self._viewer, what=LOOKED)

    def clear(self) -> None:
        """Take all of them off the canvas."""
        remove_layers(self._viewer, self._layers())
