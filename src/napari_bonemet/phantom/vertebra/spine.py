"""One synthetic patient: a stretch of the spine as one scan, with its labels."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.bone_quality import Quality, is_blastic, is_lytic, quality_of
from napari_bonemet.phantom.options import stream
from napari_bonemet.phantom.vertebra.anatomy import level_anatomy, patient_anatomy
from napari_bonemet.phantom.vertebra.lesions import Metastasis, draw_metastasis
from napari_bonemet.phantom.vertebra.options import GENERATOR, SpineOptions
from napari_bonemet.phantom.vertebra.scan import scan_vertebra
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Scan

_UM = 1000.0
# Noise of a reconstruction is not quite independent from pixel to pixel.
_NOISE_PIXELS = 0.5


@dataclass(frozen=True, eq=False)
class SyntheticSpine:
    """A synthetic patient's scan, and what is known of it.

    Parameters
    ----------
    options : SpineOptions
        What was asked for.
    scan : Scan
        Hounsfield units, int16; z grows upwards.
    vertebra : ndarray, (z,) int64
        Which vertebra a slice shows, from 1 at the lowest; 0 in the discs.
    quality, involvement : ndarray, (z,) int64
        What each slice shows.
    lytic, blastic : ndarray, (z, y, x) bool
        Where bone was lost, and where some was added.
    metastases : tuple of Metastasis
        What was drawn for each vertebra.
    """

    options: SpineOptions
    scan: Scan
    vertebra: np.ndarray
    quality: np.ndarray
    involvement: np.ndarray
    lytic: np.ndarray
    blastic: np.ndarray
    metastases: tuple[Metastasis, ...]

    def vertebra_quality(self, number: int) -> Quality:
        """What a vertebra is labelled, from 1: what its slices show together."""
        shown = self.quality[self.vertebra == number]
        return Quality(int(quality_of(np.array(is_blastic(shown).any()), np.array(is_lytic(shown).any()))))


def make_spine(options: SpineOptions | None = None) -> SyntheticSpine:
    """Make the patient `options.seed`: the same options give the same voxels.

    Parameters
    ----------
    options : SpineOptions, optional
        The patient, the vertebrae, and how they are scanned.
    """
    options = options or SpineOptions()
    patient = stream(options.seed, "spine")
    usual = patient_anatomy(patient)
    thickness = float(patient.choice(options.thicknesses_mm))
    noise = float(patient.uniform(*options.noise_hu))
    made, metastases, numbers = [], [], []
    for number in range(1, options.vertebrae + 1):
        rng = stream(options.seed, "vertebra", number)
        anatomy = level_anatomy(usual, rng)
        lesion = draw_metastasis(anatomy, options.lesion_share, rng)
        slices = scan_vertebra(options, anatomy, lesion, thickness, rng)
        made.append(slices)
        metastases.append(lesion)
        numbers.append(np.where(slices.bone, number, 0))
    hu = np.concatenate([slices.hu for slices in made])
    hu += _noise(stream(options.seed, "spine noise"), hu.shape) * np.float32(noise)
    return SyntheticSpine(
        options=options,
        scan=_as_scan(hu, thickness, options),
        vertebra=np.concatenate(numbers),
        quality=np.concatenate([slices.quality for slices in made]),
        involvement=np.concatenate([slices.involvement for slices in made]),
        lytic=np.concatenate([slices.lytic for slices in made]),
        blastic=np.concatenate([slices.blastic for slices in made]),
        metastases=tuple(metastases),
    )


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    field = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), (0, _NOISE_PIXELS, _NOISE_PIXELS))
    return np.asarray(field / field.std())


def _as_scan(hu: np.ndarray, thickness: float, options: SpineOptions) -> Scan:
    voxels = np.rint(np.clip(hu, -1024, 3071)).astype(np.int16)
    spacing = (thickness * _UM, options.pixel_mm * _UM, options.pixel_mm * _UM)
    step = Step("synthetic spine", {**options.as_record(), "generator": GENERATOR})
    return Scan(voxels, spacing, subject=options.subject, part="spine", synthetic=True, history=(step,))
