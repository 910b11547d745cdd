"""The diagnosis beside the records, and saved as a table."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.diagnose.diagnosis import LESION, NO_LESION
from napari_bonemet.figures.verdicts import as_verdict
from napari_bonemet.io.atomic import write_table
from napari_bonemet.progress import Progress
from napari_bonemet.provenance import Json
from napari_bonemet.widgets.copy_command import beside
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.diagnosis.said import Diagnosed
from napari_bonemet.widgets.diagnosis.words import as_number, verdict_words
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.settings import PLUGIN, start_in

__all__ = ["DiagnosisExport", "table_of"]


def table_of(desk: Desk) -> list[dict[str, Json]]:
    """A row per week, forecast and sample, as the command `classify` writes them, and what the records say."""
    made = desk.diagnoses
    rows: list[dict[str, Json]] = []
    for volume in made.volumes if made is not None else ():
        of = "forecast" if volume.predicted else "scan"
        record = made.labels.get(volume.week) if made is not None and volume.week is not None else None
        known = {"records": None if record is None else LESION if record else NO_LESION}
        rows.append({**volume.diagnosis.as_row(), "slice": volume.slice_index, "of": of, **known})
        for number, sample in enumerate(volume.samples):
            at = volume.first_slice + sample.slice_index
            rows.append({**sample.as_row(), "slice": at, "of": f"sample {number}", "records": None})
    return rows


def as_words(volumes: Iterable[Diagnosed]) -> list[str]:
    """What is said of each volume, as the figure's option takes it: "3=lesion_0.97"."""
    made = []
    for volume in volumes:
        if volume.week is not None:
            words = f"{verdict_words(volume)} {as_number(volume.diagnosis.probability)}"
            made.append(as_verdict(volume.week, words, predicted=volume.predicted))
    return made


class DiagnosisExport(QWidget):
    """Saves the table, and hands the verdicts to the figure.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the dock Figure is.
    desk : Desk
        What it saves of.
    """

    def __init__(self, viewer: Any, desk: Desk) -> None:
        super().__init__()
        self._viewer, self._desk = viewer, desk
        self.button = QPushButton("Save as CSV…")
        self.button.setToolTip("A row per week, forecast and sample, with the verdict beside what the records say.")
        self.button.clicked.connect(self.save)
        self.figure_button = QPushButton("Into the figure")
        self.figure_button.setToolTip("Writes verdict and probability below each week in the dock Figure.")
        self.figure_button.clicked.connect(self.into_figure)
        self.run_bar = RunBar("Save")
        self.run_bar.run_button.hide()
        self.run_bar.cancel_button.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(beside(self.button, self.figure_button))
        column.addWidget(self.run_bar)

    def into_figure(self) -> None:
        """Open the dock Figure with the verdicts in its form."""
        if self._desk.diagnoses is None:
            return
        frame, dock = self._viewer.window.add_plugin_dock_widget(PLUGIN, "Figure")
        dock.form.fields["verdicts"].value = " ".join(as_words(self._desk.diagnoses.volumes))
        frame.show()
        frame.raise_()

    def save(self) -> None:
        """Ask for a name, and write the table."""
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the diagnosis", start_in("diagnosis.csv"), "CSV (*.csv)")
        if not chosen:
            return
        path, rows = Path(chosen).with_suffix(".csv"), table_of(self._desk)

        def work(progress: Progress) -> Path:
            del progress
            return write_table(path, rows)

        self.run_bar.start("Saving the diagnosis", work, lambda saved: self.run_bar.say(f"Saved {saved}"))
