"""Which pieces of lost bone are lesions, and which belong together."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from napari_bonemet.geometry import Shape, Triple
from napari_bonemet.io.composite_codes import LOST
from napari_bonemet.morphometry.change.lesion_result import LesionOptions
from napari_bonemet.scan import Scan

__all__ = ["label_lesions"]

_MOST_LESIONS = 65_535


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Pieces of lost bone.

    Parameters
    ----------
    members, bounds : ndarray of int64
        Their voxels, piece by piece, and where each begins.
    mm3 : ndarray
        Their volumes.
    contact : ndarray
        Share of their surfaces that lies against bone that stays.
    shape, spacing
        Of the volume they lie in.
    """

    members: np.ndarray
    bounds: np.ndarray
    mm3: np.ndarray
    contact: np.ndarray
    shape: Shape
    spacing: Triple

    def points(self, piece: int) -> np.ndarray:
        """Where the voxels of a piece lie, (n, 3) micrometres."""
        own = self.members[self.bounds[piece] : self.bounds[piece + 1]]
        return np.stack(np.unravel_index(own, self.shape), axis=1) * np.asarray(self.spacing)


def label_lesions(codes: np.ndarray, scan: Scan, options: LesionOptions) -> tuple[np.ndarray, int, list[float]]:
    """Which lesion each lost voxel belongs to.

    Parameters
    ----------
    codes : ndarray of uint8, (z, y, x)
        The composite.
    scan : Scan
        Where it lies.
    options : LesionOptions
        What counts as a lesion.

    Returns
    -------
    labels : ndarray of uint16, (z, y, x)
        Largest lesion first.
    left_out : int
        Pieces that are no lesion.
    contacts : list of float
        Of each lesion's largest piece: the share of its surface that lies against bone that stays.
    """
    pieces = _gather(codes, scan, options)
    owner = _owners(pieces, options)
    mains = np.flatnonzero(owner == np.arange(owner.size))
    total = np.bincount(owner[owner >= 0], pieces.mm3[owner >= 0], minlength=owner.size)
    ordered = mains[np.argsort(-total[mains], kind="stable")][:_MOST_LESIONS]
    # One more, which the owner -1 finds: none.
    number = np.zeros(owner.size + 1, np.uint16)
    number[ordered] = np.arange(1, ordered.size + 1)
    out = np.zeros(codes.shape, np.uint16)
    out.ravel()[pieces.members] = np.repeat(number[owner], np.diff(pieces.bounds))
    return out, int((owner < 0).sum()), [float(pieces.contact[piece]) for piece in ordered]


def _gather(codes: np.ndarray, scan: Scan, options: LesionOptions) -> _Pieces:
    from napari_bonemet.morphometry.change.lesion_kernels import contact_shares, gather_pieces

    starts = np.flatnonzero(codes.ravel() == LOST)
    members, bounds = gather_pieces(codes.copy(), starts, _offsets(options.apart))
    z, y, x = scan.spacing
    contact = contact_shares(codes, members, bounds, (y * x, z * x, z * y))
    return _Pieces(members, bounds, np.diff(bounds) * scan.grid.voxel_volume_mm3, contact, scan.shape, scan.spacing)


def _owners(pieces: _Pieces, options: LesionOptions) -> np.ndarray:
    # The piece that each piece belongs to: itself, a larger one nearby, or none (-1).
    mm3 = pieces.mm3
    eats = pieces.contact >= options.least_contact
    grown = (eats & (mm3 >= options.least_volume)) | (mm3 >= options.least_loose)
    owner = np.where(grown, np.arange(mm3.size), -1)
    order = [int(piece) for piece in np.argsort(-mm3, kind="stable")]
    trees: list[tuple[int, cKDTree]] = []
    for piece in order:
        if eats[piece]:
            own = pieces.points(piece)
            nearest = options.satellite_um
            for other, tree in trees:
                if mm3[piece] < options.satellite_share * mm3[other]:
                    away = float(tree.query(own, distance_upper_bound=np.nextafter(nearest, np.inf))[0].min())
                    if away <= nearest:
                        nearest, owner[piece] = away, other
        if owner[piece] == piece:
            trees.append((piece, cKDTree(pieces.points(piece))))
    return owner


def _offsets(apart: int) -> np.ndarray:
    """How far apart voxels of one piece may be: `apart` - 1 voxels lie between them, counted by faces."""
    gap = apart - 1
    around = np.stack(np.meshgrid(*(np.arange(-apart, apart + 1),) * 3, indexing="ij"), -1).reshape(-1, 3)
    between = np.maximum(np.abs(around) - 1, 0).sum(axis=1)
    return np.ascontiguousarray(around[(between <= gap) & np.abs(around).any(axis=1)])
