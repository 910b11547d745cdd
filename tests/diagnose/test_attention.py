from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.diagnose.attention.checks import centre_of_bone, hide_and_ask, points_at
from napari_bonemet.diagnose.attention.maps import highest_place, where_it_looked
from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.models.lesion_slices import build_slice_network
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.errors import InputError
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Scan
from napari_bonemet.torch_import import import_torch

Ring = Callable[..., Scan]


def gap_of(ring: Ring, seed: int, holes: tuple[int, ...], turn: float) -> tuple[Scan, np.ndarray]:
    """A ring with gaps, and where they are."""
    with_gap, whole = ring(seed, holes=holes, turn=turn), ring(seed, turn=turn)
    return with_gap, (whole.to_numpy() > 120) & (with_gap.to_numpy() < 80)


def test_the_map_points_at_the_gap(classifier: LesionClassifier, ring: Ring) -> None:
    hits = 0
    for seed in range(700, 710):
        scan, gap = gap_of(ring, seed, (4, 5, 6), turn=seed - 705.0)
        looked = where_it_looked(classifier, scan)
        assert looked.shape == scan.shape
        assert looked.dtype == np.float32
        assert looked.min() >= 0
        assert looked[[4, 5, 6]].max() > 2 * looked[[0, 1, 2, 8, 9, 10, 11]].max()
        hits += points_at(highest_place(looked), gap, 5)
        assert not points_at(centre_of_bone(scan), gap, 6)
    assert hits >= 9


def test_places_share_out_what_the_slice_adds(classifier: LesionClassifier, ring: Ring) -> None:
    for holes in ((), (4, 5)):
        scan = ring(720, holes=holes)
        each = classifier.classify(scan).per_slice.astype(np.float64)
        nothing = float(classifier._probabilities(np.zeros((1, 16), np.float32))[0])
        added = np.log(each / (1 - each)) - np.log(nothing / (1 - nothing))
        looked = where_it_looked(classifier, scan)
        np.testing.assert_allclose(looked.sum(axis=(1, 2)), added, atol=0.05 * added.max() + 1e-3)


def test_the_map_moves_with_the_leg_and_is_empty_outside_of_what_is_seen(
    classifier: LesionClassifier, ring: Ring
) -> None:
    scan = ring(730, holes=(4, 5))
    wide = scan.pad((3, 20, 0), (0, 0, 30))
    looked, moved = where_it_looked(classifier, scan), where_it_looked(classifier, wide)
    assert moved.shape == wide.shape
    assert np.subtract(highest_place(moved), highest_place(looked)) == pytest.approx([3, 20, 0], abs=6)
    assert not moved[:, :8].any()
    assert not moved[:3].any()


def test_slices_of_another_voxel_size_get_the_map_in_their_own_voxels(classifier: LesionClassifier, ring: Ring) -> None:
    fine = ring(740, holes=(4, 5), fine=3)
    looked = where_it_looked(classifier, fine)
    assert looked.shape == fine.shape
    assert highest_place(looked)[0] in (4, 5)


def test_a_healed_peak_is_missed_and_other_places_are_not(classifier: LesionClassifier, ring: Ring) -> None:
    scan = ring(750, holes=(4, 5), turn=0.4)
    found = hide_and_ask(classifier, scan, radius=7)
    assert found.meaning
    assert found.before > 0.5 > found.without_peak
    assert found.without_other > found.without_peak


def test_pointing_by_hand() -> None:
    lesion = np.zeros((4, 6, 6), dtype=bool)
    lesion[1, 2, 3] = True
    assert points_at((1, 2, 3), lesion)
    assert not points_at((1, 2, 5), lesion, 1)
    assert points_at((1, 2, 5), lesion, 2)
    assert not points_at((2, 3, 5), lesion, 2)
    assert not points_at((0, 0, 0), np.zeros_like(lesion), 9)
    with pytest.raises(InputError, match="map is empty"):
        highest_place(np.zeros((2, 2, 2)))


def test_it_stops_when_asked(classifier: LesionClassifier, ring: Ring) -> None:
    class Stop:
        def check(self) -> None:
            raise Cancelled

        def advance(self, _fraction: float) -> None:
            self.check()

        def message(self, _text: str) -> None:
            return

    with pytest.raises(Cancelled):
        where_it_looked(classifier, ring(760), progress=Stop())
    empty = replace(ring(760), voxels=np.full((3, 20, 20), 9, np.uint8))
    with pytest.raises(InputError, match="no bone"):
        centre_of_bone(empty)


@pytest.mark.parametrize("fine", [False, True])
def test_each_value_of_the_last_maps_sees_as_much_around_the_voxel_where_it_is_laid(*, fine: bool) -> None:
    torch = import_torch()
    network = build_slice_network(ClassifierOptions(width=4, fine=fine)).eval()
    squares = torch.rand(1, 96, 96, requires_grad=True)
    maps = network.features(network.backbone(squares[:, None]))
    step = 4 if fine else 8
    assert maps.shape[-2:] == (96 // step, 96 // step)
    at = 48 // step
    maps[0, :, at, at].abs().sum().backward()
    seen = np.argwhere(squares.grad[0].numpy())
    assert seen.min(axis=0).tolist() == [48 - 21, 48 - 21]
    assert seen.max(axis=0).tolist() == [48 + 21, 48 + 21]
