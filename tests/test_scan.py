"""Scans and series: whose voxels, where, when, and what was done to them."""

import time

import dask.array as da
import numpy as np
import pytest

from napari_bonemet import InputError, Kind, Scan, ScanSeries, Step
from napari_bonemet.progress import Cancelled


def scan(day: float | None = 0, subject: str = "871", **more: object) -> Scan:
    voxels = np.arange(4 * 5 * 6, dtype=np.uint8).reshape(4, 5, 6)
    return Scan(voxels, (10, 20, 30), subject=subject, side="left", day=day, **more)  # type: ignore[arg-type]


def test_week_three_is_day_twenty_one() -> None:
    assert scan(21).week == 3
    assert scan(21).title == "871 left tibia, week 3"
    assert scan(None).title == "871 left tibia"


def test_crop_keeps_place_and_tells_history() -> None:
    crop = scan().crop([slice(1, 3), slice(2, 5), slice(0, 6)])
    np.testing.assert_array_equal(crop.to_numpy(), scan().to_numpy()[1:3, 2:5])
    assert crop.origin == (10, 40, 0)
    assert crop.history[-1].name == "crop"
    assert crop.subject == "871"


def test_lazy_voxels_stay_lazy() -> None:
    lazy = Scan(da.zeros((50, 60, 70), dtype=np.uint8, chunks=(10, 60, 70)), (1, 1, 1))
    assert isinstance(lazy.crop([slice(0, 5), slice(None), slice(None)]).voxels, da.Array)


def test_padding_moves_the_origin() -> None:
    padded = scan().pad((1, 0, 2), (0, 1, 0), value=9)
    assert padded.shape == (5, 6, 8)
    assert padded.origin == (-10, 0, -60)
    assert padded.to_numpy()[0].max() == 9


def test_voxels_that_do_not_fit_the_grid_are_refused() -> None:
    with pytest.raises(InputError, match="does not fit its grid"):
        scan().with_voxels(np.zeros((1, 1, 1)), step=Step("mend"))


def test_only_volumes_and_known_sides() -> None:
    with pytest.raises(InputError, match="three axes"):
        Scan(np.zeros((3, 3)), (1, 1, 1))
    with pytest.raises(InputError, match="left or right"):
        Scan(np.zeros((3, 3, 3)), (1, 1, 1), side="up")  # type: ignore[arg-type]


def test_series_is_ordered_and_gaps_stay_gaps() -> None:
    series = ScanSeries((scan(21), scan(0), scan(7)))
    assert series.weeks == (0, 1, 3)
    assert series.baseline.day == 0
    with pytest.raises(InputError, match=r"no scan of week 2.*weeks 0, 1, 3"):
        series.at_week(2)
    assert series.until(3).weeks == (0, 1)


def test_series_refuses_two_legs_a_day_twice_and_no_day() -> None:
    with pytest.raises(InputError, match="one leg"):
        ScanSeries((scan(0), scan(7, subject="872")))
    with pytest.raises(InputError, match="there twice"):
        ScanSeries((scan(0), scan(0)))
    with pytest.raises(InputError, match="week of 871 left tibia is not known"):
        ScanSeries((scan(None),))
    with pytest.raises(InputError, match="at least one"):
        ScanSeries(())


def test_a_forecast_never_sees_its_target() -> None:
    series = ScanSeries((scan(0), scan(7)))
    with pytest.raises(InputError, match="before week 0"):
        series.until(0)


def test_cropping_needs_one_grid() -> None:
    moved = Scan(np.zeros((4, 5, 6)), (10, 20, 30), (99, 0, 0), subject="871", side="left", day=7)
    series = ScanSeries((scan(0), moved))
    assert not series.on_one_grid
    with pytest.raises(InputError, match="Register the weeks first"):
        series.crop((slice(0, 2), slice(None), slice(None)))
    together = ScanSeries((scan(0), scan(7))).crop((slice(0, 2), slice(0, 3), slice(0, 3)))
    assert together.on_one_grid
    assert {s.shape for s in together} == {(2, 3, 3)}


def test_kinds_are_the_words_of_the_dataset() -> None:
    assert Kind("regist") is Kind.REGIST
    assert scan(kind=Kind.ROI).kind == "roi"


def test_each_chunk_is_read_once_and_in_this_machines_byte_order() -> None:
    seen: list[int] = []
    values = np.arange(50 * 4 * 3, dtype=">u2").reshape(50, 4, 3)

    def load(block: np.ndarray, block_id: tuple[int, ...]) -> np.ndarray:
        seen.append(block_id[0])
        return block

    lazy = da.from_array(values, chunks=(7, 4, 3)).map_blocks(load, dtype=values.dtype, meta=values[:0])
    read = Scan(lazy, spacing=10).in_memory()
    assert isinstance(read.voxels, np.ndarray)
    assert read.voxels.dtype == np.dtype("=u2")
    np.testing.assert_array_equal(read.voxels, values)
    assert sorted(seen) == list(range(8))


def test_reading_stops_when_asked_to() -> None:
    def load(block: np.ndarray) -> np.ndarray:
        time.sleep(0.05)
        return block

    lazy = da.zeros((2000, 4, 3), chunks=(24, 4, 3), dtype=np.uint8).map_blocks(load, dtype=np.uint8)
    asked = time.perf_counter() + 0.2

    class Stop:
        def advance(self, fraction: float) -> None: ...
        def message(self, text: str) -> None: ...
        def check(self) -> None:
            if time.perf_counter() > asked:
                raise Cancelled

    with pytest.raises(Cancelled):
        Scan(lazy, spacing=10).in_memory(Stop())
    assert time.perf_counter() - asked < 1
