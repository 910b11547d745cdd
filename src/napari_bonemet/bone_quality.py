"""The classes of bone quality and of posterolateral involvement, as the Spinal Instability Neoplastic Score has them.

Peng et al., "Learning-based Bone Quality Classification Method for Spinal Metastasis", section 1; a mixed lesion is
blastic and lytic at once (section 2.1).
"""

from enum import IntEnum

import numpy as np


class Quality(IntEnum):
    """What the lesions of a slice or a vertebra are; in the order of the paper's tables."""

    NORMAL = 0
    BLASTIC = 1
    MIXED = 2
    LYTIC = 3

    @property
    def word(self) -> str:
        """As tables of labels have it: "blastic"."""
        return self.name.lower()


class Involvement(IntEnum):
    """On how many sides a lesion takes the pedicles, laminae or processes."""

    NONE = 0
    UNILATERAL = 1
    BILATERAL = 2

    @property
    def word(self) -> str:
        """As tables of labels have it: "unilateral"."""
        return self.name.lower()


# Where nobody knows the class: no loss and no figure counts it. A tibia has no posterolateral elements.
UNKNOWN = -1


def is_blastic(quality: np.ndarray) -> np.ndarray:
    """Which slices are blastic, the mixed ones among them; (n,) bool."""
    return np.isin(quality, (Quality.BLASTIC, Quality.MIXED))


def is_lytic(quality: np.ndarray) -> np.ndarray:
    """Which slices are lytic, the mixed ones among them; (n,) bool."""
    return np.isin(quality, (Quality.LYTIC, Quality.MIXED))


def quality_of(blastic: np.ndarray, lytic: np.ndarray) -> np.ndarray:
    """The class of slices by what they are; (n,) int64.

    Parameters
    ----------
    blastic, lytic : ndarray, (n,) bool
        Whether each has lesions of this kind.
    """
    blastic, lytic = np.asarray(blastic, dtype=bool), np.asarray(lytic, dtype=bool)
    one = np.where(blastic, Quality.BLASTIC, np.where(lytic, Quality.LYTIC, Quality.NORMAL))
    return np.asarray(np.where(blastic & lytic, Quality.MIXED, one), dtype=np.int64)
