"""Composites are decoded by the published rule and never taken for something else."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.io.composite_codes import decode, encode, looks_like_composite


def test_the_published_table() -> None:
    before = np.array([[[False, True, True, False]]])
    after = np.array([[[False, False, True, True]]])
    codes = encode(before, after)
    assert codes.dtype == np.uint8
    assert codes.tolist() == [[[0, 60, 180, 240]]]
    decoded = decode(codes)
    np.testing.assert_array_equal(decoded[0], before)
    np.testing.assert_array_equal(decoded[1], after)


def test_masks_of_two_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="one grid"):
        encode(np.zeros((2, 2, 2), bool), np.zeros((2, 2, 3), bool))


def test_a_strange_value_is_named() -> None:
    with pytest.raises(InputError, match="found 7, 255"):
        decode(np.array([0, 7, 60, 255]))


def volume(values: list[int], dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(0).choice(np.array(values, dtype), (12, 9, 9))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("values", [[0, 60, 180, 240], [0, 180], [0, 180, 240], [60, 180]])
def test_composites_are_recognised(values: list[int], dtype: str) -> None:
    assert looks_like_composite(volume(values, dtype))


@pytest.mark.parametrize(
    "values", [[0, 255], [0, 1], [0], [0, 60], [0, 240], [180, 181], list(range(256)), [0, 60, 180, 240, 255]]
)
def test_masks_and_greys_are_not(values: list[int]) -> None:
    assert not looks_like_composite(volume(values))


def test_empty_ends_do_not_hide_a_composite_and_bools_are_none() -> None:
    padded = np.zeros((100, 9, 9), np.uint8)
    padded[40:60] = volume([0, 60, 180, 240])[:1]
    assert looks_like_composite(padded)
    assert not looks_like_composite(np.ones((4, 4, 4), bool))
    assert not looks_like_composite(np.zeros((0, 4, 4), np.uint8))


def test_only_a_few_slices_of_a_lazy_volume_are_read() -> None:
    class Counting:
        shape, ndim, dtype, read = (1000, 4, 4), 3, np.dtype("uint8"), 0

        def __getitem__(self, key: object) -> np.ndarray:
            self.read += 1
            return np.full((4, 4), 180, np.uint8)

    voxels = Counting()
    assert looks_like_composite(voxels)
    assert voxels.read <= 5
