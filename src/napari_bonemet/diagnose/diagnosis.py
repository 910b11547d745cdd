"""What a classifier says of one scan."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.provenance import Json
from napari_bonemet.scan import Side

# At this probability a verdict turns; a classifier's own calibration puts it where both kinds of error balance.
VERDICT_AT = 0.5
LESION, NO_LESION = "bone lesion", "no lesion"
UNLIKE = "unlike what it learned from"


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """How probable a lesion is in a scan, and in each of its slices, as one network sees it.

    Parameters
    ----------
    subject : str or None
        The animal.
    side : {"left", "right"} or None
        Which leg.
    week : float or None
        Weeks since inoculation of the scan.
    model : str
        What said so.
    probability : float
        Of a lesion anywhere in the scan, 0 to 1. How it and those of the slices are one measure is told at
        :class:`~napari_bonemet.diagnose.classifier.LesionClassifier`.
    per_slice : ndarray, (z,) float32
        Of a lesion in each slice, 0 to 1.
    slice_index : int
        The slice that looks most like one, counted from 0.
    synthetic : bool
        Whether the scan was made by the generator.
    trained_on_synthetic : bool
        Whether the network learned from legs made by the generator.
    note : str
        What the reader of the figures has to know.
    part : str
        Which bone.
    strangeness : float or None
        How far the scan lies from those of the training, as a share of the limit of
        :mod:`~napari_bonemet.diagnose.strangeness.familiar`; above 1 the probability is worth nothing. None where
        the classifier cannot say.
    """

    subject: str | None
    side: Side | None
    week: float | None
    model: str
    probability: float
    per_slice: np.ndarray
    slice_index: int
    synthetic: bool
    trained_on_synthetic: bool
    note: str = ""
    part: str = "tibia"
    strangeness: float | None = None

    @property
    def leg(self) -> str:
        """The leg in the dataset's words: "871 left tibia"."""
        return " ".join(part for part in (self.subject or "unnamed", self.side, self.part) if part)

    @property
    def title(self) -> str:
        """Leg and week in words: "871 left tibia, week 3"."""
        return self.leg if self.week is None else f"{self.leg}, week {self.week:g}"

    @property
    def lesion(self) -> bool:
        """Whether the probability is at least 0.5, of a scan that it can judge or not."""
        return self.probability >= VERDICT_AT

    @property
    def unlike(self) -> bool:
        """Whether the scan is unlike those of the training, so that there is no verdict on it."""
        return self.strangeness is not None and self.strangeness > 1

    @property
    def verdict(self) -> str:
        """In the words of the medical records, "bone lesion" or "no lesion"; of strange scans neither."""
        if self.unlike:
            return UNLIKE
        return LESION if self.lesion else NO_LESION

    def as_row(self) -> dict[str, Json]:
        """A row of the table; slices are counted from 0."""
        return {
            "subject": self.subject,
            "side": self.side,
            "week": self.week,
            "probability": round(self.probability, 4),
            "slice": self.slice_index,
            "verdict": self.verdict,
            "model": self.model,
            "note": self.note,
            "synthetic": self.synthetic,
            "strangeness": None if self.strangeness is None else round(self.strangeness, 3),
            "unlike": self.unlike if self.strangeness is not None else None,
        }
