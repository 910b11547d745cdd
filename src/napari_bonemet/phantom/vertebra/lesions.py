"""Metastases of a vertebra: rough blobs that take bone (lytic), add to it (blastic), or do both at once (mixed)."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.bone_quality import Involvement, Quality
from napari_bonemet.phantom.vertebra.anatomy import VertebraAnatomy
from napari_bonemet.phantom.vertebra.shape import VertebraShape, side_bars

# How far the surface of a blob leaves the ellipsoid, as a share of its radius, and over what length.
_ROUGHNESS, _ROUGH_MM = 0.3, 4.0
_MIXED_MM = 3.5
_MOST_BLOBS = 3


@dataclass(frozen=True)
class Blob:
    """An ellipsoid: its middle (z, y, x) and radii (along z, in the plane), millimetres, and where it may grow."""

    middle: tuple[float, float, float]
    tall: float
    radius: float
    posterior: bool


@dataclass(frozen=True)
class Metastasis:
    """What was drawn for a vertebra.

    Parameters
    ----------
    quality : Quality
        What its lesions are.
    involvement : Involvement
        On how many sides they take the posterior elements.
    blobs : tuple of Blob
        Where they are.
    tumour_hu : float
        What takes the place of lost bone.
    added_hu : float
        What blastic lesions add.
    """

    quality: Quality
    involvement: Involvement
    blobs: tuple[Blob, ...]
    tumour_hu: float = 45.0
    added_hu: float = 350.0


def draw_metastasis(anatomy: VertebraAnatomy, lesion_share: float, rng: np.random.Generator) -> Metastasis:
    """The lesions of one vertebra; none in the rest of `lesion_share`."""
    if rng.random() >= lesion_share:
        return Metastasis(Quality.NORMAL, Involvement.NONE, ())
    quality = Quality(int(rng.choice([Quality.BLASTIC, Quality.MIXED, Quality.LYTIC])))
    involvement = Involvement(int(rng.choice(3, p=[0.5, 0.3, 0.2])))
    blobs = [_body_blob(anatomy, quality, rng) for _ in range(int(rng.integers(1, _MOST_BLOBS + 1)))]
    sides = rng.permutation([-1.0, 1.0])[: int(involvement)]
    blobs += [_side_blob(anatomy, float(side), quality, rng) for side in sides]
    return Metastasis(
        quality, involvement, tuple(blobs), float(rng.uniform(5, 45)), float(np.exp(rng.uniform(*np.log((200, 600)))))
    )


def _body_blob(anatomy: VertebraAnatomy, quality: Quality, rng: np.random.Generator) -> Blob:
    turn, out = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 0.7))
    middle = (
        float(rng.uniform(-0.35, 0.35) * anatomy.height),
        float(out * np.sin(turn) * anatomy.half_depth * 0.9),
        float(out * np.cos(turn) * anatomy.half_width * 0.9),
    )
    least = 8.5 if quality is Quality.MIXED else 4.0
    radius = float(rng.uniform(least, 13.0))
    return Blob(middle, radius * float(rng.uniform(0.7, 1.1)), radius, False)


def _side_blob(anatomy: VertebraAnatomy, side: float, quality: Quality, rng: np.random.Generator) -> Blob:
    canal_y = anatomy.half_depth + anatomy.canal_depth - 1.5
    start, stop, _, _ = side_bars(anatomy, canal_y, side)[int(rng.choice([0, 0, 1, 2, 3]))]
    share = rng.uniform(0.2, 0.7)
    z, y, x = (float(a + share * (b - a)) for a, b in zip(start, stop, strict=True))
    radius = float(rng.uniform(8.0 if quality is Quality.MIXED else 5.5, 11.0))
    return Blob((z, y, x), radius * float(rng.uniform(0.8, 1.4)), radius, True)


def spread(
    shape: VertebraShape, lesion: Metastasis, spacing: tuple[float, float, float], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """How much of each voxel's bone is lytic, and how much is blastic.

    Parameters
    ----------
    shape : VertebraShape
        The healthy vertebra.
    lesion : Metastasis
        What grows in it.
    spacing : tuple of float
        Voxel size (z, y, x), millimetres.
    rng : numpy.random.Generator
        For the roughness.

    Returns
    -------
    lytic, blastic : ndarray, (z, y, x) float32
        0 to 1.
    """
    lytic = np.zeros(shape.body.shape, np.float32)
    blastic = np.zeros_like(lytic)
    if not lesion.blobs:
        return lytic, blastic
    rough = smooth_noise(rng, lytic.shape, _ROUGH_MM, spacing)
    parting = smooth_noise(rng, lytic.shape, _MIXED_MM, spacing)
    for blob in lesion.blobs:
        middle_z, middle_y, middle_x = blob.middle
        squeezed = (shape.z - middle_z) * np.float32(blob.radius / blob.tall)
        away = np.sqrt(squeezed**2 + (shape.y - middle_y) ** 2 + (shape.x - middle_x) ** 2)
        depth = blob.radius * (1 + np.float32(_ROUGHNESS) * rough) - away
        here = np.clip(depth / 1.5 + 0.5, 0, 1)
        if blob.posterior:
            # A lesion of one side ends where the other begins.
            here[(shape.posterior < 0) | (shape.x * np.sign(middle_x) < 0)] = 0
        else:
            here[shape.body < 0] = 0
        takes = _share_lytic(lesion.quality, parting)
        lytic = np.maximum(lytic, here * takes)
        blastic = np.maximum(blastic, here * (1 - takes))
    return lytic, np.asarray(np.minimum(blastic, 1 - lytic))


def _share_lytic(quality: Quality, parting: np.ndarray) -> np.ndarray:
    if quality is Quality.MIXED:
        return np.asarray(np.clip(parting * 4 + 0.5, 0, 1))
    return np.full((1, 1, 1), quality is Quality.LYTIC, np.float32)


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, ...], length_mm: float, spacing: tuple[float, float, float]
) -> np.ndarray:
    """A Gaussian random field of mean 0 and variance 1, (z, y, x) float32, smooth over a length in millimetres."""
    field = ndimage.gaussian_filter(
        rng.standard_normal(shape, dtype=np.float32), [length_mm / step for step in spacing], mode="wrap", truncate=3
    )
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)
