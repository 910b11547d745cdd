"""What to compare: a layout by name or volumes ticked one by one, and the two that are laid over each other."""

from collections.abc import Sequence
from itertools import pairwise

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_bonemet.widgets.compare.items import Item, usual_pair
from napari_bonemet.widgets.compare.layouts import OWN, Layout, layouts_for
from napari_bonemet.widgets.folded import Folded

__all__ = ["Choice"]


class Choice(QWidget):
    """Layouts, volumes, and a pair of them.

    Attributes
    ----------
    layouts : QComboBox
        By name; a tick changed by hand makes it the user's own choice.
    boxes : list of QCheckBox
        One for each item, in their order.
    with_difference : QCheckBox
        Whether the difference of the pair is shown in a cell.
    minuend, subtrahend : QComboBox
        The pair.
    single_samples, to_make : Folded
        Where samples, and what is made when it is asked for, are listed.
    swap_button : QPushButton
        Changes the pair about.
    chosen_layout : Signal
        The user took a layout from the list.
    """

    chosen_layout = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.items: tuple[Item, ...] = ()
        self.boxes: list[QCheckBox] = []
        self._offered: tuple[Layout, ...] = ()
        self.layouts = QComboBox()
        self.with_difference = QCheckBox("and the difference")
        self.minuend, self.subtrahend = QComboBox(), QComboBox()
        self.swap_button = QPushButton("⇄")
        self._lay_out()
        self.layouts.activated.connect(self._picked)
        self.with_difference.clicked.connect(self._ticked)
        self.swap_button.clicked.connect(self._swap)

    def _lay_out(self) -> None:
        for combo in (self.layouts, self.minuend, self.subtrahend):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(6)
        self.layouts.setToolTip("What stands in the cells; tick volumes below for a choice of your own.")
        self.swap_button.setToolTip("Change the two about")
        self.with_difference.setToolTip("A cell more: the first of the pair less the second, voxel by voxel.")
        self.minuend.setToolTip("The first of the pair, which the difference is taken from.")
        self.subtrahend.setToolTip("The second of the pair, which is taken away.")
        self.swap_button.setMaximumWidth(34)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.layouts)
        self._plain = QVBoxLayout()
        column.addLayout(self._plain)
        self.single_samples, self._single = _folded(
            "Single samples", "Each future that was drawn, for a cell of its own."
        )
        self.to_make, self._recipes = _folded("Made when shown", "Computed from the others as soon as a cell shows it.")
        column.addWidget(self.single_samples)
        column.addWidget(self.to_make)
        column.addWidget(self.with_difference)
        row = QHBoxLayout()
        row.addWidget(self.minuend, 1)
        row.addWidget(QLabel("−"))
        row.addWidget(self.subtrahend, 1)
        row.addWidget(self.swap_button)
        column.addLayout(row)

    def fill(self, items: Sequence[Item], week: float | None) -> None:
        """Offer `items`, and choose the usual layout of them."""
        self.items = tuple(items)
        self._offered = layouts_for(self.items, week) if items else ()
        self.layouts.clear()
        self.layouts.addItems([layout.name for layout in self._offered])
        self.layouts.setEnabled(bool(items))
        self._fill_boxes()
        self._fill_pair()
        if self._offered:
            self.take(self._offered[0].name)

    def _fill_boxes(self) -> None:
        for old in self.boxes:
            for place in (self._plain, self._single, self._recipes):
                place.removeWidget(old)
            old.deleteLater()
        self.boxes = []
        many, made = sum(item.one_of_many for item in self.items), sum(item.make is not None for item in self.items)
        for folded, words, count in (
            (self.single_samples, "Single samples", many),
            (self.to_make, "Made when shown", made),
        ):
            folded.setText(f"{words} ({count})")
            folded.setVisible(count > 0)
        for item in self.items:
            box = QCheckBox(item.label)
            box.setToolTip(item.title)
            # A long name is cut at the edge of the dock rather than widening it.
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.clicked.connect(self._ticked)
            place = self._single if item.one_of_many else self._plain if item.make is None else self._recipes
            place.addWidget(box)
            self.boxes.append(box)
        self._order_keys()

    def _order_keys(self) -> None:
        """Tab goes as the eye does, though the boxes came last."""
        single = [box for box, item in zip(self.boxes, self.items, strict=True) if item.one_of_many]
        made = [box for box, item in zip(self.boxes, self.items, strict=True) if item.make is not None]
        plain = [box for box in self.boxes if box not in single and box not in made]
        lists = [self.layouts, *plain, self.single_samples.button, *single, self.to_make.button, *made]
        pair = [self.with_difference, self.minuend, self.subtrahend, self.swap_button]
        for before, after in pairwise([*lists, *pair]):
            QWidget.setTabOrder(before, after)

    def _fill_pair(self) -> None:
        pair = usual_pair(self.items) if self.items else None
        for combo, key in zip((self.minuend, self.subtrahend), pair or ("", ""), strict=True):
            combo.clear()
            for item in self.items:
                if not item.is_map and item.make is None:
                    combo.addItem(item.key, item)
            combo.setCurrentIndex(max(combo.findText(key), 0))
        for widget in (self.minuend, self.subtrahend, self.swap_button, self.with_difference):
            widget.setEnabled(pair is not None)

    @property
    def layout_taken(self) -> Layout:
        """The layout in the list; the user's own choice where nothing can be shown."""
        at = self.layouts.currentIndex()
        return self._offered[at] if 0 <= at < len(self._offered) else Layout(OWN)

    def take(self, name: str) -> None:
        """Take a layout by its name, and tick what stands in it; nothing where it is not offered."""
        at = self.layouts.findText(name)
        if at < 0:
            return
        self.layouts.setCurrentIndex(at)
        layout = self._offered[at]
        if layout.name != OWN:
            self.tick(layout.keys, difference=layout.difference)

    def tick(self, keys: Sequence[str], *, difference: bool) -> None:
        """Tick the items of these keys and no others."""
        for item, box in zip(self.items, self.boxes, strict=True):
            box.setChecked(item.key in keys)
        self.with_difference.setChecked(difference and self.with_difference.isEnabled())

    def ticked(self) -> tuple[Item, ...]:
        """What is ticked, in the order of the layout, or of the list where it is more than the layout holds."""
        found = [item for item, box in zip(self.items, self.boxes, strict=True) if box.isChecked()]
        order = self.layout_taken.keys
        if all(item.key in order for item in found):
            found.sort(key=lambda item: order.index(item.key))
        return tuple(found)

    def pair(self) -> tuple[Item, Item] | None:
        """The two that are subtracted or laid over each other; None where there are no two."""
        first, second = self.minuend.currentData(), self.subtrahend.currentData()
        return (first, second) if first is not None and second is not None and first is not second else None

    def set_pair(self, first: str, second: str) -> None:
        """Take the pair by its keys, as far as they are there."""
        for combo, key in ((self.minuend, first), (self.subtrahend, second)):
            if (at := combo.findText(key)) >= 0:
                combo.setCurrentIndex(at)

    def _picked(self) -> None:
        self.take(self.layouts.currentText())
        if self.layouts.currentText() != OWN:
            self.chosen_layout.emit()

    def _ticked(self) -> None:
        self.layouts.setCurrentIndex(self.layouts.count() - 1)

    def _swap(self) -> None:
        self.set_pair(self.subtrahend.currentText(), self.minuend.currentText())


def _folded(words: str, tip: str) -> tuple[Folded, QVBoxLayout]:
    inside = QWidget()
    column = QVBoxLayout(inside)
    column.setContentsMargins(0, 0, 0, 0)
    return Folded(words, inside, tip), column
