"""What the bone quality network says of one scan."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.bone_quality import UNKNOWN, Involvement, Quality
from napari_bonemet.provenance import Json


@dataclass(frozen=True, eq=False)
class QualityDiagnosis:
    """The quality of the bone in each slice of a scan, and of each segment by the votes of its slices.

    Parameters
    ----------
    scan : str
        Which scan, in words or by its file.
    slices : ndarray, (n,) int64
        The slices that show bone and were judged, counted from 0.
    segment : ndarray, (n,) int64
        Which vertebra each belongs to; 0 where nobody said, and then the scan is one segment.
    probability : ndarray, (n, 4) float32
        Of each class of :class:`~napari_bonemet.bone_quality.Quality`.
    involvement : ndarray, (n, 3) float32 or None
        Of each class of Involvement; None where the network did not learn it.
    verdict : mapping of int to Quality
        Of each segment.
    synthetic, trained_on_synthetic : bool
        Whether the scan, and what the network learned from, was made by the generator.
    note : str
        What the reader of the figures has to know.
    """

    scan: str
    slices: np.ndarray
    segment: np.ndarray
    probability: np.ndarray
    involvement: np.ndarray | None
    verdict: dict[int, Quality]
    synthetic: bool
    trained_on_synthetic: bool
    note: str = ""

    @property
    def quality(self) -> np.ndarray:
        """The most probable class of each slice, (n,) int64."""
        return np.asarray(self.probability.argmax(axis=1))

    def involvement_of(self, segment: int) -> int:
        """The widest involvement that two slices or more of a segment show; UNKNOWN where it was not learned."""
        if self.involvement is None:
            return UNKNOWN
        said = self.involvement.argmax(axis=1)[self.segment == segment]
        return max((each for each in Involvement if np.count_nonzero(said >= each) >= 2), default=Involvement.NONE)

    def as_rows(self) -> list[dict[str, Json]]:
        """A row of the table for each segment, and one for each slice."""
        rows = [self._segment_row(number) for number in self.verdict]
        for at, number, probability in zip(self.slices, self.segment, self.probability, strict=True):
            named = {f"p_{each.word}": round(float(probability[each]), 4) for each in Quality}
            quality = Quality(int(probability.argmax())).word
            rows.append({**self._row(int(number)), "slice": int(at), "quality": quality, **named})
        if self.involvement is not None:
            for row, sides in zip(rows[len(self.verdict) :], self.involvement, strict=True):
                row["involvement"] = Involvement(int(sides.argmax())).word
        return rows

    def _row(self, number: int) -> dict[str, Json]:
        return {"scan": self.scan, "vertebra": number, "slice": None, "quality": None, "involvement": None}

    def _segment_row(self, number: int) -> dict[str, Json]:
        probability = self.probability[self.segment == number]
        mean = probability.mean(axis=0) if len(probability) else np.zeros(len(Quality))
        sides = self.involvement_of(number)
        return {
            **self._row(number),
            "quality": self.verdict[number].word,
            "involvement": None if sides == UNKNOWN else Involvement(sides).word,
            **{f"p_{each.word}": round(float(mean[each]), 4) for each in Quality},
        }
