"""A few synthetic patients, and a small network that was trained on them within seconds."""

import numpy as np
import pytest

from napari_bonemet.diagnose.quality.classifier import BoneQualityClassifier
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.slices import LabelledSlices
from napari_bonemet.diagnose.quality.synthetic import slices_of_spine
from napari_bonemet.phantom.vertebra.cohort import SpineCohortOptions, patients
from napari_bonemet.phantom.vertebra.options import SpineOptions
from napari_bonemet.phantom.vertebra.spine import SyntheticSpine, make_spine

TINY = QualityOptions(
    crop=32, pixel_um=3000.0, growth=4, blocks=(1, 2, 2, 1), stem_pools=False, epochs=6, batch=8, learning_rate=0.1
)


@pytest.fixture(scope="session")
def spines() -> list[SyntheticSpine]:
    plain = SpineOptions(vertebrae=2, pixel_mm=3.0, side=48, thicknesses_mm=(4.0,))
    return [make_spine(patient) for patient in patients(SpineCohortOptions(patients=12, seed=6, spine=plain))]


@pytest.fixture(scope="session")
def parts(spines: list[SyntheticSpine]) -> tuple[LabelledSlices, LabelledSlices]:
    """Nine patients to learn from, and three others."""
    made = [slices_of_spine(spine, TINY) for spine in spines]
    return LabelledSlices.together(made[:9]), LabelledSlices.together(made[9:])


@pytest.fixture(scope="session")
def classifier(parts: tuple[LabelledSlices, LabelledSlices]) -> BoneQualityClassifier:
    model = BoneQualityClassifier.fit(*parts, options=TINY, synthetic=True)
    assert np.isfinite([each["loss"] for each in model.training["history"]]).all()
    return model
