"""Response to treatment: projections against what is known of them, learning, and what is refused."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.diagnose.response.bone_measures import BoneChange
from napari_bonemet.diagnose.response.cases import ResponseCase, case_of
from napari_bonemet.diagnose.response.classifier import ResponseClassifier
from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.diagnose.response.projections import pictures, project
from napari_bonemet.diagnose.response.validation import cross_validate
from napari_bonemet.errors import InputError
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.torch_import import import_torch

OPTIONS = ResponseOptions(
    weeks=(0, 1), rows=8, columns=12, pixel_um=50, width=4, hidden=4, epochs=30, batch=4, learning_rate=0.01
)
SPACING = (50.0, 50.0, 50.0)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Steps of such small networks are too short to be shared: on a busy machine threads would only wait."""
    torch = import_torch()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def leg(voxels: np.ndarray, side: str = "left", later: np.ndarray | None = None) -> ScanSeries:
    weeks = [voxels, voxels if later is None else later]
    return ScanSeries(
        tuple(
            Scan(each, SPACING, subject="m1", side=side, day=7 * week, kind=Kind.REGIST)  # type: ignore[arg-type]
            for week, each in enumerate(weeks)
        )
    )


def block(thick: int = 4, grey: int = 255) -> np.ndarray:
    voxels = np.full((8, 12, 12), 60, np.uint8)
    voxels[2:6, 4 : 4 + thick, 5:7] = grey
    return voxels


def test_a_projection_is_the_path_through_bone() -> None:
    seen = project(leg(block()), OPTIONS)
    assert seen.views == ("coronal", "sagittal")
    coronal, sagittal = seen.paths[:, 0]
    # Four voxels of 50 µm of the whitest grey along y, two along x; soft tissue below the threshold is none.
    assert coronal.max() == pytest.approx(0.2)
    assert sagittal.max() == pytest.approx(0.1)
    np.testing.assert_allclose(coronal.sum(), 0.2 * 4 * 2, rtol=1e-6)
    half = project(leg(block(grey=128)), OPTIONS)
    assert half.paths[0, 0].max() == pytest.approx(0.2 * 128 / 255)


def test_the_bone_is_in_the_middle_and_right_legs_are_mirrored() -> None:
    voxels = block()
    voxels[2:6, 4:8, 7] = 120
    left, moved = project(leg(voxels), OPTIONS), project(leg(np.roll(voxels, 2, axis=2)), OPTIONS)
    np.testing.assert_allclose(left.paths, moved.paths, atol=1e-6)
    right = project(leg(voxels[:, :, ::-1], side="right"), OPTIONS)
    np.testing.assert_allclose(left.paths, right.paths, atol=1e-6)


def test_other_pixels_show_the_same_bone() -> None:
    fine = project(leg(block()), OPTIONS).paths[0, 0]
    coarse = project(leg(block()), replace(OPTIONS, pixel_um=100)).paths[0, 0]
    assert coarse.sum() * 100**2 == pytest.approx(fine.sum() * 50**2, rel=0.1)


def test_pictures_are_shares_of_the_first_week_with_the_change_beside() -> None:
    seen = pictures(project(leg(block(), later=block(thick=3)), OPTIONS), OPTIONS)
    assert seen.shape == (4, 2, 8, 12)
    assert seen[0, 0].max() == pytest.approx(1, rel=1e-3)
    assert seen[0, 1].max() == pytest.approx(0.75, rel=1e-3)
    np.testing.assert_allclose(seen[2:, 0], 0)
    np.testing.assert_allclose(seen[2, 1], seen[0, 1] - seen[0, 0], atol=1e-6)
    film = replace(OPTIONS, projection="film", change=False, views="coronal", absorption=2.0)
    thin = pictures(project(leg(block(), later=block(thick=2)), film), film)
    assert thin.shape == (1, 2, 8, 12)
    assert thin[0, 1].max() == pytest.approx(np.expm1(-0.2) / np.expm1(-0.4), rel=1e-3)


def test_a_leg_as_a_case() -> None:
    case = case_of(leg(block(), later=block(thick=3)), True, OPTIONS)
    assert case.bone.kept == pytest.approx(-0.25)
    np.testing.assert_allclose(case.bone.row, [-0.25, 0])


@pytest.mark.parametrize("weeks", [(0,), (1, 0)])
def test_weeks_have_to_be_a_series(weeks: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="weeks of a series"):
        ResponseOptions(weeks=weeks)


def test_what_cannot_be_projected_is_refused() -> None:
    with pytest.raises(InputError, match="no bone"):
        project(leg(np.zeros((8, 12, 12), np.uint8)), OPTIONS)
    with pytest.raises(InputError, match="week 3"):
        project(leg(block()), replace(OPTIONS, weeks=(0, 3)))
    labels = ScanSeries(tuple(replace(scan, kind=Kind.LABELS) for scan in leg(block())))
    with pytest.raises(InputError, match="another kind"):
        project(labels, OPTIONS)


def made_cases(count: int = 12, strength: float = 1.0) -> list[ResponseCase]:
    """Legs whose second week loses bone in one place, unless they respond."""
    rng = np.random.default_rng(0)
    cases = []
    for number in range(count):
        responds = number % 2 == 0
        seen = 0.05 * rng.standard_normal((4, 2, 8, 12)).astype(np.float32)
        seen[2:, 1, 3:5, 4:8] -= strength * (not responds)
        bone = BoneChange(np.array([1.0, 1 + 0.1 * rng.standard_normal()]), np.array([150.0, 150.0]))
        cases.append(ResponseCase(f"m{number // 2 * 2 + number % 2}", "left", responds, seen, bone, True))
    return cases


def test_it_learns_what_can_be_seen_and_only_that() -> None:
    found = cross_validate(made_cases(), OPTIONS, folds=3).result
    network = found.opinions[0].probability[:, 1]
    assert ((network > 0.5) == found.truth).all()
    assert {case.fold for case in found.cases} == {1, 2, 3}
    blind = cross_validate(made_cases(24, strength=0.0), OPTIONS, folds=3).result
    share = np.mean((blind.opinions[0].probability[:, 1] > 0.5) == blind.truth)
    assert share < 0.85


def test_saved_and_loaded_it_says_the_same(tmp_path: Path) -> None:
    model, validated = ResponseClassifier.fit(made_cases(), SPACING, options=OPTIONS)
    series = leg(block(), later=block(thick=2))
    path = model.save(tmp_path / "response.safetensors")
    loaded = ResponseClassifier.load(path)
    one, other = model.classify(series), loaded.classify(series)
    assert other.probability == pytest.approx(one.probability, abs=0.01)
    assert (other.leg, other.weeks, other.trained_on_synthetic) == ("m1 left tibia", (0, 1), True)
    assert other.verdict == ("responder" if other.probability >= 0.5 else "non-responder")
    assert "synthetic legs" in other.note
    assert loaded.options == OPTIONS
    opinions = loaded.training["cross_validation"]["opinions"]  # type: ignore[index, call-overload]
    assert [each["title"] for each in opinions] == [each.title for each in validated.result.opinions]
    coarse = ScanSeries(tuple(replace(scan, spacing=(80.0,) * 3) for scan in series))
    with pytest.raises(InputError, match="voxel size"):
        loaded.classify(coarse)


def test_one_kind_alone_teaches_nothing() -> None:
    alike = [replace(case, responds=True) for case in made_cases()]
    with pytest.raises(InputError, match="did not"):
        ResponseClassifier.fit(alike, SPACING, options=OPTIONS)
