"""Save a figure, with the record of how it was made beside it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from napari_bonemet.errors import InputError
from napari_bonemet.figures.style import drawing
from napari_bonemet.io.atomic import atomic_file, write_json
from napari_bonemet.provenance import __version__

FORMATS = ("png", "pdf", "svg", "tiff")

_MAKER = f"napari-bonemet {__version__}"
# No dates: the same options give the same bytes.
_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": _MAKER},
    "pdf": {"Creator": _MAKER, "Producer": "matplotlib", "CreationDate": None},
    "svg": {"Creator": _MAKER, "Date": None},
}


def save_figure(figure: Figure, path: str | Path, record: Mapping[str, Any], *, overwrite: bool = True) -> Path:
    """Write `figure` to `path` and its record to the same name with ``.json`` added, each whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        As :func:`napari_bonemet.figures.montage.montage` makes it.
    path : path
        Ends in .png, .pdf, .svg or .tiff; text stays text in SVG and PDF.
    record : mapping
        Plain JSON values.
    overwrite : bool
        Replace existing files.

    Returns
    -------
    Path
        The figure's.

    Raises
    ------
    InputError
        When the suffix is another one.
    OutputError
        When a file is there and may not be replaced, or the disk refuses.
    """
    path = Path(path)
    kind = _kind_of(path)
    with atomic_file(path, overwrite=overwrite) as temporary:
        _draw_into(temporary, figure, kind)
        told = {**record, "file": path.name, "file_sha256": hashlib.sha256(temporary.read_bytes()).hexdigest()}
        # While the figure still bears its hidden name: a disk that fills up here leaves no figure without its record.
        write_json(path.with_name(f"{path.name}.json"), told, overwrite=overwrite)
    return path


def save_plot(figure: Figure, path: str | Path, *, overwrite: bool = True) -> Path:
    """Write `figure` to `path` without a record of its own: one of many plots of one table, which has the record.

    Raises
    ------
    InputError
        When the suffix is none of a figure.
    OutputError
        When the file is there and may not be replaced, or the disk refuses.
    """
    path = Path(path)
    kind = _kind_of(path)
    with atomic_file(path, overwrite=overwrite) as temporary:
        _draw_into(temporary, figure, kind)
    return path


def is_figure(path: Path) -> bool:
    """Whether a name ends like that of a figure, rather than of a folder."""
    return path.suffix.lower().lstrip(".") in (*FORMATS, "tif")


def _kind_of(path: Path) -> str:
    kind = path.suffix.lower().lstrip(".").replace("tif", "tiff").replace("tifff", "tiff")
    if kind not in FORMATS:
        raise InputError(f"A figure cannot be saved as {path.name}", expected=", ".join(f".{f}" for f in FORMATS))
    return kind


def _draw_into(path: Path, figure: Figure, kind: str) -> None:
    with drawing():
        figure.savefig(
            path, format=kind, dpi=figure.dpi, facecolor=figure.get_facecolor(), metadata=_METADATA.get(kind)
        )
