"""How the animal lies: where its feet, its back and its left are, told by legs, spine and tail."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.processing.segment.anatomy import Limb


@dataclass(frozen=True, eq=False)
class Body:
    """The animal's directions in the scan, unit vectors (z, y, x).

    Parameters
    ----------
    caudal, dorsal, left : ndarray, (3,)
        Towards the feet, the back, its left.
    across : ndarray, (3,)
        From the second leg to the first, or from the body's middle to the only one.
    sure : float
        How well the signs of the back agree, 0 to 1.
    reason : str
        What told the back from the belly, in words.
    """

    caudal: np.ndarray
    dorsal: np.ndarray
    left: np.ndarray
    across: np.ndarray
    sure: float
    reason: str


def find_body(limbs: list[Limb], middle: np.ndarray) -> Body:
    """The animal's directions.

    Parameters
    ----------
    limbs : list of Limb
        Two legs, or one.
    middle : ndarray, (n, 3)
        Bone of no leg: spine, tail and hip bones; may be empty.
    """
    caudal = np.sum([limb.tibia.way for limb in limbs], axis=0)
    caudal /= np.linalg.norm(caudal)
    across = _across(limbs, middle)
    across -= (across @ caudal) * caudal
    across /= max(float(np.linalg.norm(across)), 1e-9)
    # Right-handed in (z, y, x): feet, back, left.
    back = np.cross(across, caudal)
    votes = _votes(limbs, middle, back, across)
    total = sum(vote for _, vote in votes)
    size = sum(abs(vote) for _, vote in votes)
    back = back if total >= 0 else -back
    agree = list(dict.fromkeys(name for name, vote in votes if vote * total > 0.05))
    sure = abs(total) / size if size > 0 else 0.0
    reason = "the back is told by " + ", ".join(agree) if agree else "nothing tells the back from the belly"
    return Body(caudal, back, np.cross(caudal, back), across, float(sure * min(1.0, abs(total))), reason)


def _across(limbs: list[Limb], middle: np.ndarray) -> np.ndarray:
    """From one leg to the other, else from the body's middle to the leg."""
    if len(limbs) > 1:
        one, other = (limb.middle for limb in limbs[:2])
        return np.asarray(one - other)
    centre = limbs[0].middle
    return np.asarray(centre - (middle.mean(0) if len(middle) else np.zeros(3)))


def _votes(limbs: list[Limb], middle: np.ndarray, back: np.ndarray, across: np.ndarray) -> list[tuple[str, float]]:
    """What speaks for `back` being the animal's back (positive) or its belly, each from -1 to 1."""
    votes = []
    for limb in limbs:
        if limb.hip is not None:
            # A knee bends so that its hollow faces the back and the tail.
            ankle = limb.tibia.start + limb.length * limb.tibia.way
            hollow = (limb.hip + ankle) / 2 - limb.tibia.start
            votes.append(("the knee's bend", 1.5 * float(np.clip(hollow @ back / 2500, -1, 1))))
        if limb.leg.fibula.any():
            # The fibula lies behind the tibia and outwards.
            votes.append(("the fibula", 0.5 * float(limb.leg.fibula @ back)))
    if len(middle):
        legs = np.mean([limb.middle for limb in limbs], axis=0)
        # Spine and tail are on the back's side of the legs; far outwards it is some other bone.
        between = middle[np.abs((middle - legs) @ across) < 6000]
        if len(between) > 20:
            lift = float(np.median((between - legs) @ back))
            votes.append(("spine and tail", float(np.clip(lift / 3000, -1, 1))))
    return votes
