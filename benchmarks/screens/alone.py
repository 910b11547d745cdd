"""napari by itself on plain arrays of the same size: what any viewer of it pays."""

from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.io.bonemet import find_legs, read_series
from screens.ours import jumping, stepping
from screens.window import Window, resident_mib, spread_of

_LOOK = {"contrast_limits": (0, 255), "colormap": "gray"}


def measure(folder: Path) -> dict[str, Any]:
    """The same figures, of five arrays in memory that hold the middle of one week each, repeated."""
    (leg,) = find_legs(folder)
    series = read_series(leg)
    depth = series.baseline.shape[0]
    # Slices repeat, so that five weeks take the memory of a few slices, as far as the screen can tell the same.
    some = [np.asarray(scan.voxels[depth // 2 : depth // 2 + 8]) for scan in series]
    arrays = [
        np.broadcast_to(a[:, None], (8, -(-depth // 8), *a.shape[1:])).reshape(-1, *a.shape[1:])[:depth] for a in some
    ]
    window = Window()
    viewer = window.viewer
    window.rest(1.0)
    empty = resident_mib()
    scale, units = series.baseline.spacing, ("micrometer",) * 3
    found: dict[str, Any] = {}
    for n, array in enumerate(arrays):
        add = lambda a=array, v=n == 0: viewer.add_image(a, scale=scale, units=units, visible=v, **_LOOK)  # noqa: E731
        took = window.timed(add)
        found.setdefault("first picture, ms", round(took))
    viewer.dims.set_current_step(0, depth // 2)
    found["same picture again"] = spread_of([window.timed(lambda: None) for _ in range(20)])
    found["slice step, one cell"] = stepping(window)
    found["slice jump, one cell"] = jumping(window)
    found["week step"] = spread_of([window.timed(lambda w=n: _only(viewer, w)) for n in [1, 2, 3, 4, 0] * 2])
    on, off = [], []
    for _ in range(2):
        on.append(window.timed(lambda: _grid(viewer, True)))
        window.rest(0.5)
        if "slice step, five cells" not in found:
            found["slice step, five cells"] = stepping(window)
            found["slice jump, five cells"] = jumping(window)
        off.append(window.timed(lambda: _grid(viewer, False)))
    found["layout on"], found["layout off"] = spread_of(on), spread_of(off)
    toggles = [window.timed(lambda on=n % 2 == 0: setattr(viewer.layers[1], "visible", on)) for n in range(10)]
    found["overlay toggle"] = spread_of(toggles)
    found["memory, MiB"] = round(resident_mib() - empty)
    window.close()
    return found


def _only(viewer: Any, week: int) -> None:
    for n, layer in enumerate(viewer.layers):
        layer.visible = n == week


def _grid(viewer: Any, on: bool) -> None:
    for n, layer in enumerate(viewer.layers):
        layer.visible = on or n == 0
    viewer.canvas.grid.enabled = on
    viewer.reset_view()
