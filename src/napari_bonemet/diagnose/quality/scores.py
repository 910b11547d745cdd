"""Sensitivity and specificity of each class, as in tables 1 to 4."""

from enum import IntEnum

import numpy as np

from napari_bonemet.bone_quality import UNKNOWN


def class_scores(said: np.ndarray, true: np.ndarray, classes: type[IntEnum]) -> dict[str, float | None]:
    """Of each class against all others.

    Parameters
    ----------
    said, true : ndarray, (n,) int
        Codes; where `true` is UNKNOWN nothing is counted.
    classes : enumeration
        Its members give the columns: SE_N and SP_N of NORMAL or NONE, and so on, by their first letters.

    Returns
    -------
    mapping of str to float or None
        0 to 1; None where no slice is of the class, or none is of another.
    """
    said, true = np.asarray(said), np.asarray(true)
    said, true = said[true != UNKNOWN], true[true != UNKNOWN]
    found: dict[str, float | None] = {}
    for each in classes:
        of, letter = true == each, each.name[0]
        found[f"SE_{letter}"] = float((said[of] == each).mean()) if of.any() else None
        found[f"SP_{letter}"] = float((said[~of] != each).mean()) if not of.all() else None
    return found


def confusion(said: np.ndarray, true: np.ndarray, classes: type[IntEnum]) -> np.ndarray:
    """How often each class (row) was said to be each class (column), as in figure 3; (classes, classes) int."""
    counts = np.zeros((len(classes),) * 2, dtype=np.int64)
    known = np.asarray(true) != UNKNOWN
    np.add.at(counts, (np.asarray(true)[known], np.asarray(said)[known]), 1)
    return counts


def balanced_sensitivity(said: np.ndarray, true: np.ndarray) -> float:
    """The mean sensitivity over the classes that there are."""
    return float(np.mean([(said[true == each] == each).mean() for each in np.unique(true)]))
