"""Hindlimbs made of tubes: a shape to think with, in no way tuned to look like the generator's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from napari_bonemet.processing.segment import SeparationResult, separate_limbs
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

    def tube(
        self, ends: Sequence[np.ndarray], radii: Sequence[float], label: int, *, wall: float = 170.0, fill: float = 0.0
    ) -> None:
        """A tube from one end to the other (z, y, x µm), its outer radius interpolated over `radii`."""
        a, b = np.asarray(ends, float)
        low = np.maximum(0, np.floor((np.minimum(a, b) - max(radii) - 100) / self.um)).astype(int)
        high = np.minimum(self.shape, np.ceil((np.maximum(a, b) + max(radii) + 100) / self.um).astype(int) + 1)
        if (high <= low).any():
            return
        places = [np.arange(*ends) * self.um for ends in zip(low, high, strict=True)]
        points = np.stack(np.meshgrid(*places, indexing="ij"), -1)
        length = np.linalg.norm(b - a)
        along = (points - a) @ (b - a) / length
        radial = np.linalg.norm(points - a - along[..., None] * (b - a) / length, axis=-1)
        outer = np.interp(along, np.linspace(0, length, len(radii)), radii)
        depth = np.minimum(outer - radial, np.minimum(along, length - along))
        inside = np.clip(0.5 + depth / self.um, 0, 1)
        hollow = np.clip(0.5 + (depth - wall) / self.um, 0, 1)
        value = inside - hollow * (1 - fill)
        box = tuple(slice(*ends) for ends in zip(low, high, strict=True))
        better = value > self.share[box]
        self.share[box][better] = value[better]
        self.labels[box][(inside > 0.3) & (better | (self.labels[box] == 0))] = label


def unit(v: Sequence[float] | np.ndarray) -> np.ndarray:
    return np.asarray(v, float) / np.linalg.norm(v)


def long_bone(field: Field, start: np.ndarray, end: np.ndarray, label: int, kind: str) -> None:
    """A femur from hip to knee, or a tibia from knee to ankle, with a growth plate of 100 µm at the knee."""
    d = unit(end - start)
    if kind == "femur":
        field.tube([start, end - 1100 * d], [700, 900, 650, 600, 600, 650, 1000], label)
        ball = 1000 * np.sqrt(np.clip(1 - np.linspace(-1, 1, 13) ** 2, 0.02, 1))
        field.tube([end - 1000 * d, end + 1000 * d], ball.tolist(), label, fill=0.45)
    else:
        field.tube([start, start + 900 * d], [950, 1150, 1100], label, fill=0.45)
        field.tube([start + 1000 * d, end], [1050, 700, 550, 450, 430, 430, 500], label)


@dataclass(frozen=True)
class Animal:
    """A scan and what it shows."""

    scan: Scan
    labels: np.ndarray

    def bone(self, title: str) -> np.ndarray:
        """Where a part's bone is."""
        return np.asarray((self.labels == LABELS[title]) & (self.scan.to_numpy() > 75))


LABELS = {
    "left tibia": LEFT_TIBIA,
    "right tibia": RIGHT_TIBIA,
    "left femur": LEFT_FEMUR,
    "right femur": RIGHT_FEMUR,
    "spine": SPINE,
}


def make_animal(um: float = 100.0, *, seed: int = 0, noise: float = 4.0, legs: tuple[int, ...] = (0, 1)) -> Animal:
    """An animal lying feet last, its back towards +y; posture drawn from `seed`."""
    rng = np.random.default_rng(seed)
    field = Field((round(28000 / um), round(24000 / um), round(26000 / um)), um)
    middle = np.array([0.0, 17000.0, 13000.0])
    for label, out in ((0, 1.0), (1, -1.0)):
        hip = middle + np.array([rng.uniform(5000, 6500), rng.uniform(-1000, 1000), out * rng.uniform(3800, 5000)])
        knee = hip + unit([rng.uniform(-0.4, 0.4), -1.0, out * rng.uniform(-0.1, 0.5)]) * rng.uniform(13500, 14500)
        shin = unit([1.0, rng.uniform(0.1, 0.6), out * rng.uniform(-0.1, 0.15)])
        length, gap = rng.uniform(15500, 17000), rng.uniform(150, 250)
        if label in legs:
            long_bone(field, hip, knee, LEFT_FEMUR + label, "femur")
            top = knee + shin * (1000 + gap)
            long_bone(field, top, top + shin * length, LEFT_TIBIA + label, "tibia")
            fibula(field, top, shin, out, LEFT_TIBIA + label)
    spine_and_tail(field, middle)
    grey = SOFT + field.share * (BONE - SOFT) + rng.normal(0, noise, field.share.shape)
    voxels = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    scan = Scan(voxels, um, subject="871", day=0.0, kind=Kind.RECON, part="hindlimb", synthetic=True)
    return Animal(scan, np.where(field.share > 0.3, field.labels, 0).astype(np.uint8))


def fibula(field: Field, top: np.ndarray, shin: np.ndarray, out: float, label: int) -> None:
    """Outwards and behind the tibia, and home to it half way down."""
    side = unit(unit(np.array([0, 0, out]) - shin * shin[2] * out) * 0.8 + unit(np.array([0, 1.0, 0])) * 0.6)
    path = [top + along * shin + away * side for along, away in ((1500, 1350), (4500, 1500), (9000, 500))]
    field.tube([path[0], path[1]], [240, 200], label, wall=120)
    field.tube([path[1], path[2]], [200, 200], label, wall=120)


def along(z: float, y: float = 0.0) -> np.ndarray:
    """A step towards the feet and the back."""
    return np.array([z, y, 0.0])


def spine_and_tail(field: Field, middle: np.ndarray) -> None:
    """Vertebrae with processes down to the hips, and a tail behind them, all on the back's side."""
    for z in np.arange(0, 6500, 3100):
        at = middle + along(z, 2500)
        field.tube([at, at + along(2700)], [1100, 900, 1100], SPINE, fill=0.3)
        field.tube([at + along(500, 1500), at + along(2000, 1500)], [500, 500], SPINE, fill=0.3)
    for z in np.arange(9300, 27500, 3000):
        at = middle + along(z, 2800)
        field.tube([at, at + along(2700)], [800, 550, 700], TAIL, fill=0.3)


@pytest.fixture(scope="session")
def animal() -> Animal:
    return make_animal()


@pytest.fixture(scope="session")
def separated(animal: Animal) -> SeparationResult:
    return separate_limbs(animal.scan)


@pytest.fixture(scope="session")
def make() -> Callable[..., Animal]:
    return make_animal
