"""Which voxels a patch model looks at, and its patches: windows of weeks, the neighbourhood of bone, features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

# A scan a day early or late still counts as that week's.
WEEK_TOLERANCE = 0.15


@dataclass(frozen=True, eq=False)
class Window:
    """Some weeks in a row, oldest first, and the week after them."""

    inputs: tuple[Scan, ...]
    target: Scan


def find_week(series: ScanSeries, week: float) -> Scan | None:
    """The scan within a day of `week`, or None."""
    near = [scan for scan in series if scan.week is not None and abs(scan.week - week) <= WEEK_TOLERANCE]
    return min(near, key=lambda scan: abs((scan.week or 0.0) - week)) if near else None


def input_weeks(week: float, weeks_seen: int, gap: float) -> tuple[float, ...]:
    """The weeks that a forecast of `week` looks at, oldest first."""
    return tuple(week - gap * back for back in range(weeks_seen, 0, -1))


def inputs_for(series: ScanSeries, week: float, weeks_seen: int, gap: float, model: str) -> tuple[Scan, ...]:
    """The scans that a forecast of `week` looks at, oldest first.

    Raises
    ------
    InputError
        When one is missing: a model of even steps is not stretched over a gap in silence.
    """
    needed = input_weeks(week, weeks_seen, gap)
    found = [find_week(series, wanted) for wanted in needed]
    scans = tuple(scan for scan in found if scan is not None)
    if len(scans) < weeks_seen:
        raise InputError(
            f"{model} cannot forecast week {week:g} of {series.leg}",
            expected="scans of weeks " + ", ".join(f"{w:g}" for w in needed),
            found="weeks " + ", ".join(f"{w:g}" for w in series.weeks),
            remedy="Copy-last-week takes any gap; or train on legs scanned as these weeks were",
        )
    return scans


def windows(series: ScanSeries, weeks_seen: int, gap: float) -> tuple[Window, ...]:
    """Every window of `weeks_seen` scans in even steps whose following week is there too."""
    made = []
    for target in series:
        found = [find_week(series, week) for week in input_weeks(target.week or 0.0, weeks_seen, gap)]
        scans = tuple(scan for scan in found if scan is not None)
        if len(scans) == weeks_seen:
            made.append(Window(scans, target))
    return tuple(made)


def near_bone(volumes: Sequence[np.ndarray], bone_threshold: float, margin: int) -> np.ndarray:
    """Voxels within `margin` steps (6 neighbours) of bone in any of the volumes; bool, (z, y, x)."""
    bone = np.logical_or.reduce([volume > bone_threshold for volume in volumes])
    return ndimage.binary_dilation(bone, iterations=margin) if margin else bone


def patch_features(volumes: Sequence[np.ndarray], places: np.ndarray, patch: tuple[int, int, int]) -> np.ndarray:
    """Greys around each place in each volume, edges repeated outwards.

    Parameters
    ----------
    volumes : sequence of ndarray, (z, y, x)
        The weeks, oldest first.
    places : ndarray of int, (n, 3)
        Voxel indices (z, y, x).
    patch : tuple of int
        Odd extents along (z, y, x).

    Returns
    -------
    ndarray, (n, weeks x patch voxels), float64
        Week by week, each patch in (z, y, x) order.
    """
    half = [extent // 2 for extent in patch]
    offsets = np.stack(np.meshgrid(*(np.arange(-h, h + 1) for h in half), indexing="ij"), axis=-1).reshape(-1, 3)
    columns = []
    for volume in volumes:
        limits = np.array(volume.shape) - 1
        at = np.clip(places[:, None, :] + offsets, 0, limits)
        columns.append(volume[at[..., 0], at[..., 1], at[..., 2]].astype(np.float64))
    return np.concatenate(columns, axis=1)


def mirror_classes(patch: tuple[int, int, int]) -> np.ndarray:
    """Which voxels of a patch are each other's images when slices are mirrored or turned by quarters.

    Parameters
    ----------
    patch : tuple of int
        Odd extents along (z, y, x).

    Returns
    -------
    ndarray of float, (patch voxels, classes)
        Multiplied with patches (n, patch voxels), it gives the mean grey of each class.
    """
    away = [abs(axis - extent // 2) for axis, extent in zip(np.indices(patch), patch, strict=True)]
    z, y, x = (axis.ravel() for axis in away)
    keys = np.stack([z, np.minimum(y, x), np.maximum(y, x)], axis=1)
    _, number = np.unique(keys, axis=0, return_inverse=True)
    member = np.eye(int(number.max()) + 1)[number.ravel()]
    means: np.ndarray = member / member.sum(axis=0)
    return means


def correlate_weeks(volumes: Sequence[np.ndarray], kernels: np.ndarray) -> np.ndarray:
    """Sum over weeks of each volume correlated with its kernel: the patch model at every voxel at once.

    Parameters
    ----------
    volumes : sequence of ndarray, (z, y, x)
        The weeks, oldest first.
    kernels : ndarray, (weeks, z, y, x)
        One patch of weights per week.

    Returns
    -------
    ndarray, (z, y, x), float32
    """
    total = np.zeros(volumes[0].shape, dtype=np.float32)
    for volume, kernel in zip(volumes, kernels, strict=True):
        total += ndimage.correlate(volume.astype(np.float32), kernel.astype(np.float32), mode="nearest")
    return total
