"""What the Measures dock copies and saves: the table, a row per week or per number, and a report."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from qtpy.QtWidgets import QFileDialog

from napari_bonemet.io.atomic import atomic_file, write_table
from napari_bonemet.morphometry.cohort.weekly import weekly_table
from napari_bonemet.study.measure_text import text_of_leg
from napari_bonemet.widgets.measures_result import MeasuresResult
from napari_bonemet.widgets.measures_run import LegMeasures
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.settings import start_in

__all__ = ["Exports"]

CSV, TEXT = "CSV (*.csv)", "Text (*.txt)"


def save_wide(measures: LegMeasures, path: Path) -> Path:
    """A row per week, a column per measure."""
    return write_table(path, list(weekly_table(measures.weeks).as_rows()))


def save_long(measures: LegMeasures, path: Path) -> Path:
    """A row per week and measure, with the change since the first week."""
    return write_table(path, list(weekly_table(measures.weeks).as_long()))


def save_report(measures: LegMeasures, path: Path) -> Path:
    """Every week line by line, as CTAn writes it."""
    table = weekly_table(measures.weeks)
    text = text_of_leg(table, table.rows[0].leg)
    with atomic_file(path) as beside:
        beside.write_text(text, encoding="utf-8")
    return path


class Exports:
    """The export menu of a result.

    Parameters
    ----------
    result : MeasuresResult
        Whose menu it fills.
    measures : callable
        Gives what is on the desk.
    """

    def __init__(self, result: MeasuresResult, measures: Callable[[], LegMeasures | None]) -> None:
        self._result, self._measures = result, measures
        self.bar = RunBar("Save")
        self.bar.run_button.hide()
        self.bar.cancel_button.hide()
        result.offer_export("Copy the table", self._copy)
        for words, name, kind, save in (
            ("Save a row per week (CSV)…", "measures.csv", CSV, save_wide),
            ("Save in long form for R and Prism (CSV)…", "measures-long.csv", CSV, save_long),
            ("Save a report (text)…", "measures.txt", TEXT, save_report),
        ):
            result.offer_export(words, partial(self._ask, name, kind, save))

    def _copy(self) -> None:
        self._result.table.copy()
        self.bar.say("The table is on the clipboard, as it is shown.")

    def _ask(self, name: str, kind: str, save: Callable[[LegMeasures, Path], Path]) -> None:
        measures = self._measures()
        if measures is None:
            return
        chosen, _ = QFileDialog.getSaveFileName(self._result, "Save the measures", start_in(name), kind)
        if chosen:
            path = Path(chosen)
            self.bar.start(
                f"Saving {path.name}", lambda _: save(measures, path), lambda at: self.bar.say(f"Saved {at}")
            )
