"""``napari-bonemet classify --bone-quality``: blastic, mixed, lytic or normal, slice by slice and by vertebra."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.cli.flags import Common
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.diagnose.quality.diagnosis import QualityDiagnosis
from napari_bonemet.io.atomic import write_table
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.scan import Scan


def run_quality(
    data: Path, checkpoint: Path | None, out: Path, *, common: Common, terminal: Terminal, progress: Progress
) -> Mapping[str, Any]:
    """Judge scan after scan, and write one row for each vertebra and each slice.

    Parameters
    ----------
    data : Path
        A scan (the folder of a DICOM series, or a file), or a table that says which slices are which vertebra's
        (columns scan, slice, vertebra), or the folder that has it as labels.csv.
    checkpoint : Path or None
        The classifier; the one that comes with the package when None.
    out : Path
        A CSV.
    common : Common
        Voxel size, device.
    terminal, progress : Terminal, Progress
        Told what is done.

    Raises
    ------
    InputError
        When the checkpoint or a scan cannot be used.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.diagnose.registry import load_quality_classifier
    from napari_bonemet.study.device import choose_device

    classifier = load_quality_classifier(checkpoint, device=choose_device(common.device))
    found = [
        replace(classifier.classify(scan, segment=segment, progress=progress), scan=name)
        for name, scan, segment in _scans(data, common, PartOf(progress, 0.0, 0.9))
    ]
    rows = [row for each in found for row in each.as_rows()]
    write_table(out, rows)
    _show(terminal, found)
    for note in dict.fromkeys(each.note for each in found):
        terminal.warn(note)
    terminal.say(f"The table is {out}")
    return {"out": str(out), "rows": rows, "checkpoint": None if checkpoint is None else str(checkpoint)}


def _scans(data: Path, common: Common, progress: Progress) -> Iterator[tuple[str, Scan, np.ndarray | None]]:
    """Each scan by the name that the table has for it, and which of its slices are whose."""
    from napari_bonemet.diagnose.quality.labels import LABELS, read_labels
    from napari_bonemet.io import read_scan

    if data.suffix.lower() != ".csv" and not (data / LABELS).is_file():
        yield data.name, read_scan(data, spacing=common.voxel_size, progress=progress).in_memory(), None
        return
    labels = read_labels(data, judged=False)
    home = data if data.is_dir() else data.parent
    scans = list(dict.fromkeys(label.scan for label in labels))
    for number, path in enumerate(scans):
        scan = read_scan(path, spacing=common.voxel_size).in_memory()
        own = [label for label in labels if label.scan == path]
        names = list(dict.fromkeys(label.vertebra for label in own))
        segment = np.zeros(max(scan.shape[0], 1 + max(label.at for label in own)), dtype=np.int64)
        for label in own:
            segment[label.at] = int(label.vertebra) if label.vertebra.isdigit() else 1 + names.index(label.vertebra)
        yield path.relative_to(home).as_posix() if path.is_relative_to(home) else str(path), scan, segment
        progress.advance((number + 1) / len(scans))


def _show(terminal: Terminal, found: list[QualityDiagnosis]) -> None:
    from rich.table import Table

    title = "synthetic bone" if all(each.synthetic for each in found) else None
    table = Table("scan", "vertebra", "slices", "quality", "involvement", title=title)
    for each in found:
        for row in each.as_rows()[: len(each.verdict)]:
            number = int(str(row["vertebra"]))
            count = str(int(np.count_nonzero(each.segment == number)))
            table.add_row(
                each.scan, str(number or "whole scan"), count, str(row["quality"]), str(row["involvement"] or "")
            )
    terminal.show(table)
