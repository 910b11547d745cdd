"""Local thickness: at each point the diameter of the largest ball that holds it and fits inside.

Hildebrand and Ruegsegger 1997, "A new method for the model-independent assessment of thickness in
three-dimensional images", J Microsc 185:67-75, equations 1 and 2. The same set of balls is painted whatever the
convention's way of counting a ball's voxels; nothing is sampled or approximated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.structure.distance import SLAB, as_mask, squared_distance
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.slabs import over_slabs

__all__ = ["CONVENTIONS", "Convention", "local_thickness", "mid_axes"]

Convention = Literal["ipl", "bonej", "bonej-uncleaned", "balls"]
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)

# IPL's defaults for its ridge and for how far beyond a ball its diameter is assigned, voxels.
RIDGE_EPSILON = 0.9
ASSIGN_EPSILON = 1.8


@dataclass(frozen=True, eq=False)
class _Rule:
    """How a convention counts balls, by squared distance d from a centre to the nearest background voxel.

    `sizes`: the squared radius to which the ball is painted; `diameters`: what is painted, voxels;
    `least`: at [s, d] the squared distance that makes a neighbour's ball needless, s + 1 axes one voxel off.
    """

    sizes: np.ndarray
    diameters: np.ndarray
    table: np.ndarray
    least: np.ndarray


def _inside(radius: np.ndarray) -> np.ndarray:
    """The least whole number that no squared distance under `radius` squared reaches."""
    return np.ceil(radius**2 - 1e-9).astype(np.int32)


def _rule(convention: Convention, largest: int) -> _Rule:
    from napari_bonemet.morphometry.structure.thickness_kernels import holding_table

    d = np.arange(largest + 1)
    root = np.sqrt(d)
    if convention == "ipl":
        # Distances in half voxels; exact roots such as 6 stay whole.
        halves = np.floor(2 * root + 1e-9) / 2
        diameters = 2 * halves - 1
        sizes = _inside(diameters / 2 + ASSIGN_EPSILON)
    elif convention == "balls":
        sizes, diameters = d.astype(np.int32), 2 * root - 0.5
    else:
        # BoneJ's balls are closed: voxels as far as the background belong to them.
        sizes, diameters = (d + 1).astype(np.int32), 2 * root
    sizes[0] = diameters[0] = 0
    table = holding_table(int(sizes[-1]))
    if convention == "ipl":
        # A neighbour larger by half a voxel or more makes a centre needless unless the distance grew by less than
        # the step, less epsilon.
        step = np.sqrt([[1.0], [2.0], [3.0]])
        least = np.floor(np.maximum(root + step - RIDGE_EPSILON, 0) ** 2 + 1e-9) + 1
        least = np.maximum(least, _inside(halves + 0.5))
    else:
        least = np.maximum(np.searchsorted(sizes, table[:, sizes]), d + 1)
    return _Rule(sizes, diameters, table, least.astype(np.int32))


def local_thickness(
    mask: np.ndarray, spacing_um: float, *, convention: Convention = "ipl", progress: Progress = NO_PROGRESS
) -> np.ndarray:
    """The diameter of the largest ball inside `mask` that holds each voxel.

    Parameters
    ----------
    mask : ndarray of bool, (z, y, x)
        What lies beyond the ends of the volume is unknown: a trabecula that the volume cuts gets no thinner there.
        One slice is measured by discs.
    spacing_um : float
        Edge of a voxel, which must be a cube, micrometres.
    convention : str
        How voxels are counted, where D is the distance from a centre to that of the nearest background voxel:

        - "ipl": Scanco IPL's distance-transform version ("V1"). D is rounded down to half voxels, the diameter is
          2 D - 1 (a plate of an odd number of voxels measures that number, an even one a voxel less), and is
          assigned up to 1.8 voxels beyond half of it, so that a skin of small balls does not thin the mean.
          Centres whose ball comes within 0.9 voxel of lying inside that of a neighbour with a larger D are no
          ridge; voxels that no ridge ball reaches stay 0 and are not counted, as in IPL (0.1 % of a mouse's
          trabeculae). The two epsilons are those of ORMIR_XCT's manuscript; IPL's means of its plates come out
          exactly, and of its cylinders within their spread.
        - "bonej": BoneJ's. The diameter is 2 D (even plates exact, odd ones a voxel more), and voxels that touch the
          background get the mean of their neighbours inside, which cleans the surface's skin.
        - "bonej-uncleaned": the same, the skin left as it is.
        - "balls": the diameter is 2 D - 1/2, right on average for plates of any width; nothing is cleaned.

        IPL's is the default because most published values of mice follow it. Its way of rounding was told from the
        published means of shapes themselves, which are therefore no independent check of it; the plates come out
        exactly, and nine cylinders in ten.
    progress : Progress
        Advanced by slabs; cancels between them.

    Returns
    -------
    ndarray of float32, (z, y, x)
        Micrometres; 0 outside `mask`.

    Raises
    ------
    InputError
        When the whole volume is `mask`, so that nothing bounds it; for other than three axes; for a spacing that
        is not positive.
    """
    if convention not in CONVENTIONS:
        raise InputError("The thickness convention is unknown", expected=", ".join(CONVENTIONS), found=str(convention))
    if not (np.isfinite(spacing_um) and spacing_um > 0):
        raise InputError("The voxel size cannot be used", expected="positive micrometres", found=f"{spacing_um}")
    from napari_bonemet.morphometry.structure.thickness_kernels import look_up

    mask = as_mask(mask)
    squared = squared_distance(mask, progress=PartOf(progress, 0.0, 0.3))
    rule = _rule(convention, int(squared.max()))
    counts = _mark(squared, rule, PartOf(progress, 0.3, 0.5))
    _paint(squared, counts, rule, PartOf(progress, 0.5, 0.95))
    diameters = (rule.diameters * spacing_um).astype(np.float32)
    out = squared.view(np.float32)
    _over(lambda a, b: look_up(squared, out, diameters, a, b), len(out), NO_PROGRESS)
    if convention == "bonej":
        _clean(out, mask)
    progress.advance(1.0)
    return out


def mid_axes(mask: np.ndarray, *, progress: Progress = NO_PROGRESS) -> np.ndarray:
    """Middle lines of rods and middle sheets of plates: centres of the balls that make the local thickness.

    They are the voxels of IPL's distance ridge whose own ball is the largest that holds them, to within a voxel.
    The rest of the ridge runs out to each bump of the surface, and would bring neighbours nearer than they are. That
    voxel is a choice of this package, made where Tb.N of synthetic mice came closest to published ranges.

    Parameters
    ----------
    mask : ndarray of bool, (z, y, x)
        What lies beyond the ends of the volume is unknown.
    progress : Progress
        Advanced by slabs.

    Returns
    -------
    ndarray of bool, (z, y, x)
        A part of `mask`.

    Raises
    ------
    InputError
        When the whole volume is `mask`.
    """
    from napari_bonemet.morphometry.structure.thickness_kernels import keep_widest

    marked = squared_distance(mask, progress=PartOf(progress, 0.0, 0.4))
    rule = _rule("ipl", int(marked.max()))
    counts = _mark(marked, rule, PartOf(progress, 0.4, 0.6))
    painted = marked.copy()
    _paint(painted, counts, rule, PartOf(progress, 0.6, 1.0))
    out = np.empty(marked.shape, bool)
    _over(lambda a, b: keep_widest(marked, painted, rule.diameters, out, a, b), len(out), NO_PROGRESS)
    return out


def _over(work: Callable[[int, int], None], length: int, progress: Progress) -> None:
    over_slabs(work, length, slab=SLAB, progress=progress)


def _mark(squared: np.ndarray, rule: _Rule, progress: Progress) -> np.ndarray:
    """Make negative, in place, the centres whose balls are needed; how many there are in each slice."""
    from napari_bonemet.morphometry.structure.thickness_kernels import mark_centres

    counts = np.zeros(len(squared), np.int64)
    _over(lambda a, b: mark_centres(squared, rule.least, counts, a, b), len(squared), progress)
    return counts


def _paint(squared: np.ndarray, counts: np.ndarray, rule: _Rule, progress: Progress) -> None:
    """Replace, in place, each voxel's squared distance, centres marked, by that of the largest ball over it."""
    from napari_bonemet.morphometry.structure.thickness_kernels import gather_centres, paint

    depth = len(squared)
    begin = np.concatenate([[0], np.cumsum(counts)])
    where, reach = np.empty(begin[-1], np.int32), np.empty(begin[-1], np.int32)
    _over(lambda a, b: gather_centres(squared, begin, where, reach, a, b), depth, PartOf(progress, 0.0, 0.1))
    _over(
        lambda a, b: paint(squared, begin, where, reach, rule.sizes, rule.table, a, b), depth,
        PartOf(progress, 0.1, 1.0),
    )  # fmt: skip


def _clean(out: np.ndarray, mask: np.ndarray) -> None:
    """Give voxels that touch the background the mean of their neighbours inside, as BoneJ does."""
    from napari_bonemet.morphometry.structure.thickness_kernels import clean_surface, mark_surface

    _over(lambda a, b: mark_surface(out, mask, a, b), len(out), NO_PROGRESS)
    _over(lambda a, b: clean_surface(out, a, b), len(out), NO_PROGRESS)
    np.abs(out, out=out)
