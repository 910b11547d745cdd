"""Save a figure, with the record of how it was made beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.figure import Figure

from napari_bonemet.errors import InputError
from napari_bonemet.figures.montage import STYLE
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
    kind = path.suffix.lower().lstrip(".").replace("tif", "tiff").replace("tifff", "tiff")
    if kind not in FORMATS:
        raise InputError(f"A figure cannot be saved as {path.name}", expected=", ".join(f".{f}" for f in FORMATS))
    with atomic_file(path, overwrite=overwrite) as temporary, matplotlib.style.context(["default", STYLE]):
        figure.savefig(temporary, format=kind, dpi=figure.dpi, facecolor="white", metadata=_METADATA.get(kind))
        # While the figure still bears its hidden name: a disk that fills up here leaves no figure without its record.
        write_json(path.with_name(f"{path.name}.json"), {**record, "file": path.name}, overwrite=overwrite)
    return path
