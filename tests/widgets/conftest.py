"""What the tests of the screen need: a display, a viewer, and small scans."""

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

HERE = Path(__file__).parent
NEEDS = "needs napari and a display; run the tests under xvfb-run, or where DISPLAY is set"


def _napari() -> bool:
    try:
        import napari
        import qtpy.QtWidgets
    except (ImportError, RuntimeError):
        return False
    del napari, qtpy
    return True


def _display() -> bool:
    there = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(there) or sys.platform in ("win32", "darwin")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    # The modules import napari at their top: without it they cannot even be collected.
    if collection_path.parent == HERE and collection_path.name.startswith("test_") and not _napari():
        warnings.warn(f"{collection_path.name} is left out: {NEEDS}", stacklevel=1)
        return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not _display():
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=NEEDS))


@pytest.fixture(autouse=True)
def own_places(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recent sessions, and what crashed viewers left, of this test alone."""
    home = tmp_path_factory.mktemp("user")
    for name in ("user_config_dir", "user_state_dir"):
        monkeypatch.setattr(f"platformdirs.{name}", lambda app="", *_, name=name, **__: str(home / name / app))
    return home


@pytest.fixture
def make_series() -> Callable[..., ScanSeries]:
    """Makes weeks of a hollow bone that loses a hole, in seconds a thousandth."""

    def make(weeks: tuple[float, ...] = (0, 1, 2), kind: Kind = Kind.SEG, subject: str = "871") -> ScanSeries:
        z, y, x = np.mgrid[:12, :20, :20]
        ring = (np.hypot(y - 9.5, x - 9.5) < 8) & (np.hypot(y - 9.5, x - 9.5) > 5)
        scans = []
        for week in weeks:
            hole = (np.abs(z - 6) < 1 + week) & (y > 13)
            voxels = np.where(ring & ~(hole & (week > 0)), 180, 20).astype(np.uint8)
            scans.append(Scan(voxels, (10.0, 10.0, 10.0), (0.0, 0.0, 0.0), subject, "left", day=7 * week, kind=kind))
        return ScanSeries(tuple(scans))

    return make


@pytest.fixture
def make_model(qapp: Any) -> Callable[[], Any]:
    """Makes viewers without a window, which is all that layers and the desk need, and is quick."""
    from napari.components import ViewerModel

    return ViewerModel


class MouseEvent:
    """What napari hands to a mouse callback."""

    def __init__(self, position: Sequence[float], modifiers: Sequence[str]) -> None:
        self.type = "mouse_press"
        self.position = tuple(position)
        self.modifiers = tuple(modifiers)


@pytest.fixture
def drag() -> Callable[..., None]:
    """Drags with napari's own mouse events: press at the first place, move to the others, let go."""

    def drag(callback: Callable[[Any, Any], Iterator[None]], viewer: Any, places: Sequence[Any], *keys: str) -> None:
        event = MouseEvent(places[0], keys)
        steps = callback(viewer, event)
        next(steps, None)
        for place in places[1:]:
            event.type, event.position = "mouse_move", tuple(place)
            next(steps, None)
        event.type = "mouse_release"
        next(steps, None)

    return drag


@pytest.fixture
def holes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A model of futures made by hand, in the place of the T-VAE with a gate."""
    from napari_bonemet.forecast import registry

    from .futures_screen import Holes

    registry.forecaster_names()
    model = Holes()
    monkeypatch.setitem(registry.FORECASTERS, "tvae-gate", lambda: model)
    yield model
    for _ in range(100):
        model.may.release()


@pytest.fixture
def screen(
    make_napari_viewer: Callable[..., Any], qtbot: Any, make_series: Callable[..., ScanSeries], holes: Any
) -> Any:
    """A window with the Futures dock, and four registered weeks."""
    from .futures_screen import Screen

    del holes
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 700)
    made = Screen(viewer, qtbot, make_series((0, 1, 2, 3), kind=Kind.REGIST))
    made.choose(perceptual=False)
    return made
