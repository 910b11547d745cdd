"""The growth plate and the proximal tibia-fibula junction."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.processing.fibula_rays import Rays, cast
from napari_bonemet.processing.fibula_track import FibulaTrack, track_fibula
from napari_bonemet.processing.outlines import Outlines
from napari_bonemet.processing.tibia_surface import TibiaSurface, fit_surface
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Voxels

# The stretch around the junction that is looked at, in diameters of the fibula above and below its first slice.
_ABOVE, _BELOW = 1.5, 2.5
# Blur bridges the gap for so many diameters below the junction at most.
_MOST_BRIDGED = 0.4
# A gap that hardly widens (voxels a slice) says nothing of where it closes.
_LEAST_WIDENING = 0.15
_LEAST_GAP = 1.0
# Of the fibula's widths in all slices; some are those of a piece that hangs on to it.
_MOST_WIDTHS = 80


@dataclass(frozen=True)
class Landmark:
    """Where a landmark was found.

    Parameters
    ----------
    slice_index : int
        The slice along z.
    confidence : float
        0 to 1.
    reason : str
        What was seen there, in words.
    """

    slice_index: int
    confidence: float
    reason: str


def count_contours(bone: np.ndarray) -> np.ndarray:
    """Closed outlines of bone in every slice, holes filled, specks left out.

    Parameters
    ----------
    bone : ndarray of bool, (z, y, x)

    Returns
    -------
    ndarray of int, (z,)
    """
    return Outlines.of(bone).counts()


def find_junction(bone: Voxels, threshold: float = 0.0, *, progress: Progress = NO_PROGRESS) -> Landmark | None:
    """The proximal tibia-fibula junction: where the outer surfaces of the two part, seen from proximal.

    BoneMet supplementary, section A, has where the number of contoured circles of bone in each slice changes. That
    number flickers where lesions and vessels open the cortex, and blur bridges a narrow gap; so the fibula is
    followed up from where it is a piece of its own, and the gap between it and the tibia's smooth surface, holes
    bridged, is followed to where it closes.

    Parameters
    ----------
    bone : array-like, (z, y, x)
        z grows from proximal to distal; read slab by slab.
    threshold : float
        Bone is above this value.

    Returns
    -------
    Landmark or None
        None when no fibula is seen beside the tibia.
    """
    outlines = Outlines.of(bone, threshold, progress=PartOf(progress, 0.0, 0.8))
    track = track_fibula(outlines)
    landmark = None if track is None else junction_of(outlines, track)
    progress.advance(1.0)
    return landmark


def junction_of(outlines: Outlines, track: FibulaTrack) -> Landmark:
    """The junction above a fibula that was followed; see :func:`find_junction`."""
    first, last = (round(track.first + n * track.diameter) for n in (-_ABOVE, _BELOW))
    rays = cast(outlines, track, np.arange(max(0, first), min(outlines.shape[0], last)))
    surface = fit_surface(rays, track.pieces[rays.slices] >= 0, half_width(rays))
    seen = 0.0 if surface is None else surface.seen
    closes, misfit = (None, 0.0) if surface is None else _closing_slice(rays, surface, track)
    sudden = closes is None or closes < track.first - 1 - _MOST_BRIDGED * track.diameter
    if closes is None or sudden:
        # The gap is there from the first slice on: what changes is the number of outlines.
        z, agreement = track.first - 1, 0.6
    else:
        z = round(min(closes, track.last))
        agreement = float(np.exp(-abs(track.first - 1 - closes) / (4 * track.diameter) - misfit / 2))
    confidence = min(1.0, agreement * (1.0 if surface is None else min(1.0, 0.1 + seen)))
    z = max(z, 0)
    return Landmark(z, confidence, _junction_in_words(z, track, seen, sudden))


def _closing_slice(rays: Rays, surface: TibiaSurface, track: FibulaTrack) -> tuple[float | None, float]:
    # Where the gap between fibula and tibia closes, and how far the gap scatters about its curve, in voxels.
    gap = np.where(rays.inner >= 0, rays.inner - surface.radius, np.inf).min(axis=1)
    # Up to the first slice, seen from below, in which they touch: above it pieces of a broken wall may hang on.
    touching = np.flatnonzero(gap <= _LEAST_GAP)
    use = np.isfinite(gap) & (np.arange(len(gap)) > (touching[-1] if touching.size else -1))
    below = rays.slices - float(track.first)
    for _ in range(3):
        if np.count_nonzero(use) <= 3:
            return None, 0.0
        curve = np.polyfit(below[use], gap[use], 2)
        off = np.abs(np.where(use, gap, 0) - np.polyval(curve, below))
        use &= off <= max(1.0, 3 * float(np.median(off[use])))
    roots = np.roots(curve)
    roots = roots[np.isreal(roots)].real
    widening = np.polyval(np.polyder(curve), roots)
    closing = roots[widening > _LEAST_WIDENING]
    return (float(closing.max()) + track.first if closing.size else None), float(np.median(off[use]))


def half_width(rays: Rays) -> float:
    """How far the fibula reaches to either side of its middle, seen from the shaft's axis, radians."""
    met = rays.inner >= 0
    widths = np.where(met, np.abs(rays.fan), 0).max(axis=1)[met.any(axis=1)]
    return float(np.percentile(widths, _MOST_WIDTHS)) if widths.size else 0.0


def _junction_in_words(z: int, track: FibulaTrack, seen: float, sudden: bool) -> str:
    above = "runs into the tibia" if track.merged else "ends"
    gap = "" if sudden else f"; the gap to the tibia closes at slice {z}"
    return (
        f"the bone's outline parts in two below slice {z}: the fibula, followed up from slice {track.last}, is a piece "
        f"of its own down from slice {track.first} and {above} above it{gap}; {seen:.0%} of the tibia's surface around "
        f"it was seen"
    )
