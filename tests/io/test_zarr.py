"""OME-Zarr comes back equal, foreign images are understood, and damage is told instead of believed."""

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from napari_bonemet.errors import BoneMetError, InputError, OutputError
from napari_bonemet.io.zarr import read_levels, read_zarr, write_zarr
from napari_bonemet.progress import Cancelled
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan


def scan(shape: tuple[int, int, int] = (20, 30, 40), dtype: Any = np.uint8, **about: Any) -> Scan:
    voxels = np.random.default_rng(1).integers(0, 200, shape).astype(dtype)
    return Scan(voxels, (10.6, 10.1, 0.1 + 0.2), (1.5, -20.0, 7.25), "871", "left", 21.0, **about)


def spec_group(path: Path, version: str, *, axes: str = "zyx", unit: str | None = "millimeter") -> np.ndarray:
    """An image as other programs write it, made from the specification alone."""
    sizes = {"t": 1, "c": 1, "z": 5, "y": 6, "x": 7}
    voxels = np.arange(np.prod([sizes[a] for a in axes]), dtype=np.uint16).reshape([sizes[a] for a in axes])
    scales, places = {"z": 0.02, "y": 0.01, "x": 0.005}, {"z": 0.5, "y": 0.0, "x": -0.25}
    described: list[dict[str, str]] = []
    for axis in axes:
        kind = {"t": "time", "c": "channel"}.get(axis, "space")
        described.append({"name": axis, "type": kind} | ({"unit": unit} if unit and kind == "space" else {}))
    transforms = [
        {"type": "scale", "scale": [scales.get(a, 1.0) for a in axes]},
        {"type": "translation", "translation": [places.get(a, 0.0) for a in axes]},
    ]
    multiscale: dict[str, Any] = {
        "axes": described,
        "datasets": [{"path": "s0", "coordinateTransformations": transforms}],
    }
    form = 2 if version == "0.4" else 3
    attributes = {"multiscales": [{**multiscale, "version": "0.4"}]}
    if form == 3:
        attributes = {"ome": {"version": version, "multiscales": [multiscale]}}  # type: ignore[dict-item]
    group = zarr.create_group(store=str(path), zarr_format=form, attributes=attributes)
    group.create_array("s0", shape=voxels.shape, chunks=[min(3, n) for n in voxels.shape], dtype=voxels.dtype)[...] = (
        voxels
    )
    return voxels


def edit(path: Path, change: Any) -> None:
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "uint16", "float32", "float64"])
def test_there_and_back_is_exact(tmp_path: Path, dtype: str) -> None:
    one = scan(dtype=dtype, kind=Kind.REGIST, synthetic=True, history=(Step("register", {"levels": [4, 2]}),))
    raw = read_zarr(write_zarr(one, tmp_path / "week 3.zarr"))
    np.testing.assert_array_equal(np.asarray(raw.voxels), one.to_numpy())
    assert raw.voxels.dtype == one.voxels.dtype
    assert (raw.spacing, raw.origin) == (one.spacing, one.origin)
    assert raw.record is not None
    assert (raw.record.subject, raw.record.side, raw.record.day, raw.record.kind) == ("871", "left", 21.0, Kind.REGIST)
    assert raw.record.synthetic
    assert raw.record.history == one.history


def test_what_is_written_follows_the_specification(tmp_path: Path) -> None:
    path = write_zarr(scan(), tmp_path / "a.zarr")
    record = json.loads((path / "zarr.json").read_text())
    assert (record["zarr_format"], record["node_type"]) == (3, "group")
    ome = record["attributes"]["ome"]
    assert ome["version"] == "0.5"
    image = ome["multiscales"][0]
    assert image["axes"] == [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]
    assert [t["type"] for t in image["datasets"][0]["coordinateTransformations"]] == ["scale", "translation"]
    array = json.loads((path / "0" / "zarr.json").read_text())
    assert array["dimension_names"] == ["z", "y", "x"]


def test_a_ramp_stays_where_it_was_on_every_level(tmp_path: Path) -> None:
    z, y, x = np.indices((70, 261, 300))
    ramp = Scan((3.0 * z + 2.0 * y - x).astype(np.float32), (8.0, 5.0, 4.0), (100.0, -7.0, 3.0))
    levels = read_levels(write_zarr(ramp, tmp_path / "ramp.zarr"))
    assert [voxels.shape for voxels, _ in levels] == [(70, 261, 300), (35, 131, 150), (35, 66, 75)]
    for voxels, grid in levels:
        index = [2, 10, 12]
        place = ramp.grid.to_index(grid.to_um(index))
        assert float(voxels[tuple(index)]) == pytest.approx(3 * place[0] + 2 * place[1] - place[2], abs=1e-3)


def test_means_of_grey_values_round_and_codes_are_never_mixed(tmp_path: Path) -> None:
    voxels = np.zeros((2, 2, 200), np.uint8)
    voxels[..., 1::2] = 255
    grey = read_levels(write_zarr(Scan(voxels, (10.0, 10.0, 10.0)), tmp_path / "grey.zarr"))[1][0]
    assert set(np.unique(np.asarray(grey)).tolist()) == {128}
    codes = np.random.default_rng(0).choice(np.array([0, 60, 180, 240], np.uint8), (2, 5, 200))
    levels = read_levels(write_zarr(Scan(codes, (10.0, 10.0, 10.0), kind=Kind.COMPOSITE), tmp_path / "codes.zarr"))
    np.testing.assert_array_equal(np.asarray(levels[1][0]), codes[:, :, ::2])
    assert levels[1][1].origin == levels[0][1].origin


def test_reading_is_lazy(tmp_path: Path) -> None:
    path = write_zarr(scan((64, 40, 40)), tmp_path / "a.zarr")
    raw = read_zarr(path)
    (path / "0" / "c" / "1" / "0" / "0").write_bytes(b"damaged")
    np.testing.assert_array_equal(np.asarray(raw.voxels[:32]), scan((64, 40, 40)).to_numpy()[:32])
    with pytest.raises(InputError, match="cannot be read"):
        np.asarray(raw.voxels[32:])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["zyx", "czyx", "tczyx", "xyz"])
def test_foreign_images_are_read(tmp_path: Path, version: str, axes: str) -> None:
    voxels = spec_group(tmp_path / "a.zarr", version, axes=axes)
    raw = read_zarr(tmp_path / "a.zarr")
    expected = voxels.transpose() if axes == "xyz" else voxels.reshape(5, 6, 7)
    np.testing.assert_array_equal(np.asarray(raw.voxels), expected)
    assert raw.spacing == (20.0, 10.0, 5.0)
    assert raw.origin == (500.0, 0.0, -250.0)
    assert raw.record is None


@pytest.mark.parametrize(("unit", "um"), [("nanometer", 0.001), ("micrometer", 1.0), ("angstrom", 1e-4)])
def test_units_are_converted(tmp_path: Path, unit: str, um: float) -> None:
    spec_group(tmp_path / "a.zarr", "0.4", unit=unit)
    shared = [{"type": "scale", "scale": [100.0, 200.0, 300.0]}]
    edit(tmp_path / "a.zarr" / ".zattrs", lambda r: r["multiscales"][0].update(coordinateTransformations=shared))
    assert read_zarr(tmp_path / "a.zarr").spacing == pytest.approx((2 * um, 2 * um, 1.5 * um), rel=1e-12)


@pytest.mark.parametrize("unit", [None, "parsnip", "second"])
def test_a_missing_unit_is_no_micrometre(tmp_path: Path, unit: str | None) -> None:
    spec_group(tmp_path / "a.zarr", "0.5", unit=unit)
    assert read_zarr(tmp_path / "a.zarr").spacing is None


def test_a_plain_array_states_no_spacing(tmp_path: Path) -> None:
    zarr.create_array(store=str(tmp_path / "a.zarr"), data=np.ones((3, 4, 5), np.uint8))
    raw = read_zarr(tmp_path / "a.zarr")
    assert (raw.voxels.shape, raw.spacing) == ((3, 4, 5), None)


def test_what_bioformats_made_is_read(tmp_path: Path) -> None:
    zarr.create_group(store=str(tmp_path / "a.zarr"), zarr_format=2, attributes={"bioformats2raw.layout": 3})
    spec_group(tmp_path / "a.zarr" / "0", "0.4")
    assert read_zarr(tmp_path / "a.zarr").spacing == (20.0, 10.0, 5.0)


def test_several_times_or_channels_are_refused(tmp_path: Path) -> None:
    spec_group(tmp_path / "a.zarr", "0.5", axes="tzyx")
    shutil.rmtree(tmp_path / "a.zarr" / "s0")
    zarr.create_array(store=str(tmp_path / "a.zarr" / "s0"), data=np.ones((2, 3, 4, 5), np.uint8))
    with pytest.raises(InputError, match=r"more than one volume.*t of length 2"):
        read_zarr(tmp_path / "a.zarr")


@pytest.mark.parametrize("path", ["../other", "/etc", "", "s0/../../x"])
def test_a_level_outside_the_image_is_refused(tmp_path: Path, path: str) -> None:
    spec_group(tmp_path / "a.zarr", "0.4")
    edit(tmp_path / "a.zarr" / ".zattrs", lambda r: r["multiscales"][0]["datasets"][0].update(path=path))
    with pytest.raises(InputError, match="outside its folder"):
        read_zarr(tmp_path / "a.zarr")


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "|O", "filters": [{"id": "pickle", "protocol": 4}]},
        {"dtype": "|O", "filters": [{"id": "vlen-utf8"}]},
        {"filters": [{"id": "pickle"}]},
        {"compressor": {"id": "json2"}},
        {"dtype": "<M8[ns]"},
        {"dtype": [["a", "<f4"]]},
        {"shape": [10**12, 6, 7]},
        {"shape": [2**24, 2**24, 2**24]},
        {"shape": [2**20, 600, 700]},
        {"shape": [-5, 6, 7]},
        {"shape": [True, 6, 7]},
        {"shape": "large"},
        {"chunks": [0, 1, 1]},
        {"chunks": [2**20, 2**20, 2**20]},
        {"chunks": [1, 1]},
    ],
)
def test_declared_nonsense_is_refused_before_it_is_opened(tmp_path: Path, change: dict[str, Any]) -> None:
    spec_group(tmp_path / "a.zarr", "0.4")
    edit(tmp_path / "a.zarr" / "s0" / ".zarray", lambda record: record.update(change))
    with pytest.raises(InputError, match="s0"):
        read_zarr(tmp_path / "a.zarr")


@pytest.mark.parametrize(
    "change",
    [
        {"data_type": "string"},
        {"data_type": {"name": "numpy.datetime64"}},
        {"data_type": "bytes"},
        {"codecs": [{"name": "vlen-utf8"}]},
        {"codecs": [{"name": "numcodecs.pickle"}]},
        {"codecs": [{"name": "sharding_indexed", "configuration": {"codecs": [{"name": "numcodecs.pickle"}]}}]},
        {"codecs": 7},
        {"chunk_grid": None},
        {"shape": [10**12, 6, 7]},
    ],
)
def test_declared_nonsense_in_the_new_format_too(tmp_path: Path, change: dict[str, Any]) -> None:
    spec_group(tmp_path / "a.zarr", "0.5")
    edit(tmp_path / "a.zarr" / "s0" / "zarr.json", lambda record: record.update(change))
    with pytest.raises(InputError, match="s0"):
        read_zarr(tmp_path / "a.zarr")


def test_our_own_image_with_a_chunk_missing_is_not_whole(tmp_path: Path) -> None:
    path = write_zarr(Scan(np.zeros((64, 8, 8), np.uint8), (10.0, 10.0, 10.0)), tmp_path / "a.zarr")
    (path / "0" / "c" / "1" / "0" / "0").unlink()
    with pytest.raises(InputError, match="not whole: expected 2 chunks; found 1"):
        read_zarr(path)


def test_mutated_stores_give_the_truth_or_an_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    for source in ("0.4", "0.5", "ours"):
        path = tmp_path / source
        write_zarr(scan((6, 7, 8)), path) if source == "ours" else spec_group(path, source)
        files = sorted(file for file in path.rglob("*") if file.is_file())
        for _ in range(120):
            victim = files[rng.integers(len(files))]
            whole = victim.read_bytes()
            victim.write_bytes(mutate(whole, rng))
            with contextlib.suppress(BoneMetError):
                assert np.asarray(read_zarr(path).voxels).size < 10**7
            victim.write_bytes(whole)


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(content)
    match rng.integers(4):
        case 0:
            return bytes(damaged[: rng.integers(len(damaged) + 1)])
        case 1:
            damaged[rng.integers(len(damaged))] = rng.integers(256)
        case 2:
            digits = [i for i, byte in enumerate(damaged) if chr(byte).isdigit()]
            for i in digits[:: max(1, len(digits) // 3)]:
                damaged[i] = ord("9")
        case _:
            start = int(rng.integers(len(damaged)))
            damaged[start : start + 4] = b"\xff" * 4
    return bytes(damaged)


def test_an_existing_image_is_not_replaced_unasked_and_a_stop_leaves_it(tmp_path: Path) -> None:
    class Stop:
        def advance(self, fraction: float) -> None:
            if fraction > 0.4:
                raise Cancelled

        def message(self, text: str) -> None: ...
        def check(self) -> None: ...

    path = write_zarr(scan(), tmp_path / "a.zarr")
    with pytest.raises(OutputError, match="there already"):
        write_zarr(scan(), path)
    with pytest.raises(Cancelled):
        write_zarr(scan((70, 8, 8)), path, overwrite=True, progress=Stop())
    np.testing.assert_array_equal(np.asarray(read_zarr(path).voxels), scan().to_numpy())
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zarr"]


def test_a_turned_bit_in_our_own_voxels_is_found(tmp_path: Path) -> None:
    one = scan((6, 7, 8))
    path = write_zarr(one, tmp_path / "a.zarr")
    chunk = path / "0" / "c" / "0" / "0" / "0"
    whole = bytearray(chunk.read_bytes())
    for bit in range(0, 8 * len(whole), 37):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        chunk.write_bytes(bytes(damaged))
        with contextlib.suppress(InputError):
            np.testing.assert_array_equal(np.asarray(read_zarr(path).voxels), one.to_numpy())


def test_our_own_image_with_another_size_is_refused(tmp_path: Path) -> None:
    path = write_zarr(scan((6, 7, 8)), tmp_path / "a.zarr")
    edit(path / "0" / "zarr.json", lambda record: record.update(shape=[5, 7, 8]))
    with pytest.raises(InputError, match="another size than was written"):
        read_zarr(path)
