from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.diagnosis import UNLIKE
from napari_bonemet.diagnose.registry import SINGLE, TOGETHER, load_classifier
from napari_bonemet.diagnose.strangeness.familiar import MARGIN, Cloud, Familiar
from napari_bonemet.diagnose.strangeness.statistics import NAMES, scan_statistics, slice_statistics
from napari_bonemet.errors import InputError
from napari_bonemet.io import read_scan
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.scan import Scan

Ring = Callable[..., Scan]


def test_distance_is_mahalanobis_in_the_limit_of_the_held_out() -> None:
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(2, 2000, 3)) @ np.array([[2.0, 0.5, 0], [0, 1, 0], [0, 0, 0.1]]) + [5, 0, -3]
    cloud = Cloud.of(mixed[0], mixed[1])
    told = np.array([cloud.distance(row) for row in mixed[1]])
    assert np.quantile(told, 0.99) == pytest.approx(1 / MARGIN, rel=0.01)
    middle = np.array([5.0, 0, -3])
    assert cloud.distance(middle) < 0.1
    # The same way off is stranger along the axis where the training hardly moved.
    along, across = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
    assert cloud.distance(middle + across) > 2 * cloud.distance(middle + along)
    assert cloud.distance(middle + across) > 1


def test_a_column_that_never_moved_makes_nothing_infinite() -> None:
    rows = np.column_stack([np.ones(50), np.random.default_rng(0).normal(size=50)])
    assert np.isfinite(Cloud.of(rows, rows).distance(np.array([1.001, 0.0])))


def test_statistics_see_noise_blur_and_brightness(ring: Ring) -> None:
    plain = ring(1).to_numpy().astype(np.float32)
    rng = np.random.default_rng(0)

    def of(voxels: np.ndarray) -> dict[str, float]:
        return dict(zip(NAMES, scan_statistics(slice_statistics(voxels, 75.0)), strict=False))

    noisy, blurred = of(plain + rng.normal(0, 15, plain.shape)), of(ndimage.gaussian_filter(plain, (0, 1.5, 1.5)))
    known = of(plain)
    assert known["noise"] == pytest.approx(6, rel=0.25)
    assert noisy["noise"] > 2 * known["noise"]
    assert blurred["edge"] < 0.7 * known["edge"]
    assert of(plain * 1.2)["bone grey"] == pytest.approx(1.2 * known["bone grey"], rel=0.05)


def test_strange_rings_get_no_verdict(classifier: LesionClassifier, ring: Ring) -> None:
    scan = ring(800, holes=(4, 5))
    rng = np.random.default_rng(0)
    dim = replace(scan, voxels=(scan.to_numpy() * 0.6).astype(np.uint8))
    static = replace(scan, voxels=rng.integers(0, 255, scan.shape).astype(np.uint8))
    assert not classifier.classify(scan).unlike
    for strange in (dim, static):
        said = classifier.classify(strange)
        assert said.unlike
        assert said.verdict == UNLIKE
        assert said.as_row()["unlike"] is True
        assert said.as_row()["strangeness"] > 1
    old = replace(classifier, familiar=None).classify(dim)
    assert (old.strangeness, old.unlike, old.as_row()["unlike"]) == (None, False, None)
    assert old.verdict != UNLIKE


def test_it_is_kept_with_the_weights_and_damage_is_told(classifier: LesionClassifier) -> None:
    kept = classifier.checkpoint()
    again = LesionClassifier.from_checkpoint(kept).familiar
    assert again is not None
    assert again.features.limit == pytest.approx(classifier.familiar.features.limit, rel=1e-5)
    tensors = {name: tensor for name, tensor in kept.tensors.items() if name != "strangeness.features.mean"}
    with pytest.raises(InputError, match="training scans is damaged"):
        LesionClassifier.from_checkpoint(replace(kept, tensors=tensors))
    assert Familiar.from_tensors({"bias": np.zeros(1)}) is None


@pytest.mark.parametrize("name", [SINGLE, TOGETHER])
def test_the_shipped_ones_know_animals_of_the_training_s_kind(name: str) -> None:
    classifier = load_classifier(name=name)
    for animal in animals(CohortOptions(controls=1, tumours=2, seed=55, variety="wide")):
        weeks = make_leg(animal).registered().scans
        assert not any(classifier.classify(scan, earlier=weeks[:number]).unlike for number, scan in enumerate(weeks))


@pytest.mark.parametrize("name", [SINGLE, TOGETHER])
@pytest.mark.parametrize(
    ("place", "voxel"),
    [
        ("mouse_femur/mouse_femur2.mhd", None),
        ("shrew_trabecular/Shrew.nrrd", None),
        ("lhdl_trabecular_toy", 19.5),
    ],
)
def test_real_scans_are_told_to_be_strange(shared_data: Path, name: str, place: str, voxel: float | None) -> None:
    said = load_classifier(name=name).classify(read_scan(shared_data / place, spacing=voxel))
    assert said.verdict == UNLIKE
