"""What can be asked of a synthetic patient's spine."""

from dataclasses import dataclass
from typing import Annotated

from napari_bonemet.options import Between, Doc, Options, Unit

# Raised whenever the same options would give other voxels.
GENERATOR = 1


@dataclass(frozen=True)
class SpineOptions(Options):
    """A stretch of a synthetic spine as one CT scan: the patient, the vertebrae, and how they are scanned.

    The seed is the patient. Lengths are millimetres, as in human CT.
    """

    vertebrae: Annotated[int, Doc("Vertebrae in the scan."), Between(1, 12)] = 3
    side: Annotated[int, Doc("Pixels along either side of a slice."), Between(48, 1024), Unit("pixels")] = 96
    pixel_mm: Annotated[float, Doc("Pixel size."), Between(0.2, 4), Unit("mm")] = 1.5
    thicknesses_mm: Annotated[
        tuple[float, ...], Doc("Slice thicknesses, of which each patient has one."), Between(0.5, 10), Unit("mm")
    ] = (2.5, 3.0, 4.0, 5.0)
    lesion_share: Annotated[float, Doc("Chance of a vertebra to hold a metastasis."), Between(0, 1)] = 0.75
    noise_hu: Annotated[
        tuple[float, float], Doc("Least and most standard deviation of a patient's noise."), Between(0, 200), Unit("HU")
    ] = (12.0, 30.0)
    seed: Annotated[int, Doc("The patient."), Between(0, 2**32 - 1)] = 0
    subject: Annotated[str, Doc("The patient's name.")] = "synthetic-patient-1"
