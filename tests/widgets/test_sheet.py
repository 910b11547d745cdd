from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_bonemet.geometry import Grid
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.cells import LinkedCells, View
from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.layers import find_layers
from napari_bonemet.widgets.sheet import Pictures, Sheet
from napari_bonemet.widgets.sheet_plan import SheetPlan, box_of, region_of
from napari_bonemet.widgets.week_view import week_view_of

GRID = Grid((30, 20, 10), (20.0, 10.0, 30.0), (100.0, -50.0, 7.0))


def test_regions_become_boxes_and_regions_again() -> None:
    region = (slice(3, 17), slice(0, 20), slice(9, 10))
    box = box_of(region, GRID)
    assert box[0] == (150.0, 430.0)
    assert region_of(box, GRID) == region
    outside = ((-1e6, -1e5), (1e5, 1e6), box[2])
    assert region_of(outside, GRID) == (slice(0, 1), slice(19, 20), slice(9, 10))


def test_a_box_dragged_on_one_picture_keeps_its_other_edges() -> None:
    plan = SheetPlan(GRID)
    box = box_of((slice(3, 17), slice(4, 9), slice(2, 5)), GRID)
    for picture, kept in (("coronal", 1), ("sagittal", 2)):
        corners = plan.rectangle(box, picture) + np.array([40, 0, 30])
        moved = plan.moved(box, corners, picture)
        assert moved[0] == pytest.approx((box[0][0] + 40, box[0][1] + 40))
        assert moved[kept] == box[kept]
        assert moved[3 - kept] == pytest.approx((box[3 - kept][0] + 30, box[3 - kept][1] + 30))


def test_a_turned_rectangle_stays_upright() -> None:
    plan = SheetPlan(GRID)
    box = box_of((slice(5, 25), slice(4, 9), slice(2, 8)), GRID)
    corners = plan.rectangle(box, "coronal")
    middle, angle = corners.mean(axis=0), np.radians(8)
    z, x = (corners - middle)[:, 0], (corners - middle)[:, 2]
    turned = corners.copy()
    turned[:, 0] = middle[0] + np.cos(angle) * z - np.sin(angle) * x
    turned[:, 2] = middle[2] + np.sin(angle) * z + np.cos(angle) * x
    upright = plan.moved(box, turned, "coronal")
    assert np.allclose(upright[0], box[0], atol=5)
    assert np.allclose(upright[2], box[2], atol=5)


def test_the_pictures_lie_beside_each_other() -> None:
    plan = SheetPlan(GRID)
    (left, right), (other, end) = plan.spread("coronal"), plan.spread("sagittal")
    assert (left, right) == (-8.0, 292.0)
    assert other > right
    assert end - other == pytest.approx(200.0)


class Sliced:
    """Voxels that note how they are asked for."""

    ndim = 3
    dtype = np.dtype(np.uint8)

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self.depths: list[int] = []

    def __getitem__(self, key: Any) -> np.ndarray:
        out = np.broadcast_to(np.uint8(90), self.shape)[key]
        z = key[0] if isinstance(key, tuple) else key
        self.depths.append(len(range(*z.indices(self.shape[0]))) if isinstance(z, slice) else 1)
        return out

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        self.depths.append(self.shape[0])
        return np.full(self.shape, 90, np.uint8)


@pytest.fixture
def shown(make_model: Callable[[], Any]) -> tuple[Any, Scan, Sheet]:
    viewer = make_model()
    view = week_view_of(viewer)
    scan = Scan(Sliced((30, 20, 10)), (20.0, 10.0, 30.0), subject="871", side="left", day=0)
    desk_of(viewer).set_series(ScanSeries((scan,)))
    viewer.add_points(np.zeros((1, 3)), name="of the user")
    return viewer, scan, Sheet(viewer, view, desk_of(viewer))


def pictures(scan: Scan) -> Pictures:
    return Pictures(scan, scan.grid, np.full((30, 10), 200, np.uint8), np.full((30, 20), 200, np.uint8))


def test_the_sheet_comes_and_goes_without_a_trace(shown: tuple[Any, Scan, Sheet]) -> None:
    viewer, scan, sheet = shown
    before, names = View.of(viewer), [layer.name for layer in viewer.layers]
    sheet.show(pictures(scan))
    assert viewer.dims.order == (1, 0, 2)
    assert not find_layers(viewer, kind=scan.kind)[0].visible
    coronal, sagittal = sheet.images
    assert coronal.extent.world[0][0] == scan.origin[0]
    assert coronal.extent.world[1][2] == scan.origin[2] + 9 * 30
    assert sagittal.extent.world[0][2] > coronal.extent.world[1][2]
    sheet.leave()
    assert View.of(viewer) == before
    assert [layer.name for layer in viewer.layers] == names
    assert not sheet.shown


def test_a_scan_on_disk_is_never_sliced_from_the_front(shown: tuple[Any, Scan, Sheet]) -> None:
    viewer, scan, sheet = shown
    scan.voxels.depths.clear()
    sheet.show(pictures(scan))
    desk_of(viewer).set_week(0)
    sheet.leave()
    assert scan.voxels.depths, "the slices are seen again"
    assert max(scan.voxels.depths) == 1


def test_a_deleted_picture_ends_the_sheet(shown: tuple[Any, Scan, Sheet]) -> None:
    viewer, scan, sheet = shown
    told: list[bool] = []
    sheet.left.connect(lambda: told.append(True))
    sheet.show(pictures(scan))
    viewer.layers.remove(sheet.images[0])
    assert told == [True]
    assert viewer.dims.order == (0, 1, 2)
    assert [layer.name for layer in viewer.layers] == ["871 left tibia, week 0", "of the user"]


def test_one_sheet_makes_way_for_the_next(shown: tuple[Any, Scan, Sheet]) -> None:
    viewer, scan, sheet = shown
    other = Sheet(viewer, week_view_of(viewer), desk_of(viewer))
    before = View.of(viewer)
    sheet.show(pictures(scan))
    other.show(pictures(scan))
    assert (sheet.shown, other.shown) == (False, True)
    other.leave()
    assert View.of(viewer) == before


def test_the_pictures_are_seen_wherever_one_looked_before(shown: tuple[Any, Scan, Sheet]) -> None:
    viewer, scan, sheet = shown
    viewer.add_image(np.zeros((1, 60, 1)), scale=(20, 900, 30), name="far away")
    viewer.dims.set_point(1, 50_000)
    sheet.show(pictures(scan))
    for image in sheet.images:
        assert image._slice.empty is False
        assert np.asarray(image._slice.image.raw).max() == 200


def test_linked_cells_take_the_canvas_over(shown: tuple[Any, Scan, Sheet]) -> None:
    viewer, scan, sheet = shown
    before = View.of(viewer)
    sheet.show(pictures(scan))
    cells = LinkedCells(viewer)
    cells.show([Image(np.zeros((4, 5, 6)), name="one"), Image(np.zeros((4, 5, 6)), name="other")])
    assert not sheet.shown
    assert viewer.dims.order == (0, 1, 2)
    cells.leave()
    assert View.of(viewer) == before


def test_another_leg_is_looked_at_where_it_lies(shown: tuple[Any, Scan, Sheet]) -> None:
    viewer, scan, sheet = shown
    grid = Grid((12, 8, 8), (10.0,) * 3, (50_000.0, 9_000.0, -4_000.0))
    other = Scan(np.full(grid.shape, 90, np.uint8), grid.spacing, grid.origin, subject="872", side="left", day=0)
    sheet.show(pictures(scan))
    desk_of(viewer).set_series(ScanSeries((other,)))
    sheet.leave()
    assert viewer.dims.point[0] == pytest.approx(grid.centre[0], abs=10)
    assert viewer.scene.camera.center[-2:] == pytest.approx(grid.centre[-2:], abs=10)
    desk_of(viewer).set_series(ScanSeries((scan,)))
    assert viewer.dims.point[0] == pytest.approx(scan.grid.centre[0], abs=20)
