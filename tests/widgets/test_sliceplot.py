"""The curve over the slices: its marker follows the canvas without drawing all anew."""

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from napari_bonemet.widgets.sliceplot import SlicePlot


def test_the_marker_moves_without_a_new_drawing(qtbot: Any) -> None:
    plot = SlicePlot("dark")
    qtbot.addWidget(plot)
    plot.resize(400, 150)
    plot.show()
    plot.show_curve(np.full(50, 30.0), title="a", label="PSNR")
    qtbot.waitUntil(lambda: plot._below is not None)
    draws: list[int] = []
    plot.mpl_connect("draw_event", lambda _: draws.append(1))
    drawn = np.array(FigureCanvasAgg.buffer_rgba(plot))
    plot.mark(40)
    moved = np.array(FigureCanvasAgg.buffer_rgba(plot))
    columns = np.flatnonzero((drawn != moved).any(axis=(0, 2)))
    qtbot.wait(50)
    assert draws == []
    # It left its old place, at the left, and stands at its new one.
    assert columns.size
    assert columns.min() < drawn.shape[1] * 0.3 < drawn.shape[1] * 0.7 < columns.max()
    plot.mark(0)
    np.testing.assert_array_equal(np.array(FigureCanvasAgg.buffer_rgba(plot)), drawn)
