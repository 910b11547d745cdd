"""All bones that come into a hindlimb field, each as a block and where it lies."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from napari_bonemet.geometry import Grid
from napari_bonemet.phantom.anatomy import Anatomy
from napari_bonemet.phantom.hindlimb_axial import caudal_rows, foot_rows, lumbar_rows, pelvis_rows, sacral_rows
from napari_bonemet.phantom.hindlimb_blocks import Block, Filling, Mould, cast
from napari_bonemet.phantom.hindlimb_body import Chain
from napari_bonemet.phantom.hindlimb_femur import femur_filling, femur_rows, sesamoid_rows, small_filling
from napari_bonemet.phantom.hindlimb_options import HINDLIMB_LABELS, HindlimbOptions
from napari_bonemet.phantom.hindlimb_posture import SIDES, Placement, Posture
from napari_bonemet.phantom.hindlimb_shapes import Row, reach
from napari_bonemet.phantom.hindlimb_tibia import tibia_blocks
from napari_bonemet.progress import NO_PROGRESS, Progress

_DISC_UM = 230.0
_SACRAL_UM, _LUMBAR_UM = 2500.0, 3500.0
_CAUDAL_UM = (2300.0, 2300.0, 2400.0, 2600.0, 2900.0, 3300.0, 3600.0, 3800.0, 3900.0, 4000.0, 4000.0, 4000.0)


@dataclass(frozen=True, eq=False)
class Laid:
    """A bone and where it lies.

    Parameters
    ----------
    block : Block
        In its own frame.
    placement : Placement
        From there to the field.
    labels : tuple of int
        Of each of the block's parts.
    """

    block: Block
    placement: Placement
    labels: tuple[int, ...]

    def voxels(self, grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How a voxel's index in the field gives one in the block (matrix, offset), and which voxels it may reach."""
        spacing = np.asarray(grid.spacing)
        back = np.linalg.inv(self.placement.linear)
        matrix = back * spacing / self.block.spacing
        at = np.asarray(grid.origin) - self.placement.shift
        offset = (back @ at - self.block.origin) / self.block.spacing
        ends = [(0, n - 1) for n in self.block.grey.shape]
        corners = np.stack(np.meshgrid(*ends, indexing="ij"), -1).reshape(-1, 3)
        index = np.linalg.solve(matrix, (corners - offset).T).T
        low = np.clip(np.floor(index.min(axis=0)), 0, grid.shape).astype(np.int64)
        high = np.clip(np.ceil(index.max(axis=0)) + 1, 0, grid.shape).astype(np.int64)
        return matrix, offset, np.stack([low, high], axis=1).ravel()


def bones_of(
    options: HindlimbOptions, posture: Posture, chain: Chain, progress: Progress = NO_PROGRESS
) -> tuple[Laid, ...]:
    """Every bone that reaches into the field."""
    anatomy = Anatomy.draw(options.seed, options.strain)
    mould = Mould(anatomy, options.seed, posture.size, options.sampling_um)
    grid = options.grid
    laid: list[Laid] = []
    tibiae = tibia_blocks(options, posture)
    for side in SIDES:
        names = (HINDLIMB_LABELS[f"{side} tibia"], HINDLIMB_LABELS[f"{side} fibula"])
        laid.append(Laid(tibiae[side], posture.bones[f"{side} tibia"], names))
    made: dict[object, Block] = {}
    wanted = [want for want in _wanted(options, posture, chain) if _seen(want, grid)]
    for number, want in enumerate(wanted):
        progress.advance(0.3 + 0.7 * number / len(wanted))
        if want.key not in made:
            made[want.key] = cast(want.rows, want.filling(), mould, want.detail)
        laid.append(Laid(made[want.key], want.placement, (want.label,)))
    return tuple(laid)


@dataclass(frozen=True, eq=False)
class _Want:
    key: object
    rows: list[Row]
    filling: Callable[[], Filling]
    detail: float
    placement: Placement
    label: int


def _seen(want: _Want, grid: Grid) -> bool:
    low, high = reach(want.rows, 300.0)
    corners = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), -1).reshape(-1, 3)
    there = (want.placement(corners) - grid.origin) / grid.spacing
    return bool((there.max(axis=0) > 0).all() and (there.min(axis=0) < np.asarray(grid.shape) - 1).all())


def _wanted(options: HindlimbOptions, posture: Posture, chain: Chain) -> Iterator[_Want]:
    fine, coarse = options.detail_um, options.coarse_detail_um
    for side in SIDES:
        at, leg = posture.bones, posture.legs[side]
        label = {name: HINDLIMB_LABELS[f"{side} {name}"] for name in ("femur", "sesamoids", "foot")}
        yield _Want("femur", femur_rows(), femur_filling, fine, at[f"{side} femur"], label["femur"])
        rows = sesamoid_rows(leg.knee_degrees, leg.gap_um / posture.size)
        sesamoids = _small(70.0)
        yield _Want(f"{side} sesamoids", rows, sesamoids, fine, at[f"{side} femur"], label["sesamoids"])
        yield _Want("foot", foot_rows(), _small(95.0), coarse, at[f"{side} foot"], label["foot"])
        hip = at[f"{side} pelvis"]
        yield _Want("pelvis", pelvis_rows(), _small(140.0), coarse, hip, HINDLIMB_LABELS["pelvis"])
    body = posture.bones["body"]
    first, last = chain.reach_um
    for key, rows, start, length, label_of in _vertebrae():
        if start < first or start + length > last:
            continue
        placement = body.after(chain.frame(start, length))
        yield _Want(key, rows, _small(120.0), coarse, placement, HINDLIMB_LABELS[label_of])


def _small(thickness: float) -> Callable[[], Filling]:
    return lambda: small_filling(thickness)


def _vertebrae() -> Iterator[tuple[object, list[Row], float, float, str]]:
    # Shape, where it starts behind the sacrum's end, its length, whose it is.
    start = 0.0
    for number in range(4):
        start -= _SACRAL_UM
        wing = (1100.0, 1300.0, 2100.0, 2600.0)[number]
        yield ("sacral", number), sacral_rows(_SACRAL_UM, wing), start, _SACRAL_UM, "spine"
    for _ in range(6):
        start -= _LUMBAR_UM + _DISC_UM
        yield "lumbar", lumbar_rows(_LUMBAR_UM), start, _LUMBAR_UM, "spine"
    start = _DISC_UM
    for number, length in enumerate(_CAUDAL_UM):
        broad = max(0.0, 1 - number / 5)
        yield ("caudal", broad, length), caudal_rows(length, broad), start, length, "tail"
        start += length + _DISC_UM
