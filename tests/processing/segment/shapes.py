"""Hindlimbs made of tubes: a shape to think with, in no way tuned to look like the generator's."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.scan import Kind, Scan

SOFT, BONE = 32.0, 160.0
LEFT_TIBIA, RIGHT_TIBIA, LEFT_FEMUR, RIGHT_FEMUR, SPINE, TAIL, OTHER = range(1, 8)


@dataclass
class Field:
    """Shares of bone and labels on a grid, z towards the feet, y towards the back, x towards the animal's left."""

    shape: tuple[int, int, int]
    um: float

    def __post_init__(self) -> None:
        self.share = np.zeros(self.shape, np.float32)
        self.labels = np.zeros(self.shape, np.uint8)

    def tube(self, ends: np.ndarray, radii: np.ndarray, label: int, *, wall: float = 170.0, fill: float = 0.0) -> None:
        """A tube from one end to the other (z, y, x µm), its outer radius interpolated over `radii`."""
        a, b = np.asarray(ends, float)
        low = np.maximum(0, np.floor((np.minimum(a, b) - max(radii) - 100) / self.um)).astype(int)
        high = np.minimum(self.shape, np.ceil((np.maximum(a, b) + max(radii) + 100) / self.um).astype(int) + 1)
        if (high <= low).any():
            return
        points = np.stack(
            np.meshgrid(
                *(np.arange(first, last) * self.um for first, last in zip(low, high, strict=True)), indexing="ij"
            ),
            -1,
        )
        length = np.linalg.norm(b - a)
        along = (points - a) @ (b - a) / length
        radial = np.linalg.norm(points - a - along[..., None] * (b - a) / length, axis=-1)
        outer = np.interp(along, np.linspace(0, length, len(radii)), radii)
        depth = np.minimum(outer - radial, np.minimum(along, length - along))
        inside = np.clip(0.5 + depth / self.um, 0, 1)
        hollow = np.clip(0.5 + (depth - wall) / self.um, 0, 1)
        value = inside - hollow * (1 - fill)
        box = tuple(slice(first, last) for first, last in zip(low, high, strict=True))
        better = value > self.share[box]
        self.share[box][better] = value[better]
        self.labels[box][(inside > 0.5) & (better | (self.labels[box] == 0))] = label


def unit(v: np.ndarray) -> np.ndarray:
    return np.asarray(v, float) / np.linalg.norm(v)


def long_bone(field: Field, start: np.ndarray, end: np.ndarray, label: int, kind: str) -> None:
    """A femur from hip to knee, or a tibia from knee to ankle, with growth plates of 100 µm at the knee."""
    d = unit(end - start)
    if kind == "femur":
        shaft_end = end - 1400 * d
        field.tube([start, shaft_end], [700, 900, 650, 600, 600, 650, 1000], label)
        field.tube([end - 1300 * d, end], [1050, 1100, 950], label, fill=0.45)
    else:
        field.tube([start, start + 900 * d], [950, 1150, 1100], label, fill=0.45)
        field.tube([start + 1000 * d, end], [1050, 700, 550, 450, 430, 430, 500], label)


def hindlimb(
    um: float = 80.0, *, seed: int = 0, gain: float = 1.0, noise: float = 4.0, gap: float = 150.0, tail: bool = True
) -> tuple[Scan, np.ndarray]:
    """A hindlimb scan (z, y, x) and its labels; posture drawn from `seed`."""
    rng = np.random.default_rng(seed)
    field = Field(tuple(int(n / um) for n in (28000, 24000, 26000)), um)
    middle = np.array([0.0, 12000.0, 13000.0])
    for label, x in ((0, 1.0), (1, -1.0)):
        hip = [*middle, rng.uniform(2500, 5000), rng.uniform(-1000, 1000), x * rng.uniform(3800, 5000)]
        femur = unit([rng.uniform(-0.1, 0.9), -1.0, x * rng.uniform(-0.1, 0.5)])
        knee = hip + femur * rng.uniform(13500, 14500) * 0.6
        knee = hip + femur * 9000 if (knee[1] < 1500) else knee
        shin = unit([1.0, rng.uniform(0.1, 0.6), x * rng.uniform(-0.1, 0.15)])
        ankle = knee + shin * rng.uniform(15500, 17000)
        long_bone(field, hip, knee, LEFT_FEMUR + label, "femur")
        start = knee + shin * (gap + 300)
        long_bone(field, start, ankle, LEFT_TIBIA + label, "tibia")
        out = unit(np.array([0, 0, x]) - shin * shin[2]) * 0.8 + unit(np.cross(shin, [0, 0, 1.0])) * 0.0
        back = unit(np.array([0, 1.0, 0]) - shin * shin[1]) * 0.6
        side = unit(out + back)
        field.tube(
            [start + 1500 * shin + side * 1350, start + 4500 * shin + side * 1500],
            [220, 160],
            LEFT_TIBIA + label,
            wall=90,
        )
        field.tube(
            [start + 4500 * shin + side * 1500, start + 9000 * shin + side * 500],
            [160, 160],
            LEFT_TIBIA + label,
            wall=90,
        )
    for z in np.arange(0, 9000, 3100):
        field.tube([[*middle, z, 2500, 0], [*middle, z + 2700, 2500, 0]], [1100, 900, 1100], SPINE, fill=0.3)
        field.tube([[*middle, z + 500, 4000, 0], [*middle, z + 2000, 4000, 0]], [500, 500], SPINE, fill=0.3)
        for s in (-1, 1):
            field.tube([[*middle, z + 700, 2500, s * 1000], [*middle, z + 1500, 2500, s * 2300]], [350, 250], SPINE)
    for z in np.arange(9300, 27500, 3000) if tail else ():
        field.tube([[*middle, z, 2800, 0], [*middle, z + 2700, 2800, 0]], [800, 550, 700], TAIL, fill=0.3)
    grey = SOFT + field.share * (BONE - SOFT)
    grey = gain * grey + rng.normal(0, noise, grey.shape)
    scan = Scan(
        np.clip(np.rint(grey), 0, 255).astype(np.uint8),
        (um,) * 3,
        subject="871",
        day=0.0,
        kind=Kind.RECON,
        part="hindlimb",
        synthetic=True,
    )
    return scan, np.where(field.share > 0.5, field.labels, 0).astype(np.uint8)
