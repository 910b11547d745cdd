"""What a benchmark writes once its rows are scored."""

from dataclasses import dataclass
from pathlib import Path

from napari_bonemet.forecast.benchmark.page import PAGE, TABLE, page
from napari_bonemet.forecast.benchmark.plots import write_plots
from napari_bonemet.forecast.benchmark.run import Benchmark, Result
from napari_bonemet.forecast.benchmark.sources import Sources
from napari_bonemet.io.atomic import atomic_file, write_table


@dataclass(frozen=True)
class Written:
    """Where the tables are."""

    table: Path
    page: Path
    plots: tuple[Path, ...]


def write_results(asked: Benchmark, result: Result) -> Written:
    """The table as CSV, the plots, and the page that shows both.

    Raises
    ------
    OutputError
        When the disk refuses.
    """
    options = asked.options.filled()
    write_table(asked.out / TABLE, result.table)
    plots = write_plots(asked.out, result.table, result.tested)
    beside = Sources(options, asked.data).beside
    with atomic_file(asked.out / PAGE) as temporary:
        temporary.write_text(page(options, result.table, beside, plots, rows=_words(asked)), encoding="utf-8")
    return Written(asked.out / TABLE, asked.out / PAGE, tuple(plots))


def _words(asked: Benchmark) -> list[str]:
    """What chose the rows, as words of the command; checkpoints by their names alone."""
    words = [] if asked.networks is None else ["--networks", *asked.networks]
    words += [] if asked.seeds is None else ["--seeds", *(str(seed) for seed in asked.seeds)]
    return words + (["--checkpoints", *(path.name for path in asked.checkpoints)] if asked.checkpoints else [])
