import dask.array as da
import numpy as np
import pytest

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.widgets import layers


@pytest.fixture
def scan():
    voxels = np.arange(4 * 5 * 6, dtype=np.uint8).reshape(4, 5, 6)
    history = (Step("read", {"path": "x"}),)
    return Scan(voxels, (10, 11, 12), (100, 0, -5), "871", "left", day=21, kind=Kind.REGIST, history=history)


def test_scan_goes_there_and_back(make_napari_viewer_proxy, scan):
    viewer = make_napari_viewer_proxy()
    layer = layers.add_scan(viewer, scan)
    assert layer.name == "871 left tibia, registered, week 3"
    assert [str(u) for u in layer.units] == ["micrometer"] * 3
    assert tuple(layer.axis_labels) == ("z", "y", "x")
    assert tuple(layer.contrast_limits) == (0, 255)
    back = layers.scan_from_layer(viewer.layers[0])
    assert np.array_equal(back.to_numpy(), scan.to_numpy())
    for name in ("spacing", "origin", "subject", "side", "day", "kind", "part", "synthetic", "history"):
        assert getattr(back, name) == getattr(scan, name), name


def test_crop_overlays_its_parent(make_model, scan):
    viewer = make_model()
    parent = layers.add_scan(viewer, scan)
    child = layers.add_scan(viewer, scan.crop((slice(1, 3), slice(2, 5), slice(0, 6))), what="crop")
    assert np.allclose(child.data_to_world((0, 0, 0)), parent.data_to_world((1, 2, 0)))
    assert viewer.layers.extent.units is not None


def test_found_by_record_not_by_name(make_model, scan):
    viewer = make_model()
    own = viewer.add_image(np.zeros((4, 5, 6)), name="871 left tibia, registered, week 3")
    ours = layers.add_scan(viewer, scan)
    ours.name = "renamed"
    assert layers.find_layers(viewer, leg="871 left tibia", week=3) == [ours]
    assert layers.find_layers(viewer, week=2) == []
    assert layers.find_layers(viewer, kind=Kind.REGIST) == [ours]
    assert layers.record_of_layer(own) is None


def test_same_scan_takes_the_place_of_ours_only(make_model, scan):
    viewer = make_model()
    own = viewer.add_image(np.zeros((4, 5, 6)))
    first = layers.add_scan(viewer, scan)
    top = viewer.add_points(np.zeros((1, 3)))
    second = layers.add_scan(viewer, scan)
    assert list(viewer.layers) == [own, second, top]
    assert first not in viewer.layers


def test_composite_is_labels_with_classes_or_published_greys(make_model):
    viewer = make_model()
    codes = np.array([0, 60, 180, 240], dtype=np.uint8).reshape(1, 2, 2).repeat(3, axis=0)
    scan = Scan(codes, (10, 10, 10), subject="871", day=21, kind=Kind.COMPOSITE)
    labels = layers.add_scan(viewer, scan)
    assert type(labels).__name__ == "Labels"
    assert list(labels.features["index"]) == [0, 60, 180, 240]
    assert list(labels.features["class"]) == ["neither", "resorbed", "conserved", "formed"]
    assert labels.colormap.map(0)[3] == 0
    assert len({tuple(labels.get_color(code)) for code in (60, 180, 240)}) == 3
    assert np.array_equal(layers.scan_from_layer(labels).to_numpy(), codes)
    image = layers.add_scan(viewer, scan, style="published")
    assert type(image).__name__ == "Image"
    assert list(viewer.layers) == [image]


def test_lazy_stays_lazy_and_limits_are_robust():
    computed = []

    def block(block_info=None):
        computed.append(block_info[None]["chunk-location"][0])
        values = np.full((1, 8, 8), 1000, np.uint16)
        values[0, 0, 0] = 2000
        return values

    voxels = da.map_blocks(block, chunks=((1,) * 50, (8,), (8,)), dtype=np.uint16, meta=np.empty((0, 0, 0), "u2"))
    data, attributes, kind = layers.layer_tuple(Scan(voxels, (10, 10, 10)))
    assert kind == "image"
    assert isinstance(data, da.Array)
    assert len(computed) <= 6
    assert attributes["contrast_limits"][0] == 1000


def test_synthetic_is_called_so():
    scan = Scan(np.zeros((2, 2, 2), np.uint8), (1, 1, 1), subject="7", day=0, synthetic=True)
    assert layers.layer_name(scan) == "synthetic 7 tibia, week 0"


def test_users_layer_becomes_a_scan_by_its_units(make_model):
    viewer = make_model()
    layer = viewer.add_image(np.zeros((4, 5, 6), np.uint8), scale=(0.01,) * 3, units="mm", name="mine")
    scan = layers.scan_from_layer(layer)
    assert np.allclose(scan.spacing, 10)
    assert scan.subject == "mine"


def test_layers_that_are_no_scan_are_refused_in_words(make_model):
    viewer = make_model()
    volume = np.zeros((4, 5, 6), np.uint8)
    with pytest.raises(MissingSpacingError, match="voxel size"):
        layers.scan_from_layer(viewer.add_image(volume, name="no units"))
    with pytest.raises(InputError, match="three axes"):
        layers.scan_from_layer(viewer.add_image(np.zeros((4, 5)), name="flat"))
    with pytest.raises(InputError, match="turned"):
        layers.scan_from_layer(viewer.add_image(volume, rotate=(0, 0, 30), units="um"))
    with pytest.raises(InputError, match="no scan"):
        layers.scan_from_layer(viewer.add_points(np.zeros((1, 3))))
