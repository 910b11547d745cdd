"""Slices as the network takes them, with what is known of each; patients are never torn apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from napari_bonemet.bone_quality import Quality
from napari_bonemet.errors import InputError


@dataclass(frozen=True, eq=False)
class LabelledSlices:
    """Slices of several patients.

    Parameters
    ----------
    squares : ndarray, (n, side, side) uint8
        What the network sees, 0 to 255 over its window.
    quality : ndarray, (n,) int64
        Codes of :class:`~napari_bonemet.bone_quality.Quality`.
    involvement : ndarray, (n,) int64
        Codes of Involvement, or UNKNOWN.
    patient : ndarray, (n,) str
        Whose slice it is.
    segment : ndarray, (n,) str
        Which vertebra, or which bone, of all patients: the slices that vote together.
    segment_quality : mapping of str to int
        What each segment is labelled.
    """

    squares: np.ndarray
    quality: np.ndarray
    involvement: np.ndarray
    patient: np.ndarray
    segment: np.ndarray
    segment_quality: dict[str, int]

    def __len__(self) -> int:
        return len(self.squares)

    @property
    def patients(self) -> frozenset[str]:
        """Whose slices there are."""
        return frozenset(self.patient.tolist())

    def only(self, chosen: np.ndarray) -> Self:
        """Some of the slices, by index or by a mask."""
        segment = self.segment[chosen]
        kept = {name: code for name, code in self.segment_quality.items() if name in set(segment.tolist())}
        return type(self)(
            self.squares[chosen], self.quality[chosen], self.involvement[chosen], self.patient[chosen], segment, kept
        )

    def of(self, patients: frozenset[str] | set[str]) -> Self:
        """The slices of some patients."""
        return self.only(np.isin(self.patient, sorted(patients)))

    def main_lesion(self) -> dict[str, int]:
        """The code of the most frequent lesion of each patient; that of normal bone where there is none."""
        found = {}
        for patient in sorted(self.patients):
            counts = np.bincount(self.quality[self.patient == patient], minlength=len(Quality))[1:]
            found[patient] = int(counts.argmax()) + 1 if counts.any() else 0
        return found

    def counts(self) -> dict[str, int]:
        """How many slices there are of each class."""
        return {each.word: int(np.count_nonzero(self.quality == each)) for each in Quality}

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """All slices of several sets.

        Raises
        ------
        InputError
            When there is none.
        """
        if not parts:
            raise InputError("There are no slices", remedy="Give at least one scan with labels")
        columns = ("squares", "quality", "involvement", "patient", "segment")
        joined: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in columns}
        named = {name: code for part in parts for name, code in part.segment_quality.items()}
        return cls(**joined, segment_quality=named)


def balanced(slices: LabelledSlices, most: int, rng: np.random.Generator) -> LabelledSlices:
    """At most `most` slices, the frequent classes thinned out first (the paper's sub-sampling, section 3.1).

    Parameters
    ----------
    slices : LabelledSlices
        What there is.
    most : int
        Slices that stay.
    rng : numpy.random.Generator
        Which of a class stay.
    """
    sizes = [int(np.count_nonzero(slices.quality == each)) for each in Quality]
    room = max((limit for limit in range(max(sizes) + 1) if sum(min(n, limit) for n in sizes) <= most), default=0)
    kept = [rng.permutation(np.flatnonzero(slices.quality == each))[:room] for each in Quality]
    return slices.only(np.sort(np.concatenate(kept)))
