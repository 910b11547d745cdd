"""What the response classifier says of one leg."""

from dataclasses import dataclass

from napari_bonemet.diagnose.diagnosis import VERDICT_AT
from napari_bonemet.phantom.cohort import NON_RESPONDER, RESPONDER
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Side

# In the words of the records, the positive one last.
CLASSES = (NON_RESPONDER, RESPONDER)


@dataclass(frozen=True)
class ResponseOpinion:
    """How probable it is that an animal responds to its treatment, as one network sees it.

    Parameters
    ----------
    subject : str or None
        The animal.
    side : {"left", "right"} or None
        Which leg was looked at.
    part : str
        Which bone.
    weeks : tuple of float
        The weeks that were looked at, since inoculation.
    model : str
        What said so.
    probability : float
        Of a response, 0 to 1.
    synthetic : bool
        Whether the weeks were made by the generator.
    trained_on_synthetic : bool
        Whether the network learned from legs made by the generator.
    """

    subject: str | None
    side: Side | None
    part: str
    weeks: tuple[float, ...]
    model: str
    probability: float
    synthetic: bool
    trained_on_synthetic: bool

    @property
    def leg(self) -> str:
        """The leg in the dataset's words: "871 left tibia"."""
        return " ".join(part for part in (self.subject or "unnamed", self.side, self.part) if part)

    @property
    def responds(self) -> bool:
        """Whether the verdict is a response: a probability of at least 0.5."""
        return self.probability >= VERDICT_AT

    @property
    def verdict(self) -> str:
        """In the words of the medical records: "responder" or "non-responder"."""
        return CLASSES[self.responds]

    @property
    def note(self) -> str:
        """What the reader of the figure has to know."""
        learned = "synthetic legs" if self.trained_on_synthetic else "scans"
        note = f"A network's opinion, research use; trained on {learned}"
        return note if self.part == "tibia" else f"{note}; it learned from tibiae, and this is called a {self.part}"

    def as_row(self) -> dict[str, Json]:
        """A row of the table."""
        return {
            "subject": self.subject,
            "side": self.side,
            "weeks": " ".join(f"{week:g}" for week in self.weeks),
            "probability": round(self.probability, 4),
            "verdict": self.verdict,
            "model": self.model,
            "note": self.note,
            "synthetic": self.synthetic,
        }
