"""Grids: one owner of where voxels lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, as_triple

GRID = Grid((10, 12, 14), (5.0, 10.0, 20.0), (100.0, -50.0, 7.0))

bounds = st.tuples(st.integers(0, 8), st.integers(1, 5))


def test_one_spacing_serves_three_axes() -> None:
    assert as_triple(10.6) == (10.6, 10.6, 10.6)
    assert as_triple((1, 2, 3)) == (1.0, 2.0, 3.0)


@pytest.mark.parametrize("bad", [(1, 2), (1, 2, 3, 4), float("nan"), (1, 2, float("inf"))])
def test_other_spacings_are_refused_in_words(bad: object) -> None:
    with pytest.raises(InputError, match="expected one number, or three in the order z y x"):
        as_triple(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("spacing", [0, -1, (1, 0, 1)])
def test_spacing_is_positive(spacing: object) -> None:
    with pytest.raises(InputError, match="positive micrometres"):
        Grid((2, 2, 2), spacing)  # type: ignore[arg-type]


def test_shape_has_voxels_along_three_axes() -> None:
    with pytest.raises(InputError, match="three axes"):
        Grid((2, 0, 2), (1, 1, 1))


@given(bounds, bounds, bounds)
def test_a_crop_overlays_its_parent(z: tuple[int, int], y: tuple[int, int], x: tuple[int, int]) -> None:
    region = [slice(start, start + length) for start, length in (z, y, x)]
    crop = GRID.crop(region)
    starts = [s.start for s in region]
    assert crop.to_um((0, 0, 0)) == pytest.approx(GRID.to_um(starts))
    assert crop.to_um((1, 2, 1)) == pytest.approx(GRID.to_um([starts[0] + 1, starts[1] + 2, starts[2] + 1]))


@given(st.tuples(*[st.floats(-100, 100)] * 3))
def test_index_and_position_are_inverse(index: tuple[float, float, float]) -> None:
    assert GRID.to_index(GRID.to_um(index)) == pytest.approx(index, abs=1e-6)


def test_padding_is_undone_by_cropping() -> None:
    padded = GRID.pad((1, 2, 3), (4, 0, 1))
    assert padded.shape == (15, 14, 18)
    assert padded.crop([slice(1, 11), slice(2, 14), slice(3, 17)]).matches(GRID)


def test_a_region_outside_or_with_steps_is_refused() -> None:
    for region in ([slice(20, 30), slice(None), slice(None)], [slice(None, None, 2), slice(None), slice(None)]):
        with pytest.raises(InputError, match="along z"):
            GRID.crop(region)


def test_another_spacing_keeps_centre_and_box() -> None:
    coarse = GRID.with_spacing(20)
    assert coarse.centre == pytest.approx(GRID.centre)
    assert coarse.size == pytest.approx(GRID.size, abs=10)


def test_matching_allows_the_last_printed_digit() -> None:
    near = Grid(GRID.shape, (5.0000001, 10.0, 20.0), GRID.origin)
    assert GRID.matches(near)
    assert not GRID.matches(GRID.moved_to((100.0, -50.0, 8.0)))
    assert not GRID.matches(Grid(GRID.shape, (5.1, 10.0, 20.0), GRID.origin))


def test_voxel_volume_is_in_cubic_millimetres() -> None:
    assert GRID.voxel_volume_mm3 == pytest.approx(5e-3 * 10e-3 * 20e-3)
