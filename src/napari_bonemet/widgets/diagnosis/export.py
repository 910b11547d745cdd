"""The diagnosis beside the records, and saved as a table."""

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.diagnose.diagnosis import LESION, NO_LESION
from napari_bonemet.io.atomic import write_table
from napari_bonemet.progress import Progress
from napari_bonemet.provenance import Json
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.settings import start_in

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


class DiagnosisExport(QWidget):
    """A button that saves the table.

    Parameters
    ----------
    desk : Desk
        What it saves of.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.button = QPushButton("Save as CSV…")
        self.button.setToolTip("A row per week, forecast and sample, with the verdict beside what the records say.")
        self.button.clicked.connect(self.save)
        self.run_bar = RunBar("Save")
        self.run_bar.run_button.hide()
        self.run_bar.cancel_button.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.button)
        column.addWidget(self.run_bar)

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
