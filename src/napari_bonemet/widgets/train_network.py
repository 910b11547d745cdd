"""Which network is trained, and the options of its own, which differ from network to network."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QVBoxLayout, QWidget

from napari_bonemet.forecast.models.catalogue import architecture, options_for
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.study.training import TRAINABLE
from napari_bonemet.widgets.forms import OptionsForm, form_layout

__all__ = ["NetworkChoice"]

# What the weeks to train on say.
_BY_WEEKS = ("weeks_seen", "gap_weeks")


class NetworkChoice(QWidget):
    """A network of the catalogue, and a form of its layers that is folded away.

    Attributes
    ----------
    combo : QComboBox
        The networks.
    form : OptionsForm
        The chosen one's options; another one's are another form.
    changed : Signal
        Another network was chosen.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.combo = QComboBox()
        self.combo.setToolTip("The network that learns; its layers are set below.")
        for name in TRAINABLE:
            self.combo.addItem(architecture(name).title, name)
        row = form_layout()
        row.addRow("Network", self.combo)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(row)
        self.form = self._make()
        self._column.addWidget(self.form)
        self.combo.currentIndexChanged.connect(self._turned)

    @property
    def name(self) -> str:
        """The network chosen."""
        return str(self.combo.currentData())

    @property
    def usual_batch(self) -> int:
        """How many slices, or blocks of slices, a step takes unless the user says otherwise.

        The catalogue says so: 48 slices in 2D, four volumes in 3D (first paper, section 4.2.8), two for ST-VAE.
        """
        return architecture(self.name).batch

    def options(self) -> NetworkOptions:
        """Its options as filled in.

        Raises
        ------
        InputError
            When a value cannot be used.
        """
        return self.form.options(**architecture(self.name).fixed)

    def _make(self) -> OptionsForm[NetworkOptions]:
        hidden = (*_BY_WEEKS, *architecture(self.name).fixed)
        form = OptionsForm(options_for(self.name), basic=(), hidden=hidden)
        if form.more is not None:
            form.more.setText("The network's layers")
        return form

    def _turned(self) -> None:
        before, self.form = self.form, self._make()
        self._column.replaceWidget(before, self.form)
        before.hide()
        before.deleteLater()
        self.changed.emit()
