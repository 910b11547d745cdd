"""Labelled slices out of a clinic's folder: DICOM series in Hounsfield units, or any other format that is read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_bonemet.bone_quality import UNKNOWN, Quality
from napari_bonemet.diagnose.quality.cropping import squares_of
from napari_bonemet.diagnose.quality.labels import SliceLabel, read_labels
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.slices import LabelledSlices
from napari_bonemet.diagnose.quality.voting import LESIONS
from napari_bonemet.errors import InputError
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan


def read_labelled(
    tables: Sequence[str | Path],
    options: QualityOptions,
    *,
    spacing: float | Sequence[float] | None = None,
    progress: Progress = NO_PROGRESS,
) -> tuple[LabelledSlices, bool]:
    """The slices that tables of labels name, as the network takes them.

    Parameters
    ----------
    tables : sequence of path
        Each as :func:`~napari_bonemet.diagnose.quality.labels.read_labels` takes it.
    options : QualityOptions
        What the network looks at.
    spacing : float or three (z, y, x), optional
        Micrometres, for files that state no voxel size.
    progress : Progress
        Told how far it is.

    Returns
    -------
    slices : LabelledSlices
        All of them.
    synthetic : bool
        Whether a generator made any of the scans.

    Raises
    ------
    InputError
        When a table or scan cannot be read, values are no Hounsfield units (or greys), or a slice is not there.
    """
    from napari_bonemet.io import read_scan

    labels = [label for table in tables for label in read_labels(table)]
    scans = list(dict.fromkeys(label.scan for label in labels))
    made, synthetic = [], False
    for number, path in enumerate(scans):
        part = PartOf(progress, number / len(scans), (number + 1) / len(scans))
        part.check()
        scan = read_scan(path, spacing=spacing, progress=part)
        synthetic = synthetic or scan.synthetic
        made.append(_slices(scan, path, [label for label in labels if label.scan == path], options))
    return LabelledSlices.together(made), synthetic


def _slices(scan: Scan, path: Path, labels: Sequence[SliceLabel], options: QualityOptions) -> LabelledSlices:
    at = np.array([label.at for label in labels])
    if at.max() >= scan.shape[0]:
        raise InputError(
            f"{path.name} has no slice {at.max()}", expected=f"0 to {scan.shape[0] - 1}", remedy="Correct the labels"
        )
    segments = [f"{label.patient} {path.name} {label.vertebra}".strip() for label in labels]
    together: dict[str, list[SliceLabel]] = {}
    for name, label in zip(segments, labels, strict=True):
        together.setdefault(name, []).append(label)
    return LabelledSlices(
        squares=squares_of(scan.in_memory(), options, at),
        quality=np.array([label.quality for label in labels]),
        involvement=np.array([label.involvement for label in labels]),
        patient=np.array([label.patient for label in labels]),
        segment=np.array(segments),
        segment_quality={name: _segment_quality(own) for name, own in together.items()},
    )


def _segment_quality(labels: Sequence[SliceLabel]) -> int:
    """What the table says of a vertebra, else the lesion that most of its slices show."""
    said = {label.vertebra_quality for label in labels} - {UNKNOWN}
    if len(said) > 1:
        raise InputError(
            f"A vertebra of {labels[0].patient} has two labels", found=" and ".join(Quality(code).word for code in said)
        )
    if said:
        return said.pop()
    counts = {each: sum(label.quality == each for label in labels) for each in LESIONS}
    most = max(LESIONS, key=lambda each: counts[each])
    return int(most if counts[most] else Quality.NORMAL)
