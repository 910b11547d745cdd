"""Two volumes put together as they are looked at are what they would be put together at once."""

from typing import Any

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.processing.checkerboard import checkerboard
from napari_bonemet.widgets.compare.blend import Blend, board, wipe

RNG = np.random.default_rng(3)
ONE, OTHER = (RNG.integers(0, 255, (7, 9, 11), dtype=np.uint8) for _ in range(2))
CUTS: tuple[Any, ...] = (
    3,
    -1,
    (slice(None), 4),
    (slice(None), slice(None), 5),
    (2, slice(1, 8), slice(None, None, 2)),
    (slice(1, 6), slice(2, 9, 3), 10),
    (..., 2),
    (1, 2, 3),
    (),
)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_wipe_shows_the_first_before_the_edge(axis: int) -> None:
    blend = Blend(ONE, OTHER, wipe(axis, 4))
    whole = np.moveaxis(OTHER.copy(), axis, 0)
    whole[:4] = np.moveaxis(ONE, axis, 0)[:4]
    whole = np.moveaxis(whole, 0, axis)
    for cut in CUTS:
        assert np.array_equal(blend[cut], whole[cut]), cut
    assert np.array_equal(np.asarray(blend), whole)


def test_a_board_is_the_one_that_registration_shows() -> None:
    blend = Blend(ONE, OTHER, board(3))
    whole = checkerboard(ONE, OTHER, squares=4)
    for cut in CUTS:
        assert np.array_equal(blend[cut], whole[cut]), cut


def test_only_what_is_asked_for_is_read() -> None:
    class Counted:
        shape, dtype = ONE.shape, ONE.dtype
        read = 0

        def __getitem__(self, key: Any) -> np.ndarray:
            part = ONE[key]
            self.read += part.size
            return part

    source: Any = Counted()
    _ = Blend(source, OTHER, wipe(2, 5))[4]
    assert source.read == 9 * 11


def test_two_shapes_are_refused_in_words() -> None:
    with pytest.raises(InputError, match="on one grid only"):
        Blend(ONE, OTHER[1:], wipe(2, 5))
