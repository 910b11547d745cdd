import numpy as np
import pytest
from PIL import Image

from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.study.leg import StudyOptions, run_leg
from napari_bonemet.widgets import show
from napari_bonemet.widgets.layers import find_layers


@pytest.fixture(scope="module")
def study():
    leg = make_leg(LegOptions(shape=(24, 48, 48), spacing_um=60.0, weeks=(0, 1, 2), seed=1))
    return run_leg(leg.registered(), options=StudyOptions(forecaster="copy-last-week"))


def test_finished_study_is_laid_out(make_napari_viewer, study):
    viewer = make_napari_viewer()
    desk = show.lay_out(viewer, study)
    assert desk.working is not None
    assert sorted(desk.composites) == [1, 2]
    assert desk.forecast is study.forecast
    assert len(find_layers(viewer, kind="composite")) == 2
    assert [layer.name for layer in find_layers(viewer, kind="prediction")] == [
        f"{study.leg}, research use: predicted, week 2"
    ]
    assert desk.week == 2
    assert viewer.layers.selection.active.name.endswith("week 2")


def test_every_dock_opens_and_the_cells_are_filled(make_napari_viewer, study):
    viewer = make_napari_viewer()
    show.lay_out(viewer, study)
    docks = show.open_docks(viewer)
    assert tuple(docks) == show.DOCKS
    show._side_by_side(docks["Compare"])
    assert docks["Compare"].cells.shown
    assert viewer.canvas.grid.enabled


def test_picture_of_the_window(make_napari_viewer, study, tmp_path, monkeypatch):
    viewer = make_napari_viewer(show=True)
    monkeypatch.setattr(show.napari, "Viewer", lambda **_: viewer)
    picture = show.show_demo(study, capture=tmp_path / "screen.png")
    pixels = np.asarray(Image.open(picture).convert("L"))
    assert min(pixels.shape) > 600
    assert pixels.std() > 10
    assert [path.name for path in tmp_path.iterdir()] == ["screen.png"]
