"""What is not leg bone: the course of spine and tail, the skin around everything, the bed below."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from napari_bonemet.geometry import Grid
from napari_bonemet.phantom.hindlimb_options import HindlimbOptions
from napari_bonemet.phantom.hindlimb_posture import SIDES, Placement, Posture, joints, turn
from napari_bonemet.phantom.hindlimb_shapes import Row, capsule, solid
from napari_bonemet.phantom.options import stream, stream_key
from napari_bonemet.phantom.scanner import AIR, SOFT_TISSUE
from napari_bonemet.phantom.texture import LATTICE_UM, lattice

if TYPE_CHECKING:
    from napari_bonemet.phantom.hindlimb_kernels import Tissue

COARSE_UM = 300.0
_STEP_UM = 100.0
_SPINE_BACK_UM = 3700.0
_SACRUM_ENDS_UM = 300.0
_LONG_UM = 40_000.0
_CALF_UM, _TAIL_UM = 2300.0, 1650.0
# From the middle of the calf to that of a tail that presses against it, where both are already thinner.
_TOUCHING_UM = 3300.0
_BED_RADIUS_UM, _BED_WALL_UM = 15_500.0, 700.0
# As in the legs' scanner: drawn out, so that the lattice does not repeat within a leg.
_DRAWN_OUT = 0.42
_SEAM_UM = 25.0 * _DRAWN_OUT


@dataclass(frozen=True, eq=False)
class Chain:
    """The course of spine and tail in the body's frame: a point every 100 µm, and where the tail begins.

    Parameters
    ----------
    points : ndarray, (n, 3)
        From the loins to the tail's end (z, y, x), micrometres of an animal of size 1.
    sacrum_ends : int
        Index of the point between sacrum and tail.
    """

    points: np.ndarray
    sacrum_ends: int

    @property
    def reach_um(self) -> tuple[float, float]:
        """How far the course is known before and behind the sacrum's end."""
        return (-self.sacrum_ends * _STEP_UM, (len(self.points) - 1 - self.sacrum_ends) * _STEP_UM)

    def frame(self, start_um: float, length_um: float) -> Placement:
        """The frame of a vertebra `start_um` behind the sacrum's end: z along the course, y dorsal, x left."""
        index = self.sacrum_ends + np.array([start_um, start_um + length_um]) / _STEP_UM
        ends = np.stack([np.interp(index, np.arange(len(self.points)), column) for column in self.points.T], axis=1)
        along = ends[1] - ends[0]
        along = along / np.linalg.norm(along)
        back = np.array([0.0, 1.0, 0.0]) - along[1] * along
        back = back / np.linalg.norm(back)
        return Placement(np.stack([along, back, np.cross(along, back)], axis=1), ends[0])


def course(options: HindlimbOptions, posture: Posture) -> Chain:
    """The course of spine and tail."""
    rng = stream(options.seed, "hindlimb spine")
    bend, sag = rng.uniform(-1, 1, 2)
    z = np.arange(-_LONG_UM, 0, _STEP_UM)
    loins = np.maximum(-z - 9000, 0) / 1000
    spine = np.stack([z, _SPINE_BACK_UM + 12 * sag * loins**2, 25 * bend * loins**2], axis=1)
    spine[:, 0] += _SACRUM_ENDS_UM
    hike = turn(y=posture.hike_degrees)
    spine = spine @ hike.T
    tail = _bezier(spine[-1], hike @ np.array([1.0, 0.0, 0.0]), _tail_goal(posture, rng))
    return Chain(np.concatenate([spine, tail]), len(spine) - 1)


def _tail_goal(posture: Posture, rng: np.random.Generator) -> np.ndarray:
    # Where the tail passes some way down, in the body's frame.
    side, back = float(rng.uniform(-1, 1)), float(rng.uniform(1200, 3800))
    goal = np.array([19000.0, back, 3000 * side])
    if posture.tail_touches == "none":
        return goal
    body = posture.bones["body"]
    leg = posture.bones[f"{posture.tail_touches} tibia"]
    calf = np.linalg.solve(body.linear, leg(np.array([7000.0, 500.0, 0.0])) - body.shift)
    inwards = -np.sign(calf[2])
    return calf + np.array([0.0, 300.0, inwards * _TOUCHING_UM])


def _bezier(start: np.ndarray, along: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """A curve from `start`, leaving `along`, through `goal` and on, a point every step."""
    far = max(goal[0] - start[0], 5000.0)
    t = np.linspace(0, 2, 4001)[1:, None]
    u = np.minimum(t, 1)
    leave, arrive = start + along * far * 0.45, goal - np.array([0.45 * far, 0, 0])
    points = (1 - u) ** 3 * start + 3 * (1 - u) ** 2 * u * leave + 3 * (1 - u) * u * u * arrive + u**3 * goal
    points = points + np.maximum(t - 1, 0) * 3 * (goal - arrive)
    way = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    even = np.arange(_STEP_UM, min(way[-1], _LONG_UM), _STEP_UM)
    return np.stack([np.interp(even, way, column) for column in points.T], axis=1)


def skin_rows(posture: Posture, chain: Chain) -> list[Row]:
    """The animal's outer surface in the field: trunk, thighs, calves, feet and tail."""
    body, size = posture.bones["body"], posture.size
    at = joints(posture.bones)
    rows: list[Row] = []

    def limb(start: np.ndarray, end: np.ndarray, radius: float, last: float, blend: float = 1500.0) -> None:
        a, b = ((float(p[0]), float(p[1]), float(p[2])) for p in (start, end))
        rows.append(capsule(a, b, radius * size, last * size, blend=blend * size))

    hike = turn(y=posture.hike_degrees)
    for x in (-3000.0, 3000.0):
        limb(body(hike @ [-30000, -1500, 1.3 * x]), body(hike @ [-1500, -300, x]), 10500, 6300)
    limb(body(hike @ [-1500, 0, 0]), body(hike @ [3500, 1500, 0]), 6500, 3600, 2500)
    for side in SIDES:
        hip, knee, ankle = (at[f"{side} {joint}"] for joint in ("hip", "knee", "ankle"))
        tibia, foot = posture.bones[f"{side} tibia"], posture.bones[f"{side} foot"]
        limb(hip, knee, 5600, 3000, 2500)
        limb(body(hike @ [2500, 1500, 0]) * 0.4 + hip * 0.6, tibia([1500, 1500, 0]), 4200, 2600, 2000)
        limb(knee, tibia([4500, 650, 150]), 2900, _CALF_UM + 350, 1200)
        limb(tibia([4500, 650, 150]), tibia([10500, 450, 50]), _CALF_UM + 350, 1500, 1200)
        limb(tibia([10500, 450, 50]), ankle, 1500, 1350, 800)
        limb(tibia([11000, 900, 50]), foot([-1200, 1050, 150]), 700, 900, 500)
        limb(ankle, foot([2600, 200, 0]), 1350, 1300, 500)
        for x in (-600, 600):
            limb(foot([2000, 250, 0.7 * x]), foot([12000, 150, 1.5 * x]), 1150, 750, 500)
    first = chain.sacrum_ends
    knots = chain.points[first::25]
    for number, (a, b) in enumerate(pairwise(knots)):
        thin = max(0.62, 1.25 - 0.05 * number)
        limb(body(a), body(b), _TAIL_UM * thin, _TAIL_UM * max(0.62, thin - 0.05), 1200 if number < 3 else 120)
    return rows


def skin_depth(grid: Grid, rows: list[Row]) -> np.ndarray:
    """Depth below the skin on a coarse grid over the field, its first point on the field's first voxel; micrometres."""
    counts = [int(np.ceil(n * s / COARSE_UM)) + 2 for n, s in zip(grid.shape, grid.spacing, strict=True)]
    z, y, x = (np.arange(n) * COARSE_UM for n in counts)
    return solid(rows, (z, y, x))


def tissue_of(options: HindlimbOptions, posture: Posture, chain: Chain) -> "Tissue":
    """What the soft tissue, the skin and the bed of the field are made from."""
    from napari_bonemet.phantom.hindlimb_kernels import Tissue

    grid = options.grid
    skin = skin_depth(grid, skin_rows(posture, chain))
    return Tissue(
        air=AIR,
        skin_grey=SOFT_TISSUE + 6,
        fat_grey=23.0,
        muscle_grey=SOFT_TISSUE,
        bed_grey=44.0,
        spread=2.5,
        seam_depth=8.0,
        skin_um=120.0,
        fat_um=350.0,
        edge_um=options.sampling_um,
        skin=skin,
        coarse=COARSE_UM,
        muscle=lattice(stream_key(options.seed, "muscle"), (500.0, 70.0, 70.0)),
        seams=lattice(stream_key(options.seed, "seams"), (1300.0, 150.0, 150.0), True) * np.float32(1 / _SEAM_UM),
        pitch=LATTICE_UM / _DRAWN_OUT,
        bed_middle=_bed_under(grid, skin),
        bed_radius=_BED_RADIUS_UM if options.bed else 0.0,
        bed_wall=_BED_WALL_UM,
    )


def _bed_under(grid: Grid, skin: np.ndarray) -> tuple[float, float]:
    """The middle (y, x) of the bed's bore so that the animal just lies in it, micrometres."""
    middle = grid.size[2] / 2
    _, y, x = np.nonzero(skin > 0)
    aside = np.minimum(np.abs(x * COARSE_UM - middle), 0.95 * _BED_RADIUS_UM)
    low = float((y * COARSE_UM - np.sqrt(_BED_RADIUS_UM**2 - aside**2)).max()) if y.size else 0.0
    return (low + COARSE_UM, middle)
