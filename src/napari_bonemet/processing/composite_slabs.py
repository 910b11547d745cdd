"""The composite slab by slab, in the array it is written to: reads each week once, and needs nothing beside it."""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.coverage import covered_rows_by_all
from napari_bonemet.io.composite_codes import FORMED, LOST
from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.processing.noise_rule import Greys
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Scan, Voxels
from napari_bonemet.slabs import over_slabs

_SLAB = 8
_HALF = np.dtype(np.float16)


@dataclass(frozen=True)
class Laid:
    """What the plain thresholds found, in voxels.

    Parameters
    ----------
    bone : int
        Bone of the baseline.
    lost, formed : int
        Bone of the baseline alone, and of the later week alone, where both were seen.
    unseen : int
        Bone of the baseline outside the field of view of either week.
    bone_later : int
        Bone of the later week, seen by both or not.
    cores : tuple of ndarray of int64
        Where voxels changed as much as a core's do: lost, formed; as positions in the flat composite.
    """

    bone: int
    lost: int
    formed: int
    unseen: int
    bone_later: int
    cores: tuple[np.ndarray, np.ndarray]


def lowest_bone(dtype: Any, threshold: float) -> Any:
    """The lowest value of an array's type that is above `threshold`, in that type; None where there is none."""
    native = np.dtype(dtype).newbyteorder("=")
    if native.kind == "f":
        above = np.nextafter(native.type(threshold), native.type(np.inf))
        return above.astype(np.float32) if native == _HALF else above
    native = np.dtype(np.uint8) if native.kind == "b" else native
    info = np.iinfo(native)
    least = int(max(np.floor(threshold) + 1, info.min))
    return None if least > info.max else native.type(least)


def lay_slabs(
    baseline: Scan,
    later: Scan,
    options: CompositeOptions,
    greys: Greys | None,
    out: np.ndarray,
    *,
    progress: Progress = NO_PROGRESS,
) -> Laid:
    """Write the published values into `out`; with `greys`, mark there what changed as much as a core does.

    Parameters
    ----------
    baseline, later : Scan
        On one grid.
    options : CompositeOptions
        The threshold, and the noise rule's figures.
    greys : Greys or None
        Of the baseline; None without the noise rule.
    out : ndarray of uint8, (z, y, x), contiguous
        Filled here.
    """
    before, after = baseline.voxels, later.voxels
    lowest = tuple(lowest_bone(scan.voxels.dtype, options.bone_threshold) for scan in (baseline, later))
    if None in lowest:
        none = np.empty(0, np.int64)
        return Laid(int(lowest[0] is not None), 0, 0, 0, int(lowest[1] is not None), (none, none))
    rows = covered_rows_by_all((baseline, later))
    marker = None if greys is None else _Marker(greys, options, (before, after))
    counts, found, lock = np.zeros(5, np.int64), [], threading.Lock()

    def work(start: int, stop: int) -> None:
        first, second = _plain(before[start:stop]), _plain(after[start:stop])
        own = _lay(first, second, lowest, out[start:stop], None if rows is None else rows[start:stop])
        cores = marker(first, second, out[start:stop]) if marker else None
        with lock:
            np.add(counts, own, out=counts)
            if cores is not None:
                found.append((start, *cores))

    over_slabs(work, out.shape[0], slab=_slab(before, after), progress=progress)
    bone, second, both, unseen, unseen_later = (int(count) for count in counts)
    cores = tuple(_joined(found, which, out[0].size) for which in (1, 2))
    return Laid(bone, bone - both, second - both, unseen, second - unseen + unseen_later, cores)  # type: ignore[arg-type]


def settle_noise(
    out: np.ndarray, laid: Laid, options: CompositeOptions, *, progress: Progress = NO_PROGRESS
) -> tuple[int, int]:
    """Apply the noise rule to what :func:`lay_slabs` marked, in place.

    Returns
    -------
    lost, formed : int
        Voxels that count.
    """
    from napari_bonemet.processing.cluster_kernels import count_clusters
    from napari_bonemet.processing.composite_kernels import settle

    least = (options.core_voxels, options.least_voxels)
    for cores, code in zip(laid.cores, (LOST, FORMED), strict=True):
        count_clusters(out, cores, code, least, options.reach)
        progress.advance(0.4 if code == LOST else 0.8)
    counts, lock = np.zeros(2, np.int64), threading.Lock()

    def work(start: int, stop: int) -> None:
        own = np.zeros(2, np.int64)
        settle(out[start:stop].reshape(-1), own)
        with lock:
            np.add(counts, own, out=counts)

    over_slabs(work, out.shape[0], slab=_SLAB)
    progress.advance(1.0)
    return int(counts[0]), int(counts[1])


class _Marker:
    """Marks cores in a slab, to the rounding of single precision where greys fit it."""

    def __init__(self, greys: Greys, options: CompositeOptions, weeks: tuple[Voxels, Voxels]) -> None:
        self._wide = any(np.dtype(voxels.dtype).itemsize > _narrow_bytes(voxels.dtype) for voxels in weeks)
        self._needed = (
            np.float32(greys.background),
            np.float32(options.core_loss),
            np.float32(options.core_contrast * greys.contrast),
        )

    def __call__(self, before: np.ndarray, after: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from napari_bonemet.processing.composite_kernels import mark_cores

        return mark_cores(before.reshape(-1), after.reshape(-1), codes.reshape(-1), self._needed, self._wide)


def _narrow_bytes(dtype: Any) -> int:
    return 4 if np.dtype(dtype).kind == "f" else 2


def _lay(before: np.ndarray, after: np.ndarray, lowest: tuple, out: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    from napari_bonemet.processing.composite_kernels import lay_over, lay_over_seen

    counts = np.zeros(5, np.int64)
    if rows is None:
        lay_over(before, after, lowest, out, counts)
    else:
        lay_over_seen(before, after, lowest, out, (rows, counts))
    return counts


def _plain(slab: Any) -> np.ndarray:
    # What compiled code reads fastest: in order, in the machine's own numbers.
    array = np.asarray(slab)
    kind = array.dtype.newbyteorder("=")
    kind = np.dtype(np.float32) if kind == _HALF else np.dtype(np.uint8) if kind.kind == "b" else kind
    return np.ascontiguousarray(array, dtype=kind)


def _slab(*weeks: Voxels) -> int:
    # Whole chunks of lazy arrays, so that none is read twice.
    chunks = [getattr(voxels, "chunks", None) for voxels in weeks]
    lengths = [c[0] if isinstance(c[0], int) else max(c[0]) for c in chunks if c]
    return max([_SLAB, *lengths])


def _joined(found: list, which: int, plane: int) -> np.ndarray:
    parts = [cores[which - 1] + start * plane for start, *cores in sorted(found, key=lambda part: part[0])]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
