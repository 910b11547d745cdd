"""A synthetic vertebra in Hounsfield units: bone, lesions, soft tissue, slice thickness, blur and noise."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.bone_quality import Involvement, quality_of
from napari_bonemet.phantom.vertebra.anatomy import VertebraAnatomy
from napari_bonemet.phantom.vertebra.lesions import Metastasis, smooth_noise, spread
from napari_bonemet.phantom.vertebra.options import SpineOptions
from napari_bonemet.phantom.vertebra.shape import VertebraShape, shape_vertebra

_MUSCLE_HU, _FAT_HU, _DISC_HU, _MARROW_HU = 55.0, -95.0, 85.0, -40.0
_VEIN_RADIUS_MM = 3.2
_TEXTURE_MM = 1.3
_BLUR_MM = 0.7
# So many layers make up a slice: its thickness blurs what is oblique to it.
_LAYERS = 2
# Lesions of less than this show to nobody in a slice; where they do, the slice is labelled.
SEEN_MM2, SEEN_AT_THE_SIDES_MM2 = 40.0, 25.0


@dataclass(frozen=True, eq=False)
class VertebraSlices:
    """The slices of one vertebra, disc included.

    Parameters
    ----------
    hu : ndarray, (z, y, x) float32
        As scanned, Hounsfield units.
    lytic, blastic : ndarray, (z, y, x) bool
        Where bone was lost, and where some was added.
    quality, involvement : ndarray, (z,) int64
        Codes of :class:`~napari_bonemet.bone_quality.Quality` and Involvement: what shows in each slice.
    bone : ndarray, (z,) bool
        Whether a slice lies in the vertebra; the others lie in the disc.
    """

    hu: np.ndarray
    lytic: np.ndarray
    blastic: np.ndarray
    quality: np.ndarray
    involvement: np.ndarray
    bone: np.ndarray


def scan_vertebra(
    options: SpineOptions,
    anatomy: VertebraAnatomy,
    lesion: Metastasis,
    thickness: float,
    rng: np.random.Generator,
) -> VertebraSlices:
    """Scan a vertebra from the middle of the disc below to that above.

    Parameters
    ----------
    options : SpineOptions
        The size of slices and pixels.
    anatomy, lesion : VertebraAnatomy, Metastasis
        The vertebra and what grows in it.
    thickness : float
        Of a slice, millimetres.
    rng : numpy.random.Generator
        For texture and roughness; noise is added to the whole scan.
    """
    count = max(round((anatomy.height + anatomy.disc) / thickness), 1)
    heights = (np.arange(count * _LAYERS) + 0.5 - count * _LAYERS / 2) * (thickness / _LAYERS)
    plane = (np.arange(options.side) - (options.side - 1) / 2) * options.pixel_mm
    # The vertebra lies ahead of the slice's middle, as the spinous process needs room.
    shape = shape_vertebra(anatomy, heights, plane + 12)
    spacing = (thickness / _LAYERS, options.pixel_mm, options.pixel_mm)
    lytic, blastic = spread(shape, lesion, spacing, rng)
    hu = _expose(shape, anatomy, lesion, lytic=lytic, blastic=blastic, spacing=spacing, rng=rng)
    behind = shape.posterior > 0
    sides = [np.broadcast_to(behind & (shape.x * side > 0), hu.shape) for side in (-1, 1)]
    shown = np.maximum(lytic, blastic)
    area = options.pixel_mm**2
    involved = sum((_area(shown * side, area) >= SEEN_AT_THE_SIDES_MM2).astype(np.int64) for side in sides)
    middles = heights.reshape(count, _LAYERS).mean(axis=1)
    return VertebraSlices(
        hu=ndimage.gaussian_filter(_layers(hu), (0, *(_BLUR_MM / options.pixel_mm,) * 2)),
        lytic=_layers(lytic) > 0.5,
        blastic=_layers(blastic) > 0.5,
        quality=quality_of(_area(blastic, area) >= SEEN_MM2, _area(lytic, area) >= SEEN_MM2),
        involvement=np.asarray(np.minimum(involved, Involvement.BILATERAL)),
        bone=np.abs(middles) < anatomy.height / 2,
    )


def _layers(voxels: np.ndarray) -> np.ndarray:
    return np.asarray(voxels.reshape(-1, _LAYERS, *voxels.shape[1:]).mean(axis=1), dtype=np.float32)


def _area(share: np.ndarray, pixel: float) -> np.ndarray:
    return np.asarray(_layers(share).sum(axis=(1, 2)) * pixel)


def _expose(
    shape: VertebraShape,
    anatomy: VertebraAnatomy,
    lesion: Metastasis,
    *,
    lytic: np.ndarray,
    blastic: np.ndarray,
    spacing: tuple[float, float, float],
    rng: np.random.Generator,
) -> np.ndarray:
    pixel = spacing[1]
    texture = smooth_noise(rng, shape.body.shape, _TEXTURE_MM, spacing) * np.float32(anatomy.texture_hu)
    spongiosa = texture + np.float32(anatomy.trabecular_hu) + _degenerate(shape, anatomy)
    hu = _soft_tissue(shape, rng)
    for depth, shell in ((shape.body, anatomy.shell), (shape.posterior, anatomy.posterior_shell)):
        within, inner = _occupied(depth, pixel), _occupied(depth - shell, pixel)
        # What is inside the shell is spongiosa, in posterior elements a denser one.
        inside = spongiosa if depth is shape.body else spongiosa + np.float32(60)
        bone = inner * inside + (within - inner) * np.float32(anatomy.cortical_hu)
        hu = hu * (1 - within) + bone
    hole = np.hypot(np.hypot(shape.z, shape.x * 0.7), shape.y - anatomy.half_depth * 0.8)
    vein = np.clip((_VEIN_RADIUS_MM - hole) / pixel + 0.5, 0, 1) * _occupied(shape.body, pixel)
    hu = hu * (1 - vein) + vein * np.float32(_MARROW_HU)
    uneven = 1 + 0.35 * texture / np.float32(anatomy.texture_hu)
    hu = hu + blastic * np.float32(lesion.added_hu) * np.clip(uneven, 0.3, 2)
    return np.asarray(hu * (1 - lytic) + lytic * np.float32(lesion.tumour_hu), dtype=np.float32)


def _occupied(depth: np.ndarray, pixel: float) -> np.ndarray:
    return np.clip(depth / np.float32(pixel) + np.float32(0.5), 0, 1)


def _degenerate(shape: VertebraShape, anatomy: VertebraAnatomy) -> np.ndarray:
    """Sclerosis that is no metastasis: under the end plates in front, and at the joints."""
    plates = np.exp(-np.maximum(anatomy.height / 2 - np.abs(shape.z), 0) / 2.5)
    ahead = np.clip(-shape.y / anatomy.half_depth, 0, 1)
    joints = 0.5 * np.exp(-(((np.abs(shape.x) - anatomy.canal_width - 6) / 4) ** 2)) * (shape.y > anatomy.half_depth)
    return np.asarray(anatomy.sclerosis_hu * (plates * ahead + joints), dtype=np.float32)


def _soft_tissue(shape: VertebraShape, rng: np.random.Generator) -> np.ndarray:
    """Muscle, fat behind and around, the disc, and an aorta that contrast medium may fill."""
    fat = np.clip((np.hypot(shape.x / 1.25, shape.y - 5) - 58) / 6, 0, 1)
    flat = _MUSCLE_HU + (_FAT_HU - _MUSCLE_HU) * fat
    filled = rng.uniform(120, 280) if rng.random() < 0.4 else 45.0
    place = (-rng.uniform(30, 36), rng.uniform(-4, 14), rng.uniform(8, 12))
    aorta = np.clip((place[2] - np.hypot(shape.y - place[0], shape.x - place[1])) / 1.5 + 0.5, 0, 1)
    flat = flat * (1 - aorta) + filled * aorta
    disc = np.clip(shape.outline / 1.5 + 0.5, 0, 1)
    return np.asarray(flat * (1 - disc) + _DISC_HU * disc, dtype=np.float32)
