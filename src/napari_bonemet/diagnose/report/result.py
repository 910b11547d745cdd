"""What classifiers said of cases whose truth is known: plain values that any classifier fills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.provenance import Json

__all__ = ["Case", "ClassifierResult", "Opinion"]

_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Case:
    """One thing that was classified: a scan, or all weeks of a leg.

    Parameters
    ----------
    animal : str
        Whose it is. Intervals draw whole animals.
    truth : int
        Index of its class.
    side : str
        "left", "right" or empty.
    week : float or None
        Weeks since inoculation; None where the case is of several weeks.
    fold : int or None
        The fold, from 1, in which it was held out; None where there are no folds.
    """

    animal: str
    truth: int
    side: str = ""
    week: float | None = None
    fold: int | None = None


@dataclass(frozen=True, eq=False)
class Opinion:
    """What one classifier, or one baseline, said.

    Parameters
    ----------
    title : str
        What said so, for people.
    probability : ndarray, (cases, classes) float64
        Of each class; rows sum to 1.
    """

    title: str
    probability: np.ndarray

    @classmethod
    def of_two(cls, title: str, probability: Any) -> "Opinion":
        """Of two classes, from the probability (cases,) of the second."""
        second = np.asarray(probability, dtype=np.float64)
        return cls(title, np.column_stack([1 - second, second]))


@dataclass(frozen=True, eq=False)
class ClassifierResult:
    """Opinions on the same cases, the classifier's own first and baselines after it.

    Parameters
    ----------
    network : str
        The classifier's name in the registry: "response".
    task : str
        What it tells, for people: "Response to treatment".
    classes : tuple of str
        In the order of the probabilities. Of two, the second is the positive one.
    cases : tuple of Case
        What was classified; none of it was trained on by what said the opinion.
    opinions : tuple of Opinion
        The classifier's first.
    protocol : str
        How it came about that the cases were unseen, in words.
    synthetic : bool
        Whether any case was made by the generator.
    trained_on_synthetic : bool
        Whether any of the training was.
    settings : mapping
        The classifier's options, plain JSON values.
    notes : tuple of str
        What else the reader has to know.

    Raises
    ------
    InputError
        When an opinion does not fit the cases and classes, or is no probability.
    """

    network: str
    task: str
    classes: tuple[str, ...]
    cases: tuple[Case, ...]
    opinions: tuple[Opinion, ...]
    protocol: str
    synthetic: bool
    trained_on_synthetic: bool
    settings: Mapping[str, Json] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wanted = (len(self.cases), len(self.classes))
        if not self.cases or len(self.classes) < 2 or not self.opinions:
            raise InputError("A result needs cases, two classes or more, and an opinion")
        if any(not 0 <= case.truth < len(self.classes) for case in self.cases):
            raise InputError("A case has no class", expected=f"0 to {len(self.classes) - 1}")
        for opinion in self.opinions:
            said = opinion.probability
            if said.shape != wanted:
                raise InputError(
                    f"{opinion.title} does not fit the cases",
                    expected=f"{wanted[0]} rows of {wanted[1]} probabilities",
                    found=str(said.shape),
                )
            if not (said.min() >= 0 and np.allclose(said.sum(axis=1), 1, atol=_TOLERANCE)):
                raise InputError(f"{opinion.title} says no probabilities", expected="rows that sum to 1")

    @property
    def truth(self) -> np.ndarray:
        """Index of each case's class, (cases,)."""
        return np.array([case.truth for case in self.cases])

    @property
    def animals(self) -> tuple[str, ...]:
        """Of which animal each case is."""
        return tuple(case.animal for case in self.cases)

    @property
    def folds(self) -> tuple[int, ...]:
        """The folds that there are, from 1; none where nothing was held out by turns."""
        return tuple(sorted({case.fold for case in self.cases if case.fold is not None}))

    @property
    def weeks(self) -> tuple[float, ...]:
        """The weeks that cases are of; none where each case is of several."""
        return tuple(sorted({case.week for case in self.cases if case.week is not None}))

    @property
    def curves_of(self) -> tuple[int, ...]:
        """The classes that curves are drawn of, each against all others: of two, the second alone."""
        return (1,) if len(self.classes) == 2 else tuple(range(len(self.classes)))

    def rows(self) -> Sequence[Mapping[str, Json]]:
        """One row a case: whose it is, its truth, and what each opinion said of each class."""
        return [
            {
                "animal": case.animal,
                "side": case.side,
                "week": case.week,
                "fold": case.fold,
                "truth": self.classes[case.truth],
                **{
                    f"{opinion.title}: {name}": round(float(opinion.probability[number, index]), 6)
                    for opinion in self.opinions
                    for index, name in enumerate(self.classes)
                },
                "synthetic": self.synthetic,
            }
            for number, case in enumerate(self.cases)
        ]
