"""How a synthetic animal lies in the scanner: its joints' angles, and where that brings each bone.

Body frame: the origin midway between the hips, z grows caudally, y dorsally, x to the animal's left. A left leg's
bones have frames of their own with z distal, y posterior and x lateral, so that a leg stretched straight back lies
as the body does; a right leg is posed as a left one and then mirrored.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial.transform import Rotation

from napari_bonemet.phantom.hindlimb_options import HindlimbOptions, Legs
from napari_bonemet.phantom.options import stream
from napari_bonemet.scan import Side

SIDES: tuple[Side, Side] = ("left", "right")
MIRROR = np.diag([1.0, 1.0, -1.0])

CONDYLE_UM = 1000.0
# The top of the tibia's joint surface, in the tibia's frame; the femur's frame starts in the middle of its condyles.
PLATEAU_UM = -1000.0
HINGE_BACK_UM = 250.0
FEMUR_HEAD = np.array([-14000.0, -350.0, -1550.0])
ANKLE = np.array([17050.0, 300.0, 0.0])
_HIP_UM = 4700.0
_TRIES = 400
# How far bone reaches around the middle of a joint or of the tail.
_AROUND = {"hip": 2000.0, "knee": 1900.0, "ankle": 1500.0, "tail": 1800.0}
_TAIL_BACK_UM = 2800.0


@dataclass(frozen=True)
class LegPosture:
    """A leg's joints.

    Parameters
    ----------
    knee_degrees : float
        Bend of the knee, 0 when straight.
    splay_degrees : float
        How far the tibia's lower end leans outwards.
    tilt_degrees : float
        How far the tibia's lower end leans to the animal's back.
    turn_degrees : float
        How far the leg is turned about the tibia, knee outwards.
    gap_um : float
        Width of the knee's joint space.
    foot_degrees : float
        Bend of the foot towards the shin; 0 when it is in line with the tibia.
    """

    knee_degrees: float
    splay_degrees: float
    tilt_degrees: float
    turn_degrees: float
    gap_um: float
    foot_degrees: float


@dataclass(frozen=True, eq=False)
class Placement:
    """Where a bone's frame comes to lie: ``field = linear @ model + shift``, both (z, y, x), micrometres.

    `linear` holds the animal's size, and for a bone of the right its mirroring.
    """

    linear: np.ndarray
    shift: np.ndarray

    def __call__(self, points: object) -> np.ndarray:
        """Points (..., 3) of the model's frame in the field."""
        return np.asarray(points, float) @ self.linear.T + self.shift

    def after(self, first: "Placement") -> "Placement":
        """`first`, then this one."""
        return Placement(self.linear @ first.linear, self.linear @ first.shift + self.shift)


@dataclass(frozen=True, eq=False)
class Posture:
    """How the animal lies.

    Parameters
    ----------
    size : float
        Of the animal, 1 an adult.
    legs : dict of LegPosture
        By side.
    roll_degrees, pitch_degrees, yaw_degrees : float
        Turns of the body about its long axis, its left-right axis and its back-belly axis.
    hike_degrees : float
        Turn of the pelvis in the body, one hip forward.
    lying : {"prone", "supine"}
        On its belly or its back, gravity along +y of the field.
    first_slice : {"head", "feet"}
        The end of the animal that is nearer to the first slice.
    cut : str
        What the field's edge cuts off.
    tail_touches : {"none", "left", "right"}
        Which leg's skin the tail lies against.
    lesions : {"none", "left", "right", "both"}
        Which tibiae have lesions.
    knee_lesion : bool
        Whether lesions also eat a tibia's end at the knee.
    bones : dict of Placement
        Where the frames of "left tibia", "left femur", "left pelvis", ... and "body" lie.
    """

    size: float
    legs: dict[Side, LegPosture]
    roll_degrees: float
    pitch_degrees: float
    yaw_degrees: float
    hike_degrees: float
    lying: Literal["prone", "supine"]
    first_slice: Literal["head", "feet"]
    cut: str
    tail_touches: Literal["none", "left", "right"]
    lesions: Legs
    knee_lesion: bool
    bones: dict[str, Placement]


def turn(z: float = 0.0, y: float = 0.0, x: float = 0.0) -> np.ndarray:
    """Rotation by a vector of degrees, acting on (z, y, x): about z it takes y to x, about x it takes z to y."""
    return np.asarray(Rotation.from_rotvec([z, y, x], degrees=True).as_matrix())


def draw_posture(options: HindlimbOptions) -> Posture:
    """The posture that the options and their seed stand for.

    Postures are drawn until one is possible: knees and feet beside each other, bones in the field unless they are
    to be cut; when none is, the best of them stays, and the field cuts it.
    """
    best, least = _attempt(options, 0)
    for attempt in range(1, _TRIES):
        if least <= 0:
            break
        posture, misfit = _attempt(options, attempt)
        if misfit < least:
            best, least = posture, misfit
    return best


def _attempt(options: HindlimbOptions, attempt: int) -> tuple[Posture, float]:
    rng = stream(options.seed, "hindlimb posture", attempt)
    animal = stream(options.seed, "hindlimb animal")
    size = float(animal.uniform(0.92, 1.01))
    size = size if options.size is None else options.size
    choices = _choices(options, animal)
    middle = rng.uniform(*options.knee_degrees)
    legs = {side: _leg(options, rng, middle) for side in SIDES}
    roll = float(rng.uniform(-1, 1) * options.roll_degrees)
    pitch, yaw, hike = (float(a) for a in rng.uniform(-1, 1, 3) * (5.0, 5.0, 8.0))
    body = turn(z=roll) @ turn(x=pitch) @ turn(y=yaw)
    if choices["lying"] == "prone":
        body = turn(z=180) @ body
    if choices["first_slice"] == "feet":
        body = turn(y=180) @ body
    bones: dict[str, Placement] = {}
    for side in SIDES:
        bones |= _place_leg(side, legs[side], size, turn(y=hike))
    posture = Posture(size, legs, roll, pitch, yaw, hike, **choices, bones=bones)  # type: ignore[arg-type]
    shift, misfit = _place_body(options, posture, body, rng)
    frame = Placement(body, shift)
    placed = {name: frame.after(bone) for name, bone in bones.items()}
    placed["body"] = Placement(body * size, shift)
    values = {**vars(posture), "bones": placed}
    return Posture(**values), misfit + _misfit_of_legs(options, bones, size)


def _choices(options: HindlimbOptions, animal: np.random.Generator) -> dict[str, object]:
    # Every choice is drawn, wanted or not, so that asking for one does not change the others.
    lying = str(animal.choice(["prone", "supine"], p=[0.7, 0.3]))
    first = str(animal.choice(["head", "feet"]))
    cut = str(animal.choice(["none", "left", "right", "ankles"], p=[0.8, 0.05, 0.05, 0.1]))
    touching, at = bool(animal.random() < 0.3), str(animal.choice(SIDES))
    lesions = str(animal.choice(["none", "left", "right", "both"], p=[0.4, 0.25, 0.25, 0.1]))
    knee = bool(animal.random() < 0.35)
    return {
        "lying": lying if options.lying == "drawn" else options.lying,
        "first_slice": first if options.first_slice == "drawn" else options.first_slice,
        "cut": cut if options.cut == "drawn" else options.cut,
        "tail_touches": at if (touching if options.tail == "drawn" else options.tail == "touching") else "none",
        "lesions": lesions if options.tumour == "drawn" else options.tumour,
        "knee_lesion": knee if options.knee_lesion == "drawn" else options.knee_lesion == "yes",
    }


def _leg(options: HindlimbOptions, rng: np.random.Generator, middle: float) -> LegPosture:
    return LegPosture(
        knee_degrees=float(np.clip(middle + rng.uniform(-20, 20), *options.knee_degrees)),
        splay_degrees=float(rng.uniform(*options.splay_degrees)),
        tilt_degrees=float(rng.uniform(-8, 12)),
        turn_degrees=float(rng.uniform(-0.4, 1) * options.turn_degrees),
        gap_um=float(rng.uniform(*options.gap_um)),
        foot_degrees=float(rng.uniform(5, 55)),
    )


def _place_leg(side: Side, leg: LegPosture, size: float, pelvis: np.ndarray) -> dict[str, Placement]:
    # In the body's frame.
    mirror = np.eye(3) if side == "left" else MIRROR
    hip = mirror @ pelvis @ mirror @ np.array([0.0, 0.0, _HIP_UM * size])
    tibia = turn(y=-leg.splay_degrees) @ turn(x=leg.tilt_degrees) @ turn(z=-leg.turn_degrees)
    femur = tibia @ turn(x=-leg.knee_degrees)
    knee = hip - size * femur @ FEMUR_HEAD
    hinge = np.array([PLATEAU_UM - leg.gap_um / size - CONDYLE_UM, HINGE_BACK_UM, 0.0])
    placed = {
        "tibia": Placement(size * tibia, knee - size * tibia @ hinge),
        "femur": Placement(size * femur, knee),
    }
    ankle = placed["tibia"](ANKLE)
    placed["foot"] = Placement(size * tibia @ turn(x=-leg.foot_degrees), ankle)
    placed["pelvis"] = Placement(size * mirror @ pelvis @ mirror, hip)
    flip = Placement(mirror, np.zeros(3))
    return {f"{side} {name}": flip.after(frame) for name, frame in placed.items()}


def joints(bones: dict[str, Placement]) -> dict[str, np.ndarray]:
    """The middles of "left hip", "left knee", "left ankle", ... (z, y, x), in the frame that bones are placed in."""
    out = {}
    for side in SIDES:
        out[f"{side} hip"] = bones[f"{side} femur"](FEMUR_HEAD)
        out[f"{side} knee"] = bones[f"{side} femur"].shift
        out[f"{side} ankle"] = bones[f"{side} tibia"](ANKLE)
    return out


def _misfit_of_legs(options: HindlimbOptions, bones: dict[str, Placement], size: float) -> float:
    at = joints(bones)
    apart = at["left ankle"][2] - at["right ankle"][2], at["left knee"][2] - at["right knee"][2]
    height = abs(at["left knee"][0] - at["right knee"][0])
    wants = [5500 * size - apart[0], 9500 * size - apart[1], height - 1000 * options.height_mm]
    wants += [4200 * size - at["left knee"][2], 4200 * size + at["right knee"][2]]
    wants += [2200 * size - at["left ankle"][2], 2200 * size + at["right ankle"][2]]
    return float(sum(max(want, 0.0) for want in wants))


def _place_body(
    options: HindlimbOptions, posture: Posture, body: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Where the body's origin lies in the field so that the tibiae are in it, and by how much that fails."""
    size, field = posture.size, np.asarray(options.grid.size)
    middle = np.asarray(options.grid.centre)
    at = joints(posture.bones)
    # About where the tail passes the tibiae.
    low = np.mean([at[f"{side} {joint}"][0] for side in SIDES for joint in ("knee", "ankle")])
    at["the tail"] = np.array([low, _TAIL_BACK_UM * size, 0.0])
    at = {name: body @ point for name, point in at.items()}
    caudal = np.sign(body[0, 0])
    edge = rng.uniform(300, 1800)
    if posture.cut == "ankles":
        edge = -1000 * options.cut_mm - 400
    along = {name: caudal * point[0] for name, point in at.items()}
    feet = max(along["left ankle"], along["right ankle"])
    top = min(along["left knee"], along["right knee"]) - 1500 * size
    misfit = max(0.0, feet - top + max(edge, 0) - field[0])
    shift = np.zeros(3)
    shift[0] = middle[0] + caudal * (field[0] / 2 - edge - feet)
    seen = [name for name in at if abs(at[name][0] + shift[0] - middle[0]) < field[0] / 2 + 1000]
    around = np.array([_AROUND[name.split()[1]] * size for name in seen])
    for axis in (1, 2):
        places = np.array([at[name][axis] for name in seen])
        low, high = (places - around).min(), (places + around).max()
        slack = field[axis] - (high - low)
        misfit += max(0.0, -slack)
        jitter = rng.uniform(-1, 1) * min(max(slack / 2, 0.0), 1200.0)
        shift[axis] = middle[axis] - (low + high) / 2 + jitter
    if posture.cut in SIDES:
        # Outwards until the outermost bone of that leg is cut.
        own = [n for n, name in enumerate(seen) if name.startswith(posture.cut)]
        out = np.sign(body[2, 2]) * (1 if posture.cut == "left" else -1)
        furthest = max(out * at[seen[n]][2] + around[n] for n in own)
        shift[2] = middle[2] + out * (field[2] / 2 + 1000 * options.cut_mm - furthest)
    return shift, misfit
