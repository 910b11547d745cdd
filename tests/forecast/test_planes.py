"""Where a network looks: all bone is covered, and what is pasted back lies where it was cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.planes import planes_for

UM = (30.0, 30.0, 30.0)


def slice_with_bone(shape: tuple[int, int], box: tuple[int, int, int, int]) -> np.ndarray:
    volume = np.zeros((2, *shape), dtype=np.uint8)
    y0, y1, x0, x1 = box
    volume[:, y0:y1, x0:x1] = 200
    return volume


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_voxel_of_bone_comes_back_from_where_it_was(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(20, 150)), data.draw(st.integers(20, 150))
    y0, x0 = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    y1, x1 = data.draw(st.integers(y0 + 1, height)), data.draw(st.integers(x0 + 1, width))
    volume = slice_with_bone((height, width), (y0, y1, x0, x1))
    planes = planes_for([volume], UM, UM, 48, 75)
    ramp = np.arange(volume.size, dtype=np.float32).reshape(volume.shape)
    sum_, weight = np.zeros_like(ramp), np.zeros(volume.shape[1:], dtype=np.float32)
    for corner in planes.corners:
        before = weight.copy()
        planes.paste(planes.cut(ramp, corner), corner, sum_, weight)
        assert (weight >= before).all()
    assert (weight[y0:y1, x0:x1] > 0).all()
    inside = weight > 0
    assert np.allclose((sum_ / np.maximum(weight, 1e-9))[:, inside], ramp[:, inside], rtol=1e-5)


def test_one_square_around_the_bone_where_it_fits() -> None:
    planes = planes_for([slice_with_bone((100, 100), (30, 70, 50, 90))], UM, UM, 48, 75)
    assert planes.corners == ((26, 46),)


def test_bone_of_any_week_counts() -> None:
    weeks = [slice_with_bone((100, 100), box) for box in ((0, 20, 0, 20), (80, 100, 80, 100))]
    assert len(planes_for(weeks, UM, UM, 48, 75).corners) > 1


def test_another_voxel_size_is_resampled_and_brought_back() -> None:
    fine = np.zeros((1, 120, 120), dtype=np.uint8)
    y, x = np.ogrid[:120, :120]
    fine[0] = 200 * (((y - 60) ** 2 + (x - 60) ** 2) < 40**2)
    planes = planes_for([fine], (10, 10, 10), (99, 30, 30), 48, 75)
    assert planes.resampled
    assert planes.shape == (40, 40)
    seen = planes.inwards(fine)
    assert seen.shape == (1, 40, 40)
    assert seen.sum() * 9 == pytest.approx(fine.sum(dtype=float), rel=0.01)
    back = planes.outwards(seen)
    assert back.shape == fine.shape
    assert np.mean((back > 100) != (fine > 100)) < 0.02


def test_a_voxel_size_that_is_nearly_the_same_is_taken_as_it_is() -> None:
    planes = planes_for([slice_with_bone((60, 60), (20, 40, 20, 40))], (32, 32, 32), UM, 48, 75)
    assert not planes.resampled


def test_no_bone_is_said() -> None:
    with pytest.raises(InputError, match="no bone"):
        planes_for([np.zeros((2, 30, 30), np.uint8)], UM, UM, 48, 75)
