"""The plugin's docks on a large leg: opening, stepping, turning weeks, cells, overlay, and what it keeps in memory."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from screens.window import Window, resident_mib, spread_of

STEPS = 60
JUMPS = 20


def measure(folder: Path) -> dict[str, Any]:
    """Everything that is timed of one leg on disk; milliseconds, mebibytes."""
    window = Window()
    weekly, compare = window.dock("Weekly scans"), window.dock("Compare")
    window.rest(1.0)
    found: dict[str, Any] = {}
    empty = resident_mib()
    start = time.perf_counter()
    weekly.open_folder(folder)
    window.wait(lambda: weekly.desk.series is not None and not weekly.open_bar.running)
    window.frame()
    found["first picture, ms"] = round((time.perf_counter() - start) * 1e3)
    if not window.bright():
        raise AssertionError("there is nothing on the canvas")
    found["memory of the first picture, MiB"] = round(resident_mib() - empty)
    viewer, desk = window.viewer, weekly.desk
    found["same picture again"] = spread_of([window.timed(lambda: None) for _ in range(20)])
    found["slice step, one cell"] = stepping(window)
    found["slice jump, one cell"] = jumping(window)
    # A hand takes as long from the slider to the strip of weeks.
    window.rest(1.0)
    weeks = [week for week in desk.series.weeks if week != desk.week] + [desk.series.weeks[0]]
    found["week step"] = spread_of([window.timed(lambda w=week: desk.set_week(w)) for week in weeks * 2])
    found |= cells(window, compare)
    found["overlay toggle"] = overlay(window)
    found["memory, MiB"] = round(resident_mib() - empty)
    found["declared cache, MiB"] = declared_mib()
    found["resident slices, MiB"] = round(held_mib(viewer))
    window.close()
    return found


def stepping(window: Window) -> dict[str, float]:
    """The slider's arrow held down: the next slice as soon as the last one is drawn."""
    first = window.viewer.dims.current_step[0]
    times = [window.timed(lambda z=first + n: window.viewer.dims.set_current_step(0, z)) for n in range(1, STEPS + 1)]
    return spread_of(times)


def jumping(window: Window) -> dict[str, float]:
    """The slider dragged to anywhere."""
    most = int(window.viewer.dims.nsteps[0])
    places = np.random.default_rng(0).integers(0, most, JUMPS)
    return spread_of([window.timed(lambda z=z: window.viewer.dims.set_current_step(0, int(z))) for z in places])


def cells(window: Window, compare: Any) -> dict[str, Any]:
    """All weeks side by side, stepped through, and the user's own view again."""
    compare.choice.tick([item.key for item in compare.choice.items if item.is_week], difference=False)

    def show() -> None:
        compare.show_cells()
        window.wait(lambda: compare.cells.shown)

    def measured() -> None:
        window.wait(lambda: not compare.run_bar.running)

    on, curve = [window.timed(show)], window.timed(measured)
    window.rest(1.0)
    steps, jumps = stepping(window), jumping(window)
    off = [window.timed(compare.leave)]
    on.append(window.timed(show))
    measured()
    off.append(window.timed(compare.leave))
    return {
        "slice step, five cells": steps,
        "slice jump, five cells": jumps,
        "layout on": spread_of(on),
        "layout off": spread_of(off),
        "every slice measured, ms": round(curve),
    }


def overlay(window: Window) -> dict[str, float]:
    """A second layer of ours over the first, seen and not seen."""
    shown = next(layer for layer in window.viewer.layers if layer.visible)
    other = next(layer for layer in window.viewer.layers if layer is not shown)
    times = [window.timed(lambda on=n % 2 == 0: setattr(other, "visible", on)) for n in range(10)]
    return spread_of(times)


def declared_mib() -> float:
    """The largest that the cache of slices may grow; napari's own, of dask arrays, is not used by large scans."""
    from napari_bonemet.io.slab_cache import CACHE

    return round(CACHE.limit / 2**20)


def held_mib(viewer: Any) -> float:
    """The voxels that layers hold in memory by themselves: arrays, and smaller copies that were made."""
    from napari_bonemet.widgets.large import pyramid_of, voxels_of

    arrays = {id(v): v.nbytes for layer in viewer.layers if isinstance(v := voxels_of(layer), np.ndarray)}
    pyramids = {id(p): p.nbytes for layer in viewer.layers if (p := pyramid_of(layer)) is not None}
    return (sum(arrays.values()) + sum(pyramids.values())) / 2**20
