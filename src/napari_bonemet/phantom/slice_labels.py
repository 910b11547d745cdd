"""What each slice of a synthetic tibia shows: lytic, blastic or mixed lesions, or none."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from napari_bonemet.bone_quality import Quality, quality_of
from napari_bonemet.phantom.leg import SyntheticLeg

LABELS = "labels.csv"
# Lost or added bone of a smaller area in a slice shows to nobody.
SEEN_MM2 = 0.02


def slice_quality(leg: SyntheticLeg, week: int) -> np.ndarray:
    """Codes of :class:`~napari_bonemet.bone_quality.Quality` of the slices of a week, (z,) int64.

    Parameters
    ----------
    leg : SyntheticLeg
        With its truth, on the baseline's grid: the slices of its registered weeks.
    week : int
        Which of its weeks, counted from 0.
    """
    least = SEEN_MM2 / (leg.options.spacing_um / 1000) ** 2
    lost, added = (
        np.count_nonzero(labels[week], axis=(1, 2)) >= least
        for labels in (leg.truth.lesion_labels, leg.truth.added_labels)
    )
    return quality_of(added, lost)


def label_rows(leg: SyntheticLeg, weeks: Sequence[Path], home: Path) -> Iterator[dict[str, object]]:
    """Rows for ``labels.csv``, as the bone quality network learns from them; the whole bone votes as one.

    Parameters
    ----------
    leg : SyntheticLeg
        The leg.
    weeks : sequence of Path
        Where its weeks were written.
    home : Path
        The folder of the table.
    """
    for index, path in enumerate(weeks):
        for at, code in enumerate(slice_quality(leg, index).tolist()):
            yield {
                "patient": leg.options.subject,
                "scan": path.relative_to(home).as_posix(),
                "vertebra": "",
                "slice": at,
                "quality": Quality(code).word,
                "synthetic": "yes",
            }
