"""Cut one part out of the scan: its box at full resolution, the other bones in it replaced by background."""

from dataclasses import replace

import numpy as np

from napari_bonemet.geometry import Grid, Region
from napari_bonemet.processing.segment.coarse import read_part
from napari_bonemet.processing.segment.contact import settle_contacts
from napari_bonemet.processing.segment.result import Part, SeparationResult
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.slabs import over_slabs

# Blur makes another bone reach this many coarse voxels further than its own.
_HALO = 3
# Slices read at once: several chunks of a folder of slices, since a chunk is unpacked whole.
_SLICES = 32


def cut_part(result: SeparationResult, part: Part, *, progress: Progress = NO_PROGRESS) -> Scan:
    """One part by itself, in memory, read from its slices alone.

    Parameters
    ----------
    result : SeparationResult
        From :func:`separate_limbs`, corrected by hand or not.
    part : Part
        One of ``result.parts``.
    progress : Progress
        Listens.

    Returns
    -------
    Scan
        Kind.SEG, the box of the part, with `part` and `side` set, voxels of other bones set to the grey around
        the bones. z grows from proximal to distal: a part that lies the other way is turned by 180 degrees about
        the x axis of the scan (never mirrored), and its origin is where its first voxel comes to lie then.
    """
    label = result.parts.index(part) + 1
    block, box = result.block, result.scan.grid.region(part.region)
    window = _window(box, block, result.labels.shape)
    # 1 this part's ground, 2 another bone's, 3 where the two touch.
    ground = ground_of(result.labels[window] == label, result.bone[window] & (result.labels[window] != label))
    out = np.empty(tuple(s.stop - s.start for s in box), result.scan.voxels.dtype)

    def read(start: int, stop: int) -> None:
        out[start:stop] = read_part(result.scan.voxels, (slice(box[0].start + start, box[0].start + stop), *box[1:]))

    progress.message(f"{result.scan.title}: cutting out the {part.title}")
    over_slabs(read, len(out), slab=_SLICES, progress=PartOf(progress, 0.0, 0.7))
    start = tuple(s.start - w.start * b for s, w, b in zip(box, window, block, strict=True))
    settled = settle_contacts(out, ground, block, start, PartOf(progress, 0.7, 0.9))
    _blank(out, ground, block, start, result.background)
    for region, foreign in settled:
        out[region][foreign] = _as(out.dtype, result.background)
    scan = _scan(result, part, box, out)
    progress.advance(1.0)
    return scan


def ground_of(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whose ground each coarse voxel is: 1 the part's, 2 near another bone and so not, 3 where the two touch.

    Parameters
    ----------
    own, other : ndarray of bool, (z, y, x)
        Coarse bone of the part, and of all else.
    """
    from scipy import ndimage

    ground = np.ones(own.shape, np.uint8)
    if not other.any():
        return ground
    to_own = ndimage.distance_transform_edt(~own) if own.any() else np.full(own.shape, np.inf)
    to_other = ndimage.distance_transform_edt(~other)
    ground[(to_other <= _HALO) & (to_other < to_own)] = 2
    touching = (to_own <= 2.0) & (to_other <= 2.0)
    ground[touching] = 3
    return ground


def _window(box: Region, block: tuple[int, int, int], shape: tuple[int, ...]) -> Region:
    z, y, x = (
        slice(max(0, s.start // b - _HALO), min(n, -(-s.stop // b) + _HALO))
        for s, b, n in zip(box, block, shape, strict=True)
    )
    return (z, y, x)


def _blank(out: np.ndarray, ground: np.ndarray, block: tuple[int, ...], start: tuple[int, ...], grey: float) -> None:
    """Set what is another bone's ground to `grey`, slice by slice."""
    rows, columns = ((start[i] + np.arange(out.shape[i])) // block[i] for i in (1, 2))
    for z in range(len(out)):
        foreign = ground[(start[0] + z) // block[0]] == 2
        if foreign.any():
            out[z][foreign[rows[:, None], columns[None, :]]] = _as(out.dtype, grey)


def _as(dtype: np.dtype, grey: float) -> np.generic:
    return dtype.type(round(grey) if dtype.kind in "ui" else grey)


def _scan(result: SeparationResult, part: Part, box: Region, voxels: np.ndarray) -> Scan:
    parameters = {
        **result.options.as_record(),
        "part": part.title,
        "region_zyx": [[s.start, s.stop] for s in box],
        "confidence": round(part.confidence, 3),
        "reason": part.reason,
        "background": result.background,
    }
    scan = result.scan
    cut = scan.with_voxels(voxels, grid=scan.grid.crop(box), step=Step("separate", parameters), kind=Kind.SEG)
    cut = replace(cut, part=part.name, side=part.side)
    if not part.reversed:
        return cut
    step = Step("turn", {"degrees": 180, "about": "x", "why": "z from proximal to distal"})
    return cut.with_voxels(voxels[::-1, ::-1], grid=turned_about_x(cut.grid), step=step)


def turned_about_x(grid: Grid) -> Grid:
    """Where the voxels of `grid` lie after a turn by 180 degrees about the x axis through the origin of space."""
    z, y, _ = grid.to_um([n - 1 for n in grid.shape])
    return grid.moved_to((-z, -y, grid.origin[2]))
