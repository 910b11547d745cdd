from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.diagnosis import Diagnosis
from napari_bonemet.diagnose.registry import load_classifier
from napari_bonemet.errors import InputError
from napari_bonemet.forecast import shipped
from napari_bonemet.forecast.checkpoint import load_checkpoint, save_checkpoint
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Kind, Scan

from .listening import Listener

Ring = Callable[..., Scan]


def together(scans: list[Scan]) -> Scan:
    """Slices of several scans, one below the other."""
    return replace(scans[0], voxels=np.concatenate([scan.to_numpy() for scan in scans]))


def test_unseen_rings_are_told_apart_and_the_gap_is_found_though_nobody_showed_it(
    classifier: LesionClassifier, ring: Ring
) -> None:
    for seed in range(500, 508):
        ill, well = classifier.classify(ring(seed, holes=(4, 5, 6))), classifier.classify(ring(seed))
        assert (ill.verdict, well.verdict) == ("bone lesion", "no lesion")
        assert ill.slice_index in (4, 5, 6)
        assert set(np.flatnonzero(ill.per_slice > 0.5)) == {4, 5, 6}
        assert not np.any(well.per_slice > 0.5)


def test_a_slice_is_judged_as_if_the_scan_showed_nothing_else(classifier: LesionClassifier, ring: Ring) -> None:
    scan = ring(510, holes=(2, 3))
    whole = classifier.classify(scan)
    for z in range(12):
        alone = classifier.classify(scan.crop((slice(z, z + 1), slice(None), slice(None))))
        # The square may lie a voxel elsewhere, since less bone is seen.
        assert whole.per_slice[z] == pytest.approx(alone.probability, abs=0.1)
        assert alone.probability == pytest.approx(alone.per_slice[0])


def test_the_scan_is_never_less_suspicious_than_a_slice_of_it(classifier: LesionClassifier) -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):  # nonsense, which shows all features that there are
        voxels = rng.integers(0, 255, (9, 36, 36)).astype(np.uint8)
        found = classifier.classify(Scan(voxels, (60.0,) * 3))
        assert found.probability >= found.per_slice.max() - 1e-6
        assert found.slice_index == found.per_slice.argmax()


def test_signs_of_different_slices_add_up(classifier: LesionClassifier) -> None:
    features = np.zeros((2, 16), dtype=np.float32)
    features[0, 0] = features[1, 1] = 1.0
    each, both = classifier._probabilities(features), classifier._probabilities(features.max(axis=0))
    nothing = classifier._probabilities(features[:1] * 0)
    odds = [float(np.log(p / (1 - p))) for p in (nothing[0], *each, both[0])]
    assert odds[3] - odds[0] == pytest.approx((odds[1] - odds[0]) + (odds[2] - odds[0]), abs=1e-3)
    assert min(odds[1:3]) > odds[0]


def test_any_number_of_slices_in_any_order(classifier: LesionClassifier, ring: Ring) -> None:
    scan = together([ring(520, holes=(7,), turn=0.3), *(ring(520) for _ in range(5))])  # more than one slab of slices
    assert scan.shape[0] == 72
    found = classifier.classify(scan)
    assert set(np.flatnonzero(found.per_slice > 0.5)) == {7}
    turned = classifier.classify(replace(scan, voxels=scan.to_numpy()[::-1]))
    np.testing.assert_allclose(turned.per_slice[::-1], found.per_slice, atol=1e-5)
    assert turned.probability == pytest.approx(found.probability, abs=1e-5)


def test_any_field_of_view(classifier: LesionClassifier, ring: Ring) -> None:
    scan = ring(530, holes=(4, 5))
    known = classifier.classify(scan)
    wide = classifier.classify(scan.pad((0, 30, 5), (0, 2, 40)))
    np.testing.assert_allclose(wide.per_slice, known.per_slice, atol=0.1)
    tight = classifier.classify(scan.crop((slice(None), slice(7, 33), slice(7, 33))))  # smaller than the square
    assert set(np.flatnonzero(tight.per_slice > 0.5)) == {4, 5}


class Brightest:
    """A network that sees the brightest voxel of a square and nothing else."""

    def look(self, squares: Any) -> Any:
        return squares.amax((1, 2))[:, None]

    def judge(self, features: Any) -> Any:
        return features[..., 0]


def test_bone_wider_than_the_square_is_looked_at_all_over(classifier: LesionClassifier) -> None:
    simple = replace(classifier, network=Brightest())
    rng = np.random.default_rng(0)
    for _ in range(20):
        voxels = np.full((6, 70, 110), 100, dtype=np.uint8)
        z, y, x = (int(rng.integers(side)) for side in voxels.shape)
        voxels[z, y, x] = 255
        found = simple.classify(Scan(voxels, (60.0,) * 3))
        assert found.slice_index == z
        assert found.probability == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_another_voxel_size_is_resampled_and_told(classifier: LesionClassifier, ring: Ring) -> None:
    fine, coarse = ring(550, holes=(4, 5), fine=3), ring(550, holes=(4, 5))
    found = classifier.classify(fine)
    assert set(np.flatnonzero(found.per_slice > 0.5)) == {4, 5}
    assert not classifier.classify(ring(550, fine=3)).lesion
    assert "resampled to the 60 µm" in found.note
    assert "resampled" not in classifier.classify(coarse).note
    thick = replace(coarse, spacing=(90.0, 60.0, 60.0))
    assert "slices lie 90 µm apart, 60 µm where it was trained" in classifier.classify(thick).note


def test_slices_without_bone_are_the_least_suspicious(classifier: LesionClassifier, ring: Ring) -> None:
    scan = ring(560, holes=(4,))
    voxels = scan.to_numpy().copy()
    voxels[[0, 11]] = 20
    found = classifier.classify(replace(scan, voxels=voxels))
    assert found.per_slice[0] == found.per_slice[11] == found.per_slice.min()
    assert found.slice_index == 4


def test_lazy_scans_and_other_types_of_greys(classifier: LesionClassifier, ring: Ring) -> None:
    scan = ring(570, holes=(4,))
    known = classifier.classify(scan)
    lazy = classifier.classify(replace(scan, voxels=da.from_array(scan.to_numpy(), chunks=(5, 40, 40))))
    np.testing.assert_array_equal(lazy.per_slice, known.per_slice)
    overshot = scan.to_numpy().astype(np.float32)
    overshot[overshot > 250] = 263.0
    assert classifier.classify(replace(scan, voxels=overshot)).slice_index == 4


def test_what_it_says_of_itself(classifier: LesionClassifier, ring: Ring) -> None:
    found = classifier.classify(ring(580, holes=(4,)))
    assert isinstance(found, Diagnosis)
    assert (found.leg, found.title, found.model) == ("t580 left tibia", "t580 left tibia, week 2", "lesion-slices")
    assert found.synthetic
    assert found.trained_on_synthetic
    assert found.per_slice.shape == (12,)
    assert found.per_slice.dtype == np.float32
    assert "research use; trained on synthetic legs" in found.note
    assert "trained on scans" in replace(classifier, synthetic=False).classify(ring(580)).note
    assert "called a femur" in classifier.classify(replace(ring(580), part="femur")).note
    assert "of a forecast" in classifier.classify(replace(ring(580), kind=Kind.PREDICTION)).note
    row = found.as_row()
    assert list(row) == [
        "subject",
        "side",
        "week",
        "probability",
        "slice",
        "verdict",
        "model",
        "note",
        "synthetic",
        "strangeness",
        "unlike",
    ]
    assert (row["subject"], row["side"], row["week"], row["slice"]) == ("t580", "left", 2.0, 4)


def test_what_is_no_grey_scan_is_refused(classifier: LesionClassifier, ring: Ring) -> None:
    scan = ring(590)
    for kind in (Kind.COMPOSITE, Kind.UNCERTAINTY):
        with pytest.raises(InputError, match="expected grey values; found a scan of kind"):
            classifier.classify(replace(scan, kind=kind))
    with pytest.raises(InputError, match="no bone"):
        classifier.classify(replace(scan, voxels=np.full((3, 40, 40), 30, dtype=np.uint8)))
    with pytest.raises(InputError, match="expected 0 to 255"):
        classifier.classify(replace(scan, voxels=scan.to_numpy().astype(np.uint16) * 200))
    with pytest.raises(InputError, match="expected 0 to 255"):
        classifier.classify(replace(scan, voxels=np.full((3, 40, 40), np.nan)))


def test_looking_can_be_followed_and_stopped(classifier: LesionClassifier, ring: Ring) -> None:
    scan = together([ring(600) for _ in range(6)])
    listener = Listener()
    classifier.classify(scan, progress=listener)
    assert listener.fractions == sorted(listener.fractions)
    assert listener.fractions[-1] == pytest.approx(1.0)
    assert len(set(listener.fractions)) > 4
    for patience in range(1, 8):
        with pytest.raises(Cancelled):
            classifier.classify(scan, progress=Listener(patience))


def test_a_checkpoint_holds_all_of_it(classifier: LesionClassifier, ring: Ring, tmp_path: Path) -> None:
    path = classifier.save(tmp_path / "c.safetensors")
    read = load_classifier(path)
    assert (read.options, read.spacing, read.synthetic) == (classifier.options, classifier.spacing, True)
    assert read.training == classifier.training
    scan = ring(610, holes=(4, 5))
    known, found = classifier.classify(scan), read.classify(scan)
    np.testing.assert_allclose(found.per_slice, known.per_slice, atol=0.01)
    assert found.note == known.note
    header = load_checkpoint(path).header()
    assert (header["trained_on"], header["input_kind"]) == ("synthetic legs", "grey")
    assert header["training"]["validation"]["auc_same_week"] == 1.0


def test_another_model_or_a_damaged_one_is_refused(classifier: LesionClassifier, tmp_path: Path) -> None:
    whole = classifier.checkpoint()
    cases = {
        "no lesion classifier": replace(whole, name="ridge"),
        "no bias": replace(whole, tensors={n: t for n, t in whole.tensors.items() if n != "bias"}),
        "does not fit": replace(whole, configuration={**whole.configuration, "width": 8}),
        "damaged": replace(whole, tensors={**whole.tensors, "bias": np.array([np.nan], dtype=np.float16)}),
    }
    for message, checkpoint in cases.items():
        with pytest.raises(InputError, match=message):
            load_classifier(save_checkpoint(checkpoint, tmp_path / "x.safetensors"))


def test_a_missing_shipped_checkpoint_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(InputError, match="did not come with this installation"):
        load_classifier()


def test_it_moves_to_a_device(untouched: LesionClassifier, ring: Ring) -> None:
    known = untouched.classify(ring(620))
    assert untouched.on("cpu").device == "cpu"
    np.testing.assert_array_equal(untouched.on("cpu").classify(ring(620)).per_slice, known.per_slice)
