from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from napari_bonemet.errors import InputError
from napari_bonemet.figures.export import save_plot
from napari_bonemet.figures.measures import draw_measure, measure_figure
from napari_bonemet.morphometry.cohort.weekly import Leg, WeeklyTable, weekly_table
from napari_bonemet.morphometry.result import ScanMeasures
from napari_bonemet.scan import Scan

# Animal "c1" has both legs, "t1" misses week 1.
VALUES = {
    ("c1", "left"): (10.0, 12.0, 11.0),
    ("c1", "right"): (14.0, 14.0, 15.0),
    ("c2", "left"): (8.0, 9.0, 9.0),
    ("t1", "left"): (10.0, None, 4.0),
    ("t2", "left"): (9.0, 7.0, 5.0),
}


def table_of(*, synthetic: bool = False, weeks: tuple[int, ...] = (0, 1, 3)) -> WeeklyTable:
    made = []
    for (animal, side), values in VALUES.items():
        for week, value in zip((0, 1, 3), values, strict=True):
            if value is not None and week in weeks:
                voxels = np.zeros((1, 2, 2), np.uint8)
                scan = Scan(voxels, (10, 10, 10), subject=animal, side=side, day=7 * week, synthetic=synthetic)
                made.append(ScanMeasures(scan, {"BV/TV": value}))
    groups: dict[Leg, str] = {
        (animal, side, "tibia"): "tumour" if animal[0] == "t" else "no tumour" for animal, side in VALUES
    }
    return weekly_table(made, groups)


def test_lines_are_legs_and_bold_ones_the_means_of_animals() -> None:
    axes = Figure().add_subplot()
    drawn = draw_measure(axes, table_of(), "BV/TV")
    assert len(drawn.lines) == 5
    line = drawn.lines["t1", "left", "tibia"]
    assert line.get_gid() == "t1 left tibia"
    np.testing.assert_array_equal(line.get_xdata(), [0, 1, 3])
    np.testing.assert_array_equal(line.get_ydata(), [10, np.nan, 4])
    # Two legs of c1 count as one animal: (12 + 8) / 2, not (10 + 14 + 8) / 3.
    np.testing.assert_allclose(drawn.groups["no tumour"].get_ydata(), [10, 11, 11])
    np.testing.assert_allclose(drawn.groups["tumour"].get_ydata(), [9.5, 7, 4.5])
    assert axes.get_ylabel() == "BV/TV (%)"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["no tumour (n = 2)", "tumour (n = 1–2)"]


def test_changes_begin_at_nothing() -> None:
    axes = Figure().add_subplot()
    drawn = draw_measure(axes, table_of(), "BV/TV", show="change")
    np.testing.assert_allclose(drawn.lines["t1", "left", "tibia"].get_ydata(), [0, np.nan, -6])
    np.testing.assert_allclose(drawn.groups["tumour"].get_ydata(), [0, -2, -5])
    assert axes.get_ylabel() == "Δ BV/TV (%) since week 0"
    drawn = draw_measure(axes, table_of(), "BV/TV", show="percent")
    np.testing.assert_allclose(drawn.lines["t1", "left", "tibia"].get_ydata(), [0, np.nan, -60])
    with pytest.raises(InputError, match=r"No leg has the measure Ct\.Th.*BV/TV"):
        draw_measure(axes, table_of(), "Ct.Th")


def test_the_figure_says_what_is_synthetic_and_is_the_same_every_time(tmp_path: Path) -> None:
    figure = measure_figure(table_of(synthetic=True), "BV/TV")
    assert len(figure.axes) == 2
    assert "synthetic data" in figure.get_supxlabel()
    assert "synthetic" not in measure_figure(table_of(), "BV/TV").get_supxlabel()
    assert len(measure_figure(table_of(weeks=(0,)), "BV/TV").axes) == 1
    for kind in ("svg", "png"):
        one = save_plot(figure, tmp_path / f"one.{kind}").read_bytes()
        two = save_plot(measure_figure(table_of(synthetic=True), "BV/TV"), tmp_path / f"two.{kind}").read_bytes()
        assert one == two
    assert "no tumour (n = 2)" in (tmp_path / "one.svg").read_text(encoding="utf-8")
    with pytest.raises(InputError):
        save_plot(figure, tmp_path / "one.doc")
