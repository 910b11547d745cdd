import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.figures.arrows import Arrow, place, point_at
from napari_bonemet.figures.draw import scale_bar_length
from napari_bonemet.figures.export import save_figure
from napari_bonemet.figures.montage import Row, draw_rows, montage
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.palette import COMPOSITE_CODES, composite_map
from napari_bonemet.figures.panel import Panel
from napari_bonemet.figures.slices import Plane, Slice, Window, cut, project
from napari_bonemet.geometry import Grid
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries


@pytest.fixture
def panels(weeks: ScanSeries, truth: Scan) -> list[Panel]:
    row, column = 30, 13
    arrow = Arrow((100 + 5 * 20.0, row * 10.0, 50 + column * 10.0))
    return [*(Panel(scan, scan.title, group="input") for scan in weeks), Panel(truth, "true scan", arrows=(arrow,))]


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg", "tiff"])
def test_the_same_options_give_the_same_bytes(panels: list[Panel], suffix: str, tmp_path: Path) -> None:
    files = [save_figure(montage(panels, title="t"), tmp_path / f"{n}.{suffix}", {"a": 1}) for n in "ab"]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert (tmp_path / f"a.{suffix}.json").is_file()


def test_text_stays_text(panels: list[Panel], tmp_path: Path) -> None:
    svg = save_figure(montage(panels, title="Mouse 7"), tmp_path / "f.svg", {}).read_text(encoding="utf-8")
    texts = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    for wanted in (
        "Mouse 7, transverse slice 6 at 0.22 mm",
        "true scan",
        "7 left tibia, week 2",
        "mm",
        "synthetic data",
    ):
        assert wanted in texts
    assert "arrow-lesion" not in svg  # nothing lies in the middle slice, and an arrow keeps to its own


def test_an_arrow_is_drawn_in_its_own_slice(panels: list[Panel], tmp_path: Path) -> None:
    figure = montage(panels, options=MontageOptions(slice_index=5))
    assert "arrow-lesion" in save_figure(figure, tmp_path / "f.svg", {}).read_text(encoding="utf-8")
    without = montage(panels, options=MontageOptions(slice_index=5, arrows=False))
    assert "arrow-lesion" not in save_figure(without, tmp_path / "g.svg", {}).read_text(encoding="utf-8")


def test_all_that_is_drawn_lies_on_the_page(panels: list[Panel]) -> None:
    figure = montage(panels, title="A title", options=MontageOptions(columns=2))
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    page = figure.bbox
    for text in figure.texts:
        box = text.get_window_extent(renderer)
        assert box.x0 >= page.x0 - 1
        assert box.x1 <= page.x1 + 1
        assert box.y0 >= page.y0 - 1
        assert box.y1 <= page.y1 + 1


@pytest.mark.parametrize("plane", ["transverse", "coronal", "sagittal"])
def test_every_plane_is_drawn_to_scale(panels: list[Panel], plane: Plane) -> None:
    figure = montage(panels, options=MontageOptions(plane=plane, crop_to_bone=False))
    left, right = figure.axes[0].get_xlim()
    bottom, top = figure.axes[0].get_ylim()
    size = {"transverse": (0.7, 0.6), "coronal": (0.7, 0.24), "sagittal": (0.6, 0.24)}[plane]
    assert (right - left, bottom - top) == pytest.approx(size)
    assert figure.axes[0].get_aspect() == 1


def test_rows_share_a_window_that_holds_the_bone_of_each(truth: Scan) -> None:
    voxels = np.zeros(truth.shape, dtype=np.uint8)
    voxels[2, 28:33, 33:38] = voxels[8, 5:55, 10:60] = 200
    panel = Panel(replace(truth, voxels=voxels), "one")
    drawn = draw_rows([Row((panel,), 2), Row((panel,), 8)], title="t", options=MontageOptions())
    first, second = drawn.figure.axes
    assert first.get_xlim() == second.get_xlim()
    # Columns of 10 micrometres from 45: the large square ends at 0.645 mm.
    assert first.get_xlim()[1] > 0.645


def test_a_slice_lies_where_its_voxels_lie(truth: Scan) -> None:
    one = cut(truth, "coronal", 300.0)
    np.testing.assert_array_equal(one.pixels, truth.to_numpy()[:, 30, :])
    assert one.window == Window(0.09, 0.33, 0.045, 0.745)
    assert one.centre_of(2, 3) == pytest.approx(project(truth.grid.to_um((2, 30, 3)), "coronal"))
    with pytest.raises(InputError, match="no slice there"):
        cut(truth, "coronal", 900.0)


def test_arrows_keep_apart_and_inside() -> None:
    rng = np.random.default_rng(0)
    picture = Slice(rng.integers(0, 255, (80, 80)), Window(0.0, 1.0, 0.0, 1.0))
    arrows = [Arrow((0.0, 1000 * row, 1000 * column)) for row, column in rng.random((8, 2))]
    placed = place(arrows, picture, picture.window, "transverse")
    assert len(placed) >= 4
    for arrow in placed:
        assert picture.window.holds(*arrow.tail)
        assert picture.window.holds(*arrow.tip)
    lines = [np.linspace(arrow.tail, arrow.tip, 30) for arrow in placed]
    for number, one in enumerate(lines):
        for other in lines[:number]:
            assert np.linalg.norm(one[:, None] - other[None], axis=-1).min() > 0.05


def test_arrows_end_at_a_spot_and_do_not_hide_it() -> None:
    mask = np.zeros((100, 100), dtype=bool)
    mask[20:80, 46:55] = True  # a long spot, whose darkest surroundings lie along it
    picture = Slice(np.where(mask, 0, 200), Window(0.0, 1.0, 0.0, 1.0))
    spots = Slice(mask, picture.window)
    (hidden,) = place([Arrow((0.0, 500.0, 505.0))], picture, picture.window, "transverse")
    assert spots.value_at(*hidden.tail)
    (seen,) = place([Arrow((0.0, 500.0, 505.0))], picture, picture.window, "transverse", spots)
    assert not any(spots.value_at(*point) for point in np.linspace(seen.tail, seen.tip, 50))
    row, column = seen.tip
    assert min(abs(column - 0.46), abs(column - 0.55)) < 0.03
    assert 0.4 < row < 0.6


def test_neighbours_of_one_meaning_share_an_arrow() -> None:
    picture = Slice(np.zeros((100, 100)), Window(0.0, 1.0, 0.0, 1.0))
    here, near, far = (Arrow((0.0, 500.0, x)) for x in (400.0, 460.0, 700.0))
    wrong = Arrow((0.0, 560.0, 400.0), "wrong")
    placed = place([here, near, far], picture, picture.window, "transverse")
    assert [one.arrow for one in placed] == [here, far]
    placed = place([here, near, wrong], picture, picture.window, "transverse")
    assert [one.meaning for one in placed] == ["lesion", "wrong"]


def test_arrows_are_long_enough_on_small_pictures() -> None:
    picture = Slice(np.zeros((100, 100)), Window(0.0, 1.0, 0.0, 1.0))
    lengths = []
    for inches in (1.75, 0.7):
        (one,) = place([Arrow((0.0, 500.0, 500.0))], picture, picture.window, "transverse", inches=inches)
        lengths.append(float(np.hypot(one.tip[0] - one.tail[0], one.tip[1] - one.tail[1])))
    assert lengths == pytest.approx([0.17, 0.17 / 0.7])


def test_spots_are_pointed_at_inside_largest_first() -> None:
    mask = np.zeros((3, 40, 40), dtype=bool)
    mask[1, 2:20, 2] = mask[1, 19, 2:20] = True  # an L, whose centroid lies outside it
    mask[1, 30:33, 30:33] = True
    mask[1, 36, 36] = True
    hits = np.zeros_like(mask)
    hits[1, 31, 31] = True
    arrows = point_at(mask[1], Grid(mask.shape, (1.0,) * 3), "transverse", 1, count=5, least_pixels=4, hits=hits[1])
    assert [arrow.meaning for arrow in arrows] == ["wrong", "lesion"]
    assert all(mask[tuple(int(value) for value in arrow.point)] for arrow in arrows)


@pytest.mark.parametrize(("width", "length"), [(1.0, 0.2), (3.0, 1.0), (12.0, 5.0), (0.24, 0.1)])
def test_scale_bars_are_round(width: float, length: float) -> None:
    assert scale_bar_length(Window(0, 1, 0, width)) == pytest.approx(length)


@pytest.mark.parametrize("style", ["colour", "published"])
def test_each_code_of_a_composite_has_its_own_colour(style: str) -> None:
    colours, norm = composite_map(style)  # type: ignore[arg-type]
    found = [colours(norm(code)) for code in COMPOSITE_CODES.values()]
    assert len(set(found)) == 4
    if style == "published":
        assert [round(255 * colour[0]) for colour in found] == [0, 60, 180, 240]


def test_wrong_use_is_told(panels: list[Panel], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one panel"):
        montage([])
    with pytest.raises(InputError, match="0 to 11; found 12"):
        montage(panels, options=MontageOptions(slice_index=12))
    with pytest.raises(InputError, match=r"\.png, \.pdf"):
        save_figure(montage(panels), tmp_path / "figure.doc", {})
    save_figure(montage(panels), tmp_path / "f.png", {})
    with pytest.raises(OutputError, match="there already"):
        save_figure(montage(panels), tmp_path / "f.png", {}, overwrite=False)
