"""The card of the classifier that is asked, in a window of its own."""

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from napari_bonemet.diagnose.report.card import card_of
from napari_bonemet.diagnose.report.page import card_html
from napari_bonemet.forecast.checkpoint import load_checkpoint
from napari_bonemet.forecast.shipped import shipped_checkpoint
from napari_bonemet.widgets.diagnosis.run import DiagnosisOptions

__all__ = ["show_card"]

SIZE = (620, 520)
# The window's own colours are kept, light or dark.
_STYLE = "<style>dt { font-weight: bold; margin-top: 6px } dd { margin-left: 12px }</style>"


def show_card(options: DiagnosisOptions, parent: QWidget) -> QDialog:
    """Open the card: what it learned from, how well it does, on whom, and what it cannot do.

    Raises
    ------
    InputError
        When the classifier's file is not there, or no such file.
    """
    path = options.checkpoint or shipped_checkpoint(options.network)
    html = _STYLE + card_html(card_of(load_checkpoint(path)))
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Model card")
    text: Any = QTextBrowser()
    text.setHtml(html)
    QVBoxLayout(dialog).addWidget(text)
    dialog.resize(*SIZE)
    dialog.show()
    return dialog
