"""The .log that Bruker SkyScan scanners and NRecon leave beside the slices: voxel size and settings."""

import codecs
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import SPACING_TOLERANCE, Triple
from napari_bonemet.io.raw import spacing_um
from napari_bonemet.provenance import Json

# The reconstruction may have rescaled what the camera saw, so its word comes first.
_PIXEL_SIZES = (
    ("reconstruction", "pixel size (um)"),
    ("acquisition", "scaled image pixel size (um)"),
    ("acquisition", "image pixel size (um)"),
    ("acquisition", "pixel size (um)"),
)
_SETTINGS = {
    "scanner": "scanner",
    "source voltage (kv)": "voltage_kv",
    "source current (ua)": "current_ua",
    "filter": "filter",
    "exposure (ms)": "exposure_ms",
    "rotation step (deg)": "rotation_step_degrees",
    "frame averaging": "frame_averaging",
    "camera binning": "camera_binning",
    "study date and time": "scanned",
    "reconstruction program": "reconstruction_program",
    "program version": "reconstruction_version",
    "smoothing": "smoothing",
    "ring artifact correction": "ring_artifact_correction",
    "beam hardening correction (%)": "beam_hardening_percent",
    "minimum for cs to image conversion": "grey_minimum",
    "maximum for cs to image conversion": "grey_maximum",
    "first section": "first_section",
    "last section": "last_section",
}
_NUMBER = re.compile(r"[-+]?\d*[.,]?\d+(?:[eE][-+]?\d+)?")
_LONGEST = 2**22


@dataclass(frozen=True)
class SkyScanLog:
    """The sections of a log, keys in lower case.

    Parameters
    ----------
    path : Path
        The file.
    sections : mapping
        Section ("reconstruction") to its keys ("pixel size (um)") and values, as written.
    """

    path: Path
    sections: Mapping[str, Mapping[str, str]]

    @property
    def pixel_um(self) -> float | None:
        """Pixel size of the slices in micrometres, or None where the log names none."""
        for section, key in _PIXEL_SIZES:
            size = _number(self.sections.get(section, {}).get(key, ""))
            if size is not None and math.isfinite(size) and size > 0:
                return size
        return None

    @property
    def slice_step(self) -> int:
        """How many sections lie between one kept slice and the next; 1 where the log does not say."""
        step = _number(self.sections.get("reconstruction", {}).get("section to section step", ""))
        return int(step) if step is not None and 1 <= step < 1e6 else 1

    @property
    def spacing(self) -> Triple | None:
        """Voxel size (z, y, x), micrometres."""
        size = self.pixel_um
        return None if size is None else spacing_um(self.path, (size * self.slice_step, size, size), 1.0)

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Pixels (y, x) that NRecon wrote, where the log says so."""
        section = self.sections.get("reconstruction", {})
        sizes = [_number(section.get(f"result image {side} (pixels)", "")) for side in ("height", "width")]
        return None if None in sizes else (int(sizes[0] or 0), int(sizes[1] or 0))

    def settings(self) -> dict[str, Json]:
        """The settings worth keeping in a scan's history."""
        merged = {key: value for section in self.sections.values() for key, value in section.items()}
        return {name: merged[key] for key, name in _SETTINGS.items() if merged.get(key)}


def read_log(path: Path) -> SkyScanLog:
    """Read a SkyScan log in whatever encoding the scanner's computer used.

    Raises
    ------
    InputError
        When the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_LONGEST)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read", found=error.strerror or "") from error
    sections: dict[str, dict[str, str]] = {}
    section = sections.setdefault("", {})
    for line in _decode(content).splitlines():
        text = line.strip()
        if text.startswith("[") and text.endswith("]"):
            section = sections.setdefault(text[1:-1].strip().lower(), {})
            continue
        key, separator, value = text.partition("=")
        if separator:
            section.setdefault(" ".join(key.lower().replace("µ", "u").replace("μ", "u").split()), value.strip())
    return SkyScanLog(path, sections)


def _decode(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _number(text: str) -> float | None:
    found = _NUMBER.search(text)
    return None if found is None else float(found.group().replace(",", "."))


def find_log(folder: Path, slices: Sequence[str]) -> SkyScanLog | None:
    """The log that belongs to the slices of a folder: by name, else the only voxel size there is.

    Raises
    ------
    InputError
        When several logs could be meant and their voxel sizes differ.
    """
    logs = [log for log in map(read_log, _log_files(folder)) if log.pixel_um is not None]
    own = [log for log in logs if slices and slices[0].lower().startswith(log.path.stem.lower())]
    candidates = own or [log for log in logs if "reconstruction program" in log.sections.get("reconstruction", {})]
    candidates = candidates or logs
    candidates.sort(key=lambda log: len(log.path.stem), reverse=True)
    if own or not candidates:
        return candidates[0] if candidates else None
    first = candidates[0]
    for other in candidates[1:]:
        if not math.isclose(first.pixel_um or 0, other.pixel_um or 0, rel_tol=SPACING_TOLERANCE):
            raise InputError(
                f"Two logs in {folder.name} state different voxel sizes",
                found=f"{first.path.name} ({first.pixel_um:g} µm) and {other.path.name} ({other.pixel_um:g} µm)",
                remedy="Keep the one that belongs to the slices",
            )
    return first


def _log_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".log" and not path.name.startswith(".") and path.is_file():
            yield path
