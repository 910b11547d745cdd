"""From slices to a checkpoint and back: patients apart, learning that learns, votes in the record."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.bone_quality import UNKNOWN, Involvement, Quality
from napari_bonemet.diagnose.quality.classifier import BoneQualityClassifier
from napari_bonemet.diagnose.quality.cropping import bone_of, squares_of
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.slices import LabelledSlices, balanced
from napari_bonemet.diagnose.quality.synthetic import mislabelled
from napari_bonemet.diagnose.quality.training import opinion_of, train_quality
from napari_bonemet.diagnose.registry import load_classifier
from napari_bonemet.errors import InputError
from napari_bonemet.phantom.vertebra.spine import SyntheticSpine
from napari_bonemet.scan import Scan

from .conftest import TINY

Parts = tuple[LabelledSlices, LabelledSlices]


def test_no_patient_is_on_two_sides(parts: Parts) -> None:
    learned, kept = parts
    torn = learned.of({min(learned.patients)})
    with pytest.raises(InputError, match="two sides"):
        BoneQualityClassifier.fit(learned, LabelledSlices.together([kept, torn]), options=TINY)


def test_frequent_classes_are_thinned_out_first(parts: Parts) -> None:
    learned, _ = parts
    most = len(learned) // 2
    thin = balanced(learned, most, np.random.default_rng(0))
    assert len(thin) <= most
    before, after = learned.counts(), thin.counts()
    room = max(after.values())
    assert after == {name: min(count, room) for name, count in before.items()}
    assert set(thin.segment_quality) == set(thin.segment.tolist())


def test_labels_are_drawn_anew_for_the_share_asked(parts: Parts) -> None:
    learned, _ = parts
    wrong = mislabelled(learned, 0.4, np.random.default_rng(0))
    # A label drawn anew is the old one in a fourth of the cases.
    assert (wrong.quality != learned.quality).mean() == pytest.approx(0.3, abs=0.1)
    assert np.array_equal(wrong.squares, learned.squares)


def test_the_square_holds_the_bone_and_blanks_what_is_far_from_it(spines: list[SyntheticSpine]) -> None:
    spine = spines[0]
    at = int(np.flatnonzero(spine.vertebra)[3])
    bone = bone_of(spine.scan.to_numpy()[at].astype(float), TINY.bone_from, TINY.gap_um / TINY.pixel_um)
    square = squares_of(spine.scan, TINY, np.array([at]))[0]
    seen = square > 255 * (TINY.bone_from - TINY.window[0]) / (TINY.window[1] - TINY.window[0])
    assert bone.sum() > 40
    assert seen.any()
    low = round(-255 * TINY.window[0] / (TINY.window[1] - TINY.window[0])) - 20
    assert (square == 0).mean() > 0.3, low
    rows, columns = np.nonzero(seen)
    assert abs(rows.mean() - 16) < 5
    assert abs(columns.mean() - 16) < 5


def test_finer_pixels_give_the_same_square(spines: list[SyntheticSpine]) -> None:
    scan = spines[1].scan
    voxels = scan.to_numpy().repeat(2, axis=1).repeat(2, axis=2)
    fine = replace(scan, voxels=voxels, spacing=(scan.spacing[0], 1500.0, 1500.0))
    one, other = (squares_of(each, TINY, np.arange(4, 8)).astype(float) for each in (scan, fine))
    assert np.abs(one - other).mean() < 12


def test_voxels_without_the_scanners_intercept_are_refused(spines: list[SyntheticSpine]) -> None:
    raw = replace(spines[0].scan, voxels=(spines[0].scan.to_numpy() + 1024).astype(np.uint16))
    with pytest.raises(InputError, match="no Hounsfield units"):
        squares_of(raw, TINY)
    grey = replace(TINY, values="grey")
    with pytest.raises(InputError, match="no greys"):
        squares_of(raw, grey)


def test_training_learns_and_self_pacing_leaves_hard_slices_out(parts: Parts) -> None:
    learned, _ = parts
    made = train_quality(learned, replace(TINY, epochs=10))
    assert made.epochs[-1].loss < 0.85 * made.epochs[0].loss
    assert made.epochs[0].learned == 1.0
    assert min(each.learned for each in made.epochs) < 0.95
    plain = train_quality(learned, replace(TINY, epochs=2, self_paced=False))
    assert [each.learned for each in plain.epochs] == [1.0, 1.0]


@pytest.mark.parametrize(
    "changes",
    [
        {"sharing": "single-task"},
        {"sharing": "soft-sharing", "involvement": False, "perceptron": False},
        {"sharing": "hard-sharing-1", "perceptron": False},
        {"sharing": "involvement-alone"},
    ],
)
def test_every_row_of_the_ablation_trains(parts: Parts, changes: dict[str, object]) -> None:
    options = replace(TINY, epochs=1, schedule=False, **changes)
    made = train_quality(parts[0], options)
    said = opinion_of(made.network, parts[1].squares)
    if options.sharing == "involvement-alone":
        assert said.probability is None
        assert said.involvement is not None
    else:
        assert said.known.sum(axis=1) == pytest.approx(1, abs=1e-4)
        assert (said.involvement is not None) == ("involvement" in options.tasks)


def test_the_thresholds_of_two_sub_tasks_give_the_most_probable_class(parts: Parts) -> None:
    options = replace(TINY, epochs=1, perceptron=False, involvement=False)
    network = train_quality(parts[0], options).network
    said = opinion_of(network, parts[1].squares)
    blastic = said.known[:, [Quality.BLASTIC, Quality.MIXED]].sum(axis=1)
    lytic = said.known[:, [Quality.LYTIC, Quality.MIXED]].sum(axis=1)
    assert np.array_equal(np.isin(said.quality, (Quality.BLASTIC, Quality.MIXED)), blastic > 0.5)
    assert np.array_equal(np.isin(said.quality, (Quality.LYTIC, Quality.MIXED)), lytic > 0.5)


def test_a_checkpoint_says_the_same_again(
    classifier: BoneQualityClassifier, spines: list[SyntheticSpine], tmp_path: Path
) -> None:
    again = BoneQualityClassifier.load(classifier.save(tmp_path / "quality.safetensors"))
    assert again.options == classifier.options
    assert again.vote_threshold == classifier.vote_threshold == again.training["validation"]["vote_threshold"]
    assert again.synthetic
    spine = spines[-1]
    one, other = (each.classify(spine.scan, segment=spine.vertebra) for each in (classifier, again))
    assert np.allclose(one.probability, other.probability, atol=0.02)
    assert set(one.verdict) == {1, 2}
    assert np.array_equal(one.slices, np.flatnonzero(spine.vertebra))
    rows = one.as_rows()
    assert [row["slice"] for row in rows] == [None, None, *one.slices.tolist()]
    assert {row["quality"] for row in rows} <= {each.word for each in Quality}
    assert {row["involvement"] for row in rows} <= {each.word for each in Involvement}
    with pytest.raises(InputError, match="no lesion classifier"):
        load_classifier(tmp_path / "quality.safetensors")


def test_scans_that_cannot_be_judged_are_refused(
    classifier: BoneQualityClassifier, spines: list[SyntheticSpine]
) -> None:
    scan = spines[0].scan
    with pytest.raises(InputError, match="do not fit"):
        classifier.classify(scan, segment=np.ones(2, dtype=int))
    soft = Scan(np.full((3, 40, 40), -80, np.int16), (3000.0,) * 3)
    with pytest.raises(InputError, match="no bone"):
        classifier.classify(soft)


def test_without_known_involvement_it_is_not_learned(parts: Parts) -> None:
    learned, _ = parts
    unknown = replace(learned, involvement=np.full(len(learned), UNKNOWN))
    model = BoneQualityClassifier.fit(unknown, options=replace(TINY, epochs=1))
    assert model.options.tasks == ("blastic", "lytic")
    with pytest.raises(InputError, match="has to learn it"):
        BoneQualityClassifier.fit(learned, options=QualityOptions(sharing="involvement-alone"))
