"""Labelled slices of synthetic tibiae, for a network of micro-CT greys; a tibia has no posterolateral elements."""

import numpy as np

from napari_bonemet.bone_quality import UNKNOWN, is_blastic, is_lytic, quality_of
from napari_bonemet.diagnose.quality.cropping import squares_of
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.slices import LabelledSlices
from napari_bonemet.phantom.leg import SyntheticLeg
from napari_bonemet.phantom.slice_labels import slice_quality


def slices_of_leg(leg: SyntheticLeg, options: QualityOptions) -> LabelledSlices:
    """The slices of all registered weeks; each week votes as one segment."""
    parts = []
    for index, scan in enumerate(leg.registered()):
        quality = slice_quality(leg, index)
        name = scan.title
        both = quality_of(np.array(is_blastic(quality).any()), np.array(is_lytic(quality).any()))
        parts.append(
            LabelledSlices(
                squares=squares_of(scan, options),
                quality=quality,
                involvement=np.full(len(quality), UNKNOWN),
                patient=np.full(len(quality), leg.options.subject),
                segment=np.full(len(quality), name),
                segment_quality={name: int(both)},
            )
        )
    return LabelledSlices.together(parts)
