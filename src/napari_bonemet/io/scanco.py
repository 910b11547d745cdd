"""Scanco's ISQ and AIM files, by ITK's reader for them: the package ``itk-ioscanco``, the extra ``scanco``."""

import json
import math
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.io.raw import RawVolume, native, origin_um, read_step, refusing, spacing_um, volume_shape

_UM_PER_MM = 1e3
_HEADER_BYTES = 140
# The packed forms of AIM hold runs of at most 255 voxels in two bytes.
_TIGHTEST = 128
_SMALL = 2**16
_LONGEST_AXIS = 2**15
_NOTES = {
    "version": "GetVersion",
    "scanner": "GetScannerID",
    "scanned": "GetCreationDate",
    "energy_kv": "GetEnergy",
    "rescale_slope": "GetRescaleSlope",
    "rescale_intercept": "GetRescaleIntercept",
    "rescale_units": "GetRescaleUnits",
}


def read_scanco(path: Path) -> RawVolume:
    """Read an ISQ or AIM file whole; ITK has no lazy reader of them.

    Parameters
    ----------
    path : Path
        A .isq or .aim file.

    Returns
    -------
    RawVolume
        Voxels (z, y, x) as ITK scales them; what it scaled them by stands in the history.

    Raises
    ------
    InputError
        When ``itk-ioscanco`` is not installed (how to is said), or the file is damaged or truncated.
    """
    _itk(path)
    with refusing(path, "a Scanco scan"), TemporaryDirectory() as folder:
        kept = Path(folder) / "voxels.npy"
        words = [sys.executable, "-m", __name__, str(path.absolute()), str(kept)]
        # A damaged header can bring down the process in which ITK reads it; this one goes on.
        done = subprocess.run(words, capture_output=True, check=False)  # noqa: S603 -- our own module, no shell
        told = done.stdout.decode("utf-8", "replace").splitlines()
        if not told:
            raise InputError(f"{path.name} is damaged: the reader of Scanco files broke off")
        record = json.loads(told[-1])
        if "error" in record:
            raise InputError(record["error"])
        spacing = spacing_um(path, record["spacing"], _UM_PER_MM)
        origin = origin_um(path, record["origin"], _UM_PER_MM)
        return RawVolume(native(np.load(kept)), spacing, origin, read_step(path, "Scanco", **record["notes"]))


def _read_apart(path: Path, kept: Path) -> dict[str, Any]:
    """Read in a process of its own: voxels into `kept` (.npy), the rest as plain values; lengths (z, y, x), mm."""
    itk = _itk(path)
    size = path.stat().st_size
    reader = itk.ScancoImageIO.New()
    if size < _HEADER_BYTES or not reader.CanReadFile(str(path)):
        raise InputError(f"{path.name} is no Scanco ISQ or AIM file, or a damaged one")
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    sizes = [int(reader.GetDimensions(axis)) for axis in (2, 1, 0)]
    _check_size(path, sizes, int(reader.GetComponentSize()), size)
    notes = {name: _plain(getattr(reader, get)()) for name, get in _NOTES.items()}
    record = {
        "spacing": [reader.GetSpacing(axis) for axis in (2, 1, 0)],
        "origin": [reader.GetOrigin(axis) for axis in (2, 1, 0)],
        "notes": notes,
    }
    np.save(kept, itk.array_view_from_image(itk.imread(str(path), imageio=reader)))
    return record


def _itk(path: Path) -> Any:
    try:
        import itk
        from itk import ScancoImageIO  # noqa: F401 -- a part of itk that a package of its own brings
    except ImportError as error:
        raise InputError(
            f"{path.name} is a Scanco file, and the package that reads those is not installed",
            remedy="python -m pip install itk-ioscanco",
        ) from error
    return itk


def _check_size(path: Path, sizes: list[int], voxel_bytes: int, size: int) -> None:
    # ITK believes the header, and asks for all the memory that it names.
    shape = volume_shape(path, sizes)
    needed = math.prod(shape) * voxel_bytes
    isq = path.suffix.lower() == ".isq"
    if max(shape) > _LONGEST_AXIS or needed > (size if isq else _SMALL + _TIGHTEST * size):
        raise InputError(
            f"{path.name} is cut short", expected=f"{needed} bytes of voxels, as its header says", found=f"{size}"
        )


def _plain(value: Any) -> str | float | None:
    if isinstance(value, str):
        return "".join(letter for letter in value if letter.isprintable()).strip() or None
    return float(value) if math.isfinite(value) else None


def _main() -> None:
    path, kept = (Path(word) for word in sys.argv[1:3])
    try:
        with refusing(path, "a Scanco scan"):
            record = _read_apart(path, kept)
    except InputError as error:
        record = {"error": str(error).rstrip(".")}
    sys.stdout.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    _main()
