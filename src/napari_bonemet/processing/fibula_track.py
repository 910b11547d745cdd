"""The fibula followed from slice to slice where it is a piece of its own, beside the tibia."""

from dataclasses import dataclass, field

import numpy as np

from napari_bonemet.processing.outlines import Outlines

# Slices that a piece may be missing in (a vessel's hole, a lesion) and still be the same.
_MOST_MISSED = 6
# A piece whose area changes more than this from one slice to the next has run into something else.
_MOST_GROWTH = 1.9
_LEAST_SLICES = 5


@dataclass(frozen=True, eq=False)
class FibulaTrack:
    """Where the fibula is a piece of its own.

    Parameters
    ----------
    first, last : int
        The most proximal and the most distal of those slices.
    pieces : ndarray of int, (z,)
        Its number among the pieces of each slice, -1 where it has none of its own.
    middle : ndarray, (z, 2)
        Row and column of its middle; between slices where it was missed, in between; beyond `first` and `last`
        on straight lines.
    diameter : float
        Of a circle of its median area, voxels.
    merged : bool
        Whether it runs into the tibia above `first`; else it ends there.
    """

    first: int
    last: int
    pieces: np.ndarray
    middle: np.ndarray
    diameter: float
    merged: bool

    @property
    def own(self) -> np.ndarray:
        """The slices in which it is a piece of its own."""
        return np.flatnonzero(self.pieces >= 0)


@dataclass
class _Chain:
    slices: list[int] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    areas: list[float] = field(default_factory=list)
    merged: bool = False

    @property
    def area(self) -> float:
        return float(np.median(self.areas[-_MOST_MISSED:]))


def track_fibula(outlines: Outlines) -> FibulaTrack | None:
    """Follow the fibula from distal to proximal.

    Of all pieces beside the largest of each slice it is the one that goes on longest: fragments of a perforated
    cortex, trabeculae and specks come and go.

    Returns
    -------
    FibulaTrack or None
        None where no piece beside the tibia lasts.
    """
    chains = _chains(outlines)
    longest = max(chains, key=lambda chain: len(chain.slices), default=None)
    if longest is None or len(longest.slices) < _LEAST_SLICES:
        return None
    numbers = np.full(outlines.shape[0], -1)
    numbers[longest.slices] = longest.pieces
    return _as_track(outlines, numbers, longest.merged)


def trimmed(outlines: Outlines, track: FibulaTrack, first: int) -> FibulaTrack:
    """The track without its slices above `first`, where what was followed is part of something larger."""
    numbers = np.where(np.arange(len(track.pieces)) < first, -1, track.pieces)
    if first <= track.first or np.count_nonzero(numbers >= 0) < _LEAST_SLICES:
        return track
    return _as_track(outlines, numbers, True)


def _as_track(outlines: Outlines, numbers: np.ndarray, merged: bool) -> FibulaTrack:
    slices = np.flatnonzero(numbers >= 0)
    table = np.array([outlines.pieces[z][numbers[z]] for z in slices])
    diameter = 2 * float(np.sqrt(np.median(table[:, 0]) / np.pi))
    every = _straight_beyond(slices, table[:, 1:], outlines.shape[0], round(2 * diameter))
    return FibulaTrack(int(slices[0]), int(slices[-1]), numbers, every, diameter, merged)


def _chains(outlines: Outlines) -> list[_Chain]:
    least, largest = outlines.least, outlines.largest
    going: list[_Chain] = []
    ended: list[_Chain] = []
    for z in range(outlines.shape[0] - 1, -1, -1):
        table = outlines.pieces[z]
        free = {int(n) for n in np.flatnonzero(table[:, 0] >= least)} - {int(largest[z])}
        still = []
        for chain in sorted(going, key=lambda chain: -len(chain.slices)):
            taken = _continue(chain, outlines, z, free)
            if taken is not None:
                free.discard(taken)
            if chain.merged or chain.slices[-1] - z > _MOST_MISSED:
                ended.append(chain)
            else:
                still.append(chain)
        going = still + [_Chain([z], [n], [float(table[n, 0])]) for n in sorted(free)]
    return ended + going


def _continue(chain: _Chain, outlines: Outlines, z: int, free: set[int]) -> int | None:
    # Takes the piece of slice z that carries the chain on, or finds that it ran into another.
    from napari_bonemet.processing.outline_kernels import overlap_of

    table, below = outlines.pieces[z], chain.slices[-1]
    if not len(table):
        return None
    shared = overlap_of(outlines.runs[below], chain.pieces[-1], outlines.runs[z], len(table))
    best = int(np.argmax(shared))
    if not shared[best]:
        return None
    area = float(table[best, 0])
    if best not in free or area > _MOST_GROWTH * chain.area:
        # A speck is no other bone: wait for what comes above it.
        chain.merged = area > _MOST_GROWTH * chain.area
        return None
    if area < chain.area / _MOST_GROWTH:
        return None
    chain.slices.append(z)
    chain.pieces.append(best)
    chain.areas.append(area)
    return best


def _straight_beyond(slices: np.ndarray, middles: np.ndarray, depth: int, stretch: int) -> np.ndarray:
    every = np.stack([np.interp(np.arange(depth), slices, middles[:, axis]) for axis in range(2)], axis=1)
    for beyond, near in (
        (np.arange(slices[0]), slices < slices[0] + stretch),
        (np.arange(slices[-1] + 1, depth), slices > slices[-1] - stretch),
    ):
        for axis in range(2) if np.count_nonzero(near) > 1 else ():
            slope = np.polyfit(slices[near], middles[near, axis], 1)[0]
            edge = slices[0] if beyond.size and beyond[0] < slices[0] else slices[-1]
            every[beyond, axis] += slope * (beyond - edge)
    return every
