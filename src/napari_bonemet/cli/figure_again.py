"""``napari-bonemet figure --from``: the figure of a record again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.options import Options
from napari_bonemet.progress import Progress


def options_in(path: Path) -> tuple[Options, ...]:
    """The options in the record of a montage; a canvas has none.

    Raises
    ------
    InputError
        When the record, or a value in it, cannot be used.
    """
    from napari_bonemet.strict import read_record
    from napari_bonemet.study.figure_record import MONTAGE, kind_of, open_record

    if kind_of(read_record(path, "figure record")) != MONTAGE:
        return ()
    options = open_record(path).options
    return (options.montage, options.composite)


def run_again(own: Any, options: Any, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Draw the figure of the record, and say how far it is the same.

    Raises
    ------
    InputError
        When the data have changed or are not there, or more is asked for than a record can give.
    """
    from napari_bonemet.figures.export import is_figure
    from napari_bonemet.strict import read_record
    from napari_bonemet.study.figure_record import CANVAS, draw_again, kind_of, open_record, same_file, save_montage

    if own.source is not None or own.predicted or own.legs:
        raise InputError("The record says what is drawn", remedy="Leave out the folder, --predicted and --legs")
    out = own.common.new_place()
    if not is_figure(out):
        raise InputError(f"{out} is no name of a figure", expected="a file that ends in .png, .pdf, .svg or .tiff")
    if kind_of(read_record(own.record, "figure record")) == CANVAS:
        return _replay(own, out, terminal, progress)
    record = open_record(own.record)
    made = draw_again(record, options=options, changed_too=own.changed_too, progress=progress)
    saved = save_montage(made.made, out, options=options, sources=record.sources)
    same = same_file(saved, record)
    if made.changed:
        terminal.warn(f"The scans have changed: {', '.join(made.changed)}")
    elif not same and made.versions and options == record.options:
        terminal.warn(f"Drawn by other releases, so pixels may differ: {'; '.join(made.versions)}")
    terminal.say(f"{saved}{': the same file, byte for byte' if same else ''}")
    return {"out": str(out), "files": [str(saved)], "same_file": same, "changed": list(made.changed)}


def _replay(own: Any, out: Path, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    from napari_bonemet.figures.export import save_figure
    from napari_bonemet.widgets.canvas_replay import replay

    figure, record = replay(own.record, changed_too=own.changed_too, progress=progress)
    saved = save_figure(figure, out, record)
    terminal.say(f"{saved}: taken again in a window that nobody sees")
    return {"out": str(out), "files": [str(saved)]}
