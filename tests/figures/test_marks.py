"""Lengths, angles and areas against geometry worked out by hand, and arrows that point where bone is lost."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.figures.marks import (
    angle_deg,
    area_um2,
    area_words,
    arrow_path,
    arrows_on_lesions,
    length_um,
    length_words,
    words_of,
)
from napari_bonemet.scan import Kind, Scan


def test_lengths_angles_and_areas_in_a_tilted_plane() -> None:
    assert length_um(np.array([[0, 0, 0], [0, 300, 400], [0, 300, 1400]])) == 1500
    assert angle_deg(np.array([[0, 0, 100], [0, 0, 0], [0, 70, 70]])) == pytest.approx(45)
    assert angle_deg(np.array([[0, 0, -5], [0, 0, 0], [0, 0, 9]])) == pytest.approx(180)
    corners = np.array([[10, 0, 0], [10, 200, 0], [10, 200, 300], [10, 0, 300]], float)
    assert area_um2(corners) == pytest.approx(60_000)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    assert area_um2(corners @ turn + 5000) == pytest.approx(60_000)
    circle = np.array([[0, 500 * np.sin(a), 500 * np.cos(a)] for a in np.linspace(0, 2 * np.pi, 400, endpoint=False)])
    assert area_um2(circle) == pytest.approx(np.pi * 500**2, rel=1e-3)


def test_sizes_are_said_with_their_unit() -> None:
    assert [length_words(um) for um in (12.345, 999, 1000, 12345)] == ["12.3 µm", "999 µm", "1 mm", "12.3 mm"]
    assert [area_words(um2) for um2 in (812.3, 9000, 125_000, 3.2e6)] == ["812 µm²", "9000 µm²", "0.125 mm²", "3.2 mm²"]
    assert words_of("angle", np.array([[0, 0, 1], [0, 0, 0], [0, 1, 0]])) == "90°"
    assert words_of("lesion", np.zeros((5, 3))) == ""


def test_what_is_no_angle_is_told_in_words() -> None:
    with pytest.raises(InputError, match="three points"):
        angle_deg(np.zeros((2, 3)))
    with pytest.raises(InputError, match="apart from each other"):
        angle_deg(np.zeros((3, 3)))


def test_an_arrow_has_two_equal_sides_in_its_plane() -> None:
    path = arrow_path((5, 0, 0), (5, 0, 100))
    assert np.array_equal(path[[0, 1, 3]], [[5, 0, 0], [5, 0, 100], [5, 0, 100]])
    assert np.allclose(path[2][[0, 2]], path[4][[0, 2]])
    assert path[2][1] == pytest.approx(-path[4][1])
    assert np.linalg.norm(path[2] - path[1]) == pytest.approx(35)


def test_arrows_point_at_lost_bone_and_tell_right_from_wrong() -> None:
    voxels = np.full((4, 60, 60), 20, np.uint8)
    voxels[:, 10:50, 10:50] = 200
    scan = Scan(voxels, (10.0, 20.0, 20.0), (100.0, 0.0, 0.0), "871", "left", day=21, kind=Kind.PREDICTION)
    lost, truth = np.zeros(voxels.shape, bool), np.zeros(voxels.shape, bool)
    lost[1, 15:20, 15:20] = lost[1, 40:45, 40:45] = True
    truth[1, 14:18, 14:18] = True
    arrows = arrows_on_lesions(scan, lost, hits=truth)
    assert sorted(arrow.meaning for arrow in arrows) == ["lesion", "wrong"]
    for arrow in arrows:
        assert arrow.tip[0] == arrow.tail[0] == 110
        middle = 17 * 20 if arrow.meaning == "lesion" else 42 * 20
        assert np.hypot(arrow.tip[1] - middle, arrow.tip[2] - middle) < 5 * 20
        assert np.hypot(arrow.tail[1] - middle, arrow.tail[2] - middle) > 5 * 20
    assert arrows_on_lesions(scan, lost, slices=[0, 2, 3]) == ()
    with pytest.raises(InputError, match="do not lie on the scan's grid"):
        arrows_on_lesions(scan, lost[1:])
