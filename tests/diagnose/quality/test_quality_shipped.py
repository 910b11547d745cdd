"""The bone quality network that comes with the package, on patients that it never saw."""

import numpy as np

from napari_bonemet.bone_quality import Quality
from napari_bonemet.diagnose.quality.scores import balanced_sensitivity
from napari_bonemet.diagnose.registry import load_quality_classifier
from napari_bonemet.forecast.shipped import shipped_checkpoint
from napari_bonemet.phantom.vertebra.cohort import SpineCohortOptions, patients
from napari_bonemet.phantom.vertebra.options import GENERATOR
from napari_bonemet.phantom.vertebra.spine import make_spine


def test_it_is_small_and_tells_lesions_apart_as_its_header_says() -> None:
    assert shipped_checkpoint("bone-quality").stat().st_size < 6e6
    classifier = load_quality_classifier()
    record = classifier.training
    assert classifier.synthetic
    assert record["generator"] == GENERATOR, "trained on another generator"
    assert "never seen" in record["held_out"]["protocol"]
    said, true = [], []
    for patient in patients(SpineCohortOptions(patients=10, seed=77)):
        spine = make_spine(patient)
        found = classifier.classify(spine.scan, segment=spine.vertebra)
        said.append(found.quality)
        true.append(spine.quality[found.slices])
        assert set(found.verdict) == set(spine.vertebra[found.slices].tolist())
        assert "synthetic bone alone" in found.note
    score = balanced_sensitivity(np.concatenate(said), np.concatenate(true))
    # Chance is a fourth; ten patients scatter about what forty gave.
    assert score > 0.4
    assert abs(score - record["held_out"]["slices"]["mean_sensitivity"]) < 0.2
    assert set(np.concatenate(said).tolist()) == {int(each) for each in Quality}
