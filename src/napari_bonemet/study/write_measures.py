"""Write what was measured of a cohort: one folder with tables, plots and reports, whole or not at all."""

import io
from pathlib import Path

from matplotlib.figure import Figure

from napari_bonemet.errors import InputError
from napari_bonemet.figures.export import save_plot
from napari_bonemet.figures.measures import measure_figure
from napari_bonemet.io.atomic import atomic_file, atomic_folder, write_json, write_table
from napari_bonemet.io.names import safe_name
from napari_bonemet.morphometry.cohort.record_filling import write_records
from napari_bonemet.morphometry.cohort.statistics import StatisticsOptions, method_in_words
from napari_bonemet.options import Options
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Json, __version__
from napari_bonemet.study.measure_page import page_of_cohort
from napari_bonemet.study.measure_text import text_of_leg
from napari_bonemet.study.measuring import CohortMeasures

__all__ = ["RECORD", "require_own_folder", "write_cohort_measures"]

RECORD = "measures.json"
_PLOT_FORMATS = ("png", "svg")
_PAGE_DPI, _PAGE_COLOURS = 110, 48


def require_own_folder(out: Path) -> None:
    """Raise InputError where a folder with anything else than such measures would be replaced as a whole."""
    if out.is_dir() and any(out.iterdir()) and not (out / RECORD).is_file():
        raise InputError(
            f"{out} holds more than the measures of a cohort, and is not replaced",
            found=f"no {RECORD} in it",
            remedy="Choose another place with --out",
        )


def write_cohort_measures(
    cohort: CohortMeasures,
    out: Path,
    *,
    options: Options,
    statistics: StatisticsOptions | None = None,
    title: str = "Bone measures",
    overwrite: bool = False,
    progress: Progress = NO_PROGRESS,
) -> tuple[str, ...]:
    """Write tables, plots and reports into the folder `out`.

    ``measures.csv`` (a row per leg and week), ``changes.csv`` (since the baseline), ``measures-long.csv`` (a row per
    measure), ``statistics.csv``, the medical records with the measures in them, ``plots/<measure>.png`` and ``.svg``,
    ``legs/<leg>.txt``, ``report.html`` and ``measures.json`` with the options.

    Parameters
    ----------
    options : Options
        How it was measured.
    title : str
        Of the report.

    Returns
    -------
    tuple of str
        What the reader has to know of the records that were written.

    Raises
    ------
    InputError
        When the folder there holds something else.
    OutputError
        When the folder is there and may not be replaced, or the disk refuses; nothing is left of it then.
    """
    require_own_folder(out)
    said: tuple[str, ...] = ()
    with atomic_folder(out, overwrite=overwrite) as folder:
        _write_tables(cohort, folder)
        if cohort.records is not None:
            path = cohort.records.sheet.path
            said = write_records(cohort.records, cohort.table, folder / f"{path.stem}-with-measures{path.suffix}")
        _write_legs(cohort, folder / "legs")
        plots = _write_plots(cohort, folder / "plots", progress)
        page = page_of_cohort(cohort, plots, title=title, method=method_in_words(statistics))
        _write_text(folder / "report.html", page)
        write_json(folder / RECORD, _record(cohort, options, statistics or StatisticsOptions(), said))
    progress.advance(1.0)
    return said


def _write_tables(cohort: CohortMeasures, folder: Path) -> None:
    write_table(folder / "measures.csv", [*cohort.table.as_rows()])
    for name, rows in (
        ("measures-long.csv", [*cohort.table.as_long()]),
        ("changes.csv", [*cohort.table.as_change_rows()]),
        ("statistics.csv", [each.as_row() for each in cohort.comparisons]),
    ):
        if rows:
            write_table(folder / name, rows)


def _write_legs(cohort: CohortMeasures, folder: Path) -> None:
    for leg in cohort.table.legs:
        name = " ".join(part for part in leg if part)
        _write_text(folder / f"{safe_name(name)}.txt", text_of_leg(cohort.table, leg))


def _write_plots(cohort: CohortMeasures, folder: Path, progress: Progress) -> dict[str, bytes]:
    """A plot of each measure on the disk, and its PNG for the report."""
    plots = {}
    measures = cohort.table.measures
    for number, measure in enumerate(measures):
        progress.message(f"{measure.symbol}: drawing")
        figure = measure_figure(cohort.table, measure.symbol)
        for kind in _PLOT_FORMATS:
            save_plot(figure, folder / f"{measure.symbol.replace('/', '-')}.{kind}")
        plots[measure.symbol] = _small_png(figure)
        progress.advance((number + 1) / len(measures))
    return plots


def _small_png(figure: Figure) -> bytes:
    """A plot for the report: few colours are enough, and a page of thirty plots can still be sent."""
    from PIL import Image

    drawn, page = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_PAGE_DPI, facecolor="white")
    Image.open(drawn).convert("RGB").quantize(_PAGE_COLOURS, dither=Image.Dither.NONE).save(page, "png", optimize=True)
    return page.getvalue()


def _write_text(path: Path, text: str) -> None:
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _record(
    cohort: CohortMeasures, options: Options, statistics: StatisticsOptions, said: tuple[str, ...]
) -> dict[str, Json]:
    return {
        "made_by": "napari-bonemet",
        "version": __version__,
        "synthetic": cohort.table.synthetic,
        "options": options.as_record(),
        "statistics": statistics.as_record(),
        "baseline_week": cohort.table.baseline,
        "records": None if cohort.records is None else str(cohort.records.sheet.path),
        "groups": {row.name: row.group for row in cohort.table.rows},
        "absent": {symbol: dict(reasons) for symbol, reasons in cohort.absent.items()},
        "refused": dict(cohort.refused),
        "notes": [*cohort.notes, *said],
    }
