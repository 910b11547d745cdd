"""Results of one or more legs: each leg's folder, the tables of all of them, and what is told on the terminal."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_bonemet.cli.table import show_registration, show_scores, show_volumes
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.io.atomic import write_json, write_table
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import __version__
from napari_bonemet.study.leg import LegStudy
from napari_bonemet.study.options import StudyOptions
from napari_bonemet.study.summary import in_words
from napari_bonemet.study.write import diagnosis_rows, record_of_forecast, volume_rows, write_leg


@dataclass
class Report:
    """Collects the studies of legs as they are done.

    Parameters
    ----------
    out : Path
        Where the results go.
    options : StudyOptions
        What was asked for.
    terminal : Terminal
        Who is told.
    """

    out: Path
    options: StudyOptions
    terminal: Terminal
    _scores: list[ForecastScores] = field(default_factory=list)
    _diagnoses: list[dict[str, object]] = field(default_factory=list)
    _volumes: list[dict[str, object]] = field(default_factory=list)
    _legs: dict[str, Any] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)

    def refuse(self, leg: str, error: InputError) -> None:
        """Keep why a leg cannot be done, and tell it at once."""
        self._refused[leg] = str(error)
        self.terminal.warn(f"{leg} is left out. {error}")

    def add(
        self,
        study: LegStudy,
        *,
        registered_weeks: bool = False,
        overwrite: bool = False,
        progress: Progress = NO_PROGRESS,
    ) -> tuple[Path, ...]:
        """Write one leg's folder, and tell what came out.

        Raises
        ------
        OutputError
            When the folder is there and may not be replaced, or the disk refuses.
        """
        files = write_leg(study, self.out, progress, registered_weeks=registered_weeks, overwrite=overwrite)
        if study.registration is not None:
            show_registration(self.terminal, study.registration)
        if study.composites:
            show_volumes(self.terminal, study.leg, study.composites)
        if study.scores is not None:
            self._scores.append(study.scores)
        for sentence in in_words(study):
            self.terminal.say(sentence)
        for note in study.notes:
            self.terminal.warn(note)
        self._diagnoses += diagnosis_rows(study)
        self._volumes += volume_rows(study.registered, study.composites)
        self._legs[study.leg] = {
            "files": [str(path) for path in files],
            "verdicts": {f"{q.week:g}": q.verdict for q in study.registration.quality} if study.registration else {},
            "metrics": dict(study.scores.as_row()) if study.scores else None,
            "forecast": record_of_forecast(study),
            "diagnoses": [*diagnosis_rows(study)],
            "notes": list(study.notes),
        }
        return files

    def finish(self) -> dict[str, Any]:
        """Write the tables of all legs, and what was done, as ``run.json``.

        Raises
        ------
        InputError
            When legs could not be done, once all of the others is written.
        OutputError
            When the disk refuses.
        """
        if not self._legs and self._refused:
            raise self._not_done()
        if self._scores:
            show_scores(self.terminal, self._scores)
            write_table(self.out / "metrics.csv", [row.as_row() for row in self._scores])
        if self._volumes:
            write_table(self.out / "volumes.csv", self._volumes)
        if self._diagnoses:
            write_table(self.out / "diagnosis.csv", self._diagnoses)
        record: dict[str, Any] = {
            "out": str(self.out),
            "version": __version__,
            "options": self.options.as_record(),
            "legs": self._legs,
            "refused": self._refused,
        }
        write_json(self.out / "run.json", record)
        self.terminal.say(f"Figures, tables and records are in {self.out}")
        if self._refused:
            raise self._not_done()
        return record

    def _not_done(self) -> InputError:
        count = len(self._legs) + len(self._refused)
        reasons = " ".join(f"{leg}: {reason}" for leg, reason in self._refused.items())
        return InputError(f"{len(self._refused)} of {count} legs could not be done. {reasons.rstrip('.')}")
