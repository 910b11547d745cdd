import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.processing.checkerboard import checkerboard


def test_squares_alternate_along_every_axis():
    board = checkerboard(np.zeros((4, 4, 4), np.uint8), np.ones((4, 4, 4), np.uint8), squares=2)
    assert board.dtype == np.uint8
    assert board[0, 0].tolist() == [0, 0, 1, 1]
    assert board[0, :, 0].tolist() == [0, 0, 1, 1]
    assert board[:, 0, 0].tolist() == [0, 0, 1, 1]
    assert board[2, 2, 2] == 1
    assert board[3, 3, 0] == 0


def test_a_volume_with_itself_is_itself():
    voxels = np.random.default_rng(0).integers(0, 255, (3, 7, 5)).astype(np.uint8)
    assert np.array_equal(checkerboard(voxels, voxels, squares=3), voxels)


def test_every_voxel_comes_from_one_of_both():
    first, second = np.zeros((3, 10, 11)), np.ones((3, 10, 11))
    assert checkerboard(first, second, squares=100).mean() == pytest.approx(0.5, abs=0.01)


def test_other_shapes_and_no_squares_are_refused():
    with pytest.raises(InputError, match="one grid"):
        checkerboard(np.zeros((2, 2, 2)), np.zeros((2, 2, 3)))
    with pytest.raises(InputError, match="squares"):
        checkerboard(np.zeros((2, 2, 2)), np.zeros((2, 2, 2)), squares=0)
