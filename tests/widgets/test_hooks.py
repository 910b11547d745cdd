from pathlib import Path

import dask.array as da
import numpy as np
import pytest
from napari.layers import Layer
from npe2 import PluginManifest
from PIL import Image

import napari_bonemet
from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.io import read_scan, read_study, write_scan, write_series
from napari_bonemet.scan import Kind
from napari_bonemet.widgets import hooks
from napari_bonemet.widgets.layers import layer_tuple
from napari_bonemet.widgets.session_restore import DOCKS

MANIFEST = Path(napari_bonemet.__file__).parent / "napari.yaml"


@pytest.fixture
def folder(tmp_path, make_series):
    write_series(make_series(), tmp_path / "study")
    return tmp_path / "study"


def test_manifest_is_valid_and_every_command_loads():
    manifest = PluginManifest.from_file(MANIFEST)  # what `npe2 validate --imports` does, without another Python
    manifest.validate_imports()
    assert manifest.name == "napari-bonemet"
    assert {widget.display_name for widget in manifest.contributions.widgets} == set(DOCKS)


def test_folder_of_weeks_opens_with_everything_right(folder, make_series):
    layers = hooks.get_reader(str(folder))(str(folder))
    assert len(layers) == 3
    for (data, attributes, kind), scan in zip(layers, make_series(), strict=True):
        assert kind == "image"
        assert np.array_equal(np.asarray(data), scan.to_numpy())
        assert attributes["scale"] == (10, 10, 10)
        assert attributes["units"] == ("micrometer",) * 3
        assert attributes["axis_labels"] == ("z", "y", "x")
        assert attributes["contrast_limits"] == (0, 255)
        assert attributes["name"] == scan.title
    assert [attributes["visible"] for _, attributes, _ in layers] == [True, False, False]
    assert isinstance(layers[0][0], da.Array)


def test_single_scan_opens(tmp_path, make_series):
    path = write_scan(make_series()[1], tmp_path / "871 left tibia week 1.nii.gz")
    ((data, attributes, kind),) = hooks.get_reader(str(path))(str(path))
    assert data.shape == (12, 20, 20)
    assert attributes["scale"] == pytest.approx((10, 10, 10))
    assert kind == "image"


def test_strangers_are_left_to_other_readers(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    Image.new("RGB", (5, 5)).save(tmp_path / "photo.jpg")
    (tmp_path / "empty").mkdir()
    for name in ("notes.txt", "photo.jpg", "empty", "not there"):
        assert hooks.get_reader(str(tmp_path / name)) is None, name


def test_missing_voxel_size_is_asked_for(tmp_path):
    place = tmp_path / "871 left tibia" / "week 0"
    place.mkdir(parents=True)
    for z in range(3):
        Image.fromarray(np.full((6, 6), z, np.uint8)).save(place / f"slice_{z:04d}.png")
    with pytest.raises(MissingSpacingError, match="Voxel size"):
        hooks.get_reader(str(tmp_path))(str(tmp_path))


def test_dropped_on_the_viewer_it_lands_on_the_desk(qtbot, make_model, folder):
    from napari_bonemet.widgets.week_view import week_view_of

    viewer = make_model()
    view = week_view_of(viewer)
    layers = viewer.open(folder, plugin="napari-bonemet")
    assert len(layers) == 3
    desk = view.parent()
    qtbot.waitUntil(lambda: desk.series is not None)
    assert desk.series.weeks == (0, 1, 2)
    assert len(viewer.layers) == 3
    assert [layer.visible for layer in viewer.layers] == [True, False, False]
    desk.set_week(2)
    assert [layer.visible for layer in viewer.layers] == [False, False, True]


@pytest.mark.parametrize("key", ["synthetic-tibia", "synthetic-tibia-registered"])
def test_sample_opens_and_says_synthetic(make_model, key):
    viewer = make_model()
    layers = viewer.open_sample("napari-bonemet", key)
    assert len(layers) == 4
    assert all("synthetic" in layer.name for layer in layers)
    assert all(str(unit) == "micrometer" for layer in layers for unit in layer.units)


def test_layers_are_written_and_read_back(tmp_path, make_series):
    scan = make_series()[2]
    data, attributes, _ = layer_tuple(scan)
    for name in ("871 left tibia week 2.nrrd", "871 left tibia week 2.nii.gz"):
        (written,) = hooks.write_single(str(tmp_path / name), data, attributes)
        back = read_scan(written)
        assert np.array_equal(back.to_numpy(), scan.to_numpy())
        assert back.spacing == pytest.approx(scan.spacing)
    folder = tmp_path / "weeks"
    written = hooks.write_weeks(str(folder), [layer_tuple(s) for s in make_series()])
    assert len(written) == 3
    (series,) = read_study(folder)
    assert series.weeks == (0, 1, 2)
    assert series[0].spacing == pytest.approx((10, 10, 10))


def test_composite_labels_are_written(tmp_path):
    from napari_bonemet.scan import Scan

    codes = np.array([0, 60, 180, 240] * 4, np.uint8).reshape(4, 2, 2)
    data, attributes, kind = layer_tuple(Scan(codes, (10, 10, 10), subject="871", day=21, kind=Kind.COMPOSITE))
    assert kind == "labels"
    (written,) = hooks.write_labels(str(tmp_path / "871 tibia week 3.nrrd"), data, attributes)
    assert np.array_equal(read_scan(written).to_numpy(), codes)


def test_writing_what_is_no_scan_is_refused(tmp_path, make_series):
    with pytest.raises(InputError):
        hooks.write_single(str(tmp_path / "x.nrrd"), np.zeros((3, 3, 3)), {"name": "no units"})
    assert list(tmp_path.iterdir()) == []
    both = [layer_tuple(s) for s in make_series()] + [layer_tuple(s) for s in make_series(kind=Kind.REGIST)]
    with pytest.raises(InputError, match="two stages"):
        hooks.write_weeks(str(tmp_path / "weeks"), both)


def test_saved_through_the_viewer(make_model, tmp_path, make_series):
    viewer = make_model()
    for scan in make_series():
        viewer.add_layer(Layer.create(*layer_tuple(scan)))
    viewer.layers.save(str(tmp_path / "out"), plugin="napari-bonemet")
    assert (tmp_path / "out" / "871 left tibia" / "week 2").is_dir()
