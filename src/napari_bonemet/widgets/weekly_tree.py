"""The tree of subjects, legs and weeks: what there is, how large its voxels are, what was done to it."""

from collections.abc import Iterator
from itertools import groupby

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.desk import Desk, Leg

STATE = {
    Kind.RECON: "raw",
    Kind.SEG: "separated",
    Kind.REGIST: "registered",
    Kind.ROI: "RoI",
    Kind.COMPOSITE: "composite",
    Kind.PREDICTION: "predicted",
    Kind.UNCERTAINTY: "uncertainty",
}
_KEY = Qt.ItemDataRole.UserRole
_WEEK = Qt.ItemDataRole.UserRole + 1


def voxel_words(scan: Scan) -> str:
    """The voxel size in few letters: "30 µm", or all three where they differ."""
    sizes = [f"{value:.4g}" for value in scan.spacing]
    return f"{sizes[0]} µm" if len(set(sizes)) == 1 else " × ".join(sizes) + " µm"


class WeeklyTree(QTreeWidget):
    """Subjects, their legs, their weeks."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels(["Leg and week", "Voxel size", "State"])
        self.setMinimumHeight(150)
        self.setIndentation(14)
        self.setUniformRowHeights(True)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)

    def fill(self, desk: Desk) -> None:
        """Show the legs of the desk; the one on the table is bold, with what was made of it."""
        chosen = self.chosen()
        self.clear()
        ordered = sorted(desk.legs, key=lambda leg: (_subject(leg), leg.key))
        for subject, legs in groupby(ordered, key=_subject):
            top = QTreeWidgetItem([subject, "", ""])
            self.addTopLevelItem(top)
            for leg in legs:
                self._add_leg(top, leg, desk)
            top.setExpanded(True)
        self.choose(chosen or (desk.leg.key if desk.leg else None), desk.week)

    def _add_leg(self, top: QTreeWidgetItem, leg: Leg, desk: Desk) -> None:
        open_here = desk.leg is not None and leg.key == desk.leg.key
        series = desk.series if open_here else leg.series
        item = QTreeWidgetItem([_short(leg), voxel_words(series.baseline) if series else "", _state(leg.kind)])
        item.setData(0, _KEY, leg.key)
        item.setToolTip(0, f"{leg.name}{f', in {leg.folder}' if leg.folder else ''}")
        top.addChild(item)
        if open_here:
            font = item.font(0)
            font.setBold(True)
            item.setFont(0, font)
        for week, size, state in _weeks(leg, series, desk if open_here else None):
            row = QTreeWidgetItem([f"week {week:g}" if week is not None else "week not known", size, state])
            row.setData(0, _KEY, leg.key)
            row.setData(0, _WEEK, week)
            item.addChild(row)
        item.setExpanded(True)

    def chosen(self) -> tuple[str, str, str] | None:
        """The key of the leg that is selected, by itself or by one of its weeks."""
        item = self.currentItem()
        return item.data(0, _KEY) if item is not None else None

    def chosen_week(self) -> float | None:
        """The week that is selected."""
        item = self.currentItem()
        return item.data(0, _WEEK) if item is not None else None

    def choose(self, key: tuple[str, str, str] | None, week: float | None = None) -> None:
        """Select a leg, or one of its weeks."""
        for item in self._legs():
            if key is not None and item.data(0, _KEY) == key:
                rows = [item.child(i) for i in range(item.childCount())]
                self.setCurrentItem(next((row for row in rows if row.data(0, _WEEK) == week), item))
                return

    def _legs(self) -> Iterator[QTreeWidgetItem]:
        for i in range(self.topLevelItemCount()):
            top = self.topLevelItem(i)
            yield from (top.child(j) for j in range(top.childCount()))


def _subject(leg: Leg) -> str:
    source = leg.series.baseline if leg.series else leg.files
    return (source.subject if source else None) or "unnamed"


def _short(leg: Leg) -> str:
    return leg.name.removeprefix(_subject(leg)).strip() or leg.name


def _state(kind: Kind | None) -> str:
    return STATE.get(kind, "") if kind else ""


def _weeks(leg: Leg, series: ScanSeries | None, desk: Desk | None) -> Iterator[tuple[float | None, str, str]]:
    sizes = {scan.week: voxel_words(scan) for scan in series} if series else {}
    working = desk.working if desk else None
    done = {scan.week: _state(scan.kind) for scan in working} if working else {}
    for week in leg.weeks:
        yield week, sizes.get(week, ""), done.get(week, _state(leg.kind))
    if desk is not None and desk.forecast is not None:
        yield desk.forecast.week, voxel_words(desk.forecast.mean), "predicted"
