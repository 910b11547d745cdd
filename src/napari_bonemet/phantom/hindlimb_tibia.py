"""The tibiae of the hindlimb field: the generator's tibia and fibula with a broad upper end, malleoli and lesions."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.geometry import Triple
from napari_bonemet.phantom.anatomy import LENGTH_UM, Anatomy, anatomy_of
from napari_bonemet.phantom.bone import Compartment
from napari_bonemet.phantom.growth import Grown, grow_leg, model_axes
from napari_bonemet.phantom.hindlimb_blocks import Block, finish_block, share
from napari_bonemet.phantom.hindlimb_femur import ankle_rows, plateau_rows
from napari_bonemet.phantom.hindlimb_options import HindlimbOptions
from napari_bonemet.phantom.hindlimb_posture import SIDES, Posture
from napari_bonemet.phantom.hindlimb_shapes import Row, solid
from napari_bonemet.phantom.lesions import grow
from napari_bonemet.phantom.network import trabecular_depth
from napari_bonemet.phantom.options import LegOptions, stream, stream_key
from napari_bonemet.phantom.scanner import SOFT_TISSUE, expose
from napari_bonemet.phantom.texture import Axes, lattice, sample_field
from napari_bonemet.scan import Side

_FROM_UM, _TO_UM, _ASIDE_UM = -1400.0, 17200.0, 3600.0
_SHELL_UM = 90.0
# The generator makes no coarser voxels.
_COARSEST_UM = 60.0
_KNEE_ADVANCE_UM = 150.0
_FURTHEST_KNEE_UM = 750.0
FIBULA = 1


def tibia_blocks(options: HindlimbOptions, posture: Posture) -> dict[Side, Block]:
    """The block of each side's tibia with its fibula (part 1), in a left tibia's frame.

    The two are mirror images but for their lesions.
    """
    healthy: Block | None = None
    blocks: dict[Side, Block] = {}
    for number, side in enumerate(SIDES):
        if posture.lesions in (side, "both"):
            blocks[side] = _tibia(options, posture, number, True)
        else:
            healthy = healthy or _tibia(options, posture, number, False)
            blocks[side] = healthy
    return blocks


def leg_options(options: HindlimbOptions, posture: Posture, number: int, lesions: bool) -> LegOptions:
    """The generator's options for a tibia on its own, whole, at the voxel size of a block."""
    spacing = min(options.detail_um / posture.size, _COARSEST_UM)
    length, across = (_TO_UM - _FROM_UM) / spacing, 2 * _ASIDE_UM / spacing
    return LegOptions(
        shape=(int(np.ceil(length)), int(np.ceil(across)), int(np.ceil(across))),
        spacing_um=spacing,
        weeks=(options.week,),
        start_um=_FROM_UM,
        strain=options.strain,
        tumour=lesions and options.week > 0,
        seed=options.seed,
        continued_after=(0,) if options.week else (),
        continued_seeds=(number,) if options.week else (),
        blur_um=0,
        blur_voxels=0,
    )


def _tibia(options: HindlimbOptions, posture: Posture, number: int, lesions: bool) -> Block:
    leg = leg_options(options, posture, number, lesions)
    anatomy = anatomy_of(leg)
    aside = int(np.ceil(600 / leg.spacing_um))
    grown = _widen(grow_leg(leg, leg.grid, grow(anatomy, leg)), aside)
    axes = model_axes(leg, grown.grid)
    occupancy, compartments = grown.occupancy[0].astype(np.float32), grown.compartments
    # The generator's fibula, one with the tibia by then, does not know where the tibia ends.
    beyond = axes[0] > LENGTH_UM
    occupancy[beyond], compartments[beyond] = 0, 0
    inside = np.where(compartments > 0, np.uint8(255), np.uint8(0))
    tibia = _Growing(axes, leg.spacing_um, occupancy, compartments, inside)
    for rows in (plateau_rows(), ankle_rows()):
        _add_end(rows, tibia, anatomy, leg.seed)
    if lesions and posture.knee_lesion and options.week:
        _eat_knee(options, number, axes, occupancy, leg.spacing_um)
    grey = expose(occupancy, compartments, leg) - np.float32(SOFT_TISSUE)
    origin = np.array([axis[0] for axis in axes])
    parts = (compartments == Compartment.FIBULA).astype(np.uint8)
    sampling = options.sampling_um / posture.size
    return finish_block(Block(origin, leg.spacing_um, grey, inside, _spread(parts, compartments)), sampling)


def _widen(grown: Grown, aside: int) -> Grown:
    before = (0, aside, aside)
    sides = ((0, 0), (aside, aside), (aside, aside))
    return Grown(
        grown.grid.pad(before, before),
        np.pad(grown.compartments, sides),
        tuple(np.pad(week, sides) for week in grown.occupancy),
        (),
    )


@dataclass(frozen=True, eq=False)
class _Growing:
    axes: Axes
    spacing: float
    occupancy: np.ndarray
    compartments: np.ndarray
    inside: np.ndarray


def _add_end(rows: list[Row], tibia: _Growing, anatomy: Anatomy, seed: int) -> None:
    # In place: within the new end there is its own shell and trabeculae, and none of the old surface.
    reach = np.array([[row[0], row[0] + row[3]] for row in rows])
    z, y, x = tibia.axes
    near = np.flatnonzero((z > reach.min() - 1200) & (z < reach.max() + 1200))
    slab = slice(int(near[0]), int(near[-1]) + 1)
    part: Axes = (z[slab], y, x)
    outline = solid(rows, part)
    cavity = outline - np.float32(_SHELL_UM)
    deep = np.full((1, 1, 1), -250, np.float32)
    network = np.minimum(trabecular_depth(anatomy, seed, part, deep, cavity), outline)
    own = tibia.compartments[slab]
    within = share(cavity, tibia.spacing)
    # No wall where the new end opens into the old cavity.
    shell = np.where(own == Compartment.CAVITY, np.float32(-1e6), np.minimum(outline, -cavity))
    bone = share(np.maximum(shell, network), tibia.spacing)
    tibia.occupancy[slab] = np.maximum(bone, tibia.occupancy[slab] * (1 - within))
    own[(outline > 0) & (own == Compartment.OUTSIDE)] = Compartment.CORTEX
    own[cavity > 0] = Compartment.CAVITY
    filled = (share(outline, tibia.spacing) * 255).astype(np.uint8)
    np.maximum(tibia.inside[slab], filled, out=tibia.inside[slab])


def _eat_knee(options: HindlimbOptions, number: int, axes: Axes, occupancy: np.ndarray, spacing: float) -> None:
    rng = stream(options.seed, "knee lesion", number)
    rough = lattice(stream_key(options.seed, "knee lesion front", number), (90.0, 90.0, 90.0))
    near = np.flatnonzero(axes[0] < 2500)
    part: Axes = (axes[0][: near[-1] + 1], axes[1], axes[2])
    field = np.clip(1 + 0.3 * sample_field(rough, part), 0.3, 2)
    for _ in range(int(rng.integers(1, 3))):
        seed: Triple = (float(rng.uniform(-800, 100)), float(rng.uniform(-500, 700)), float(rng.uniform(-800, 800)))
        way = min(_KNEE_ADVANCE_UM * options.week * rng.uniform(0.7, 1.3), _FURTHEST_KNEE_UM)
        z, y, x = (a.astype(np.float32) for a in np.ix_(*(a - s for a, s in zip(part, seed, strict=True))))
        passed = np.float32(way) * field - np.sqrt(z * z + y * y + x * x)
        occupancy[: near[-1] + 1] *= 1 - share(passed, spacing)


def _spread(parts: np.ndarray, compartments: np.ndarray) -> np.ndarray:
    # The fibula's blurred rim is the fibula's.
    from scipy import ndimage

    grown = ndimage.maximum_filter(parts, 5)
    grown[(compartments > 0) & (parts == 0)] = 0
    return np.asarray(grown, np.uint8)
