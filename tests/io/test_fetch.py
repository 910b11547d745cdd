"""Fetching from a hub on this machine: what is chosen, resumed, refused."""

import errno
import importlib.util
import shutil
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.cli import main
from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.io import fetch, find_legs
from napari_bonemet.io.fetch import bytes_left, fetch_files, left_to_fetch, place_of
from napari_bonemet.io.hub import FetchOptions, RemoteFile, component_of, select_files
from napari_bonemet.io.hub_trouble import FetchError
from napari_bonemet.progress import Cancelled

pytest.importorskip("huggingface_hub")
_spec = importlib.util.spec_from_file_location("hub_mirror", Path(__file__).with_name("hub_mirror.py"))
assert _spec is not None
assert _spec.loader is not None
hub_mirror: Any = importlib.util.module_from_spec(_spec)
sys.modules["hub_mirror"] = hub_mirror
_spec.loader.exec_module(hub_mirror)

BIG = "Recon-CT/week 0/871.nii.gz"
CHUNK = 2**16


def png(seed: int) -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (9, 8), np.uint8)).save(file, "png")
    return file.getvalue()


def data_set() -> dict[str, bytes]:
    files = {"README.md": b"about", "MiceMediRec/records.csv": b"Mice ID\n871\n"}
    for week in (0, 1):
        for animal in ("871", "872"):
            for slice_ in range(4):
                name = f"slice_{slice_:04d}.png"
                files[f"Seg-CT/week {week}/{animal} week {week} left tibia/{name}"] = png(week + slice_)
                files[f"3. Regist-CT/{animal} right tibia/week {week}/{name}"] = png(week - slice_ + 9)
    files[BIG] = np.random.default_rng(1).bytes(20 * CHUNK + 123)
    return files


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
    with hub_mirror.serve(hub_mirror.Mirror(data_set(), lfs=frozenset({BIG}))) as served:
        yield served


def asked(mirror: Any, **chosen: Any) -> FetchOptions:
    return FetchOptions(endpoint=mirror.address, **chosen)


def names(mirror: Any, **chosen: Any) -> set[str]:
    return {file.path for file in select_files(asked(mirror, **chosen)).files}


class Stop:
    """Asks to stop once something was sent."""

    def advance(self, fraction: float) -> None:
        if fraction > 0:
            raise Cancelled

    def message(self, text: str) -> None: ...

    def check(self) -> None: ...


def test_components_animals_and_weeks_are_told_by_names(mirror: Any) -> None:
    everything = set(mirror.files)
    assert names(mirror) == everything
    seg = names(mirror, components=("Seg-CT",))
    assert seg == {path for path in everything if path.startswith("Seg-CT")}
    one = names(mirror, components=("Seg-CT", "Regist-CT"), animals=("872",), weeks=(1.0,))
    assert one == {path for path in everything if "872" in path and "week 1" in path}
    assert names(mirror, components=("MiceMediRec",), animals=("871",), weeks=(0.0,)) == {"MiceMediRec/records.csv"}
    assert names(mirror, components=("Recon-CT",), animals=("871",)) == {BIG}
    with pytest.raises(InputError, match="No file of BoneMet/BoneMet is what was asked for"):
        select_files(asked(mirror, animals=("999",), components=("Seg-CT",)))


def test_folders_that_are_ruled_out_are_not_listed(mirror: Any) -> None:
    names(mirror, components=("Regist-CT",), animals=("872",), weeks=(1.0,))
    listed = {path.split("/tree/")[1].partition("/")[2] for _, path, _ in mirror.asked if "/tree/" in path}
    assert listed == {"", "3. Regist-CT", "3. Regist-CT/872 right tibia", "3. Regist-CT/872 right tibia/week 1"}


@pytest.mark.parametrize(
    ("path", "component"),
    [
        ("4. Regist-CT/week 0/871/1.png", "Regist-CT"),
        ("roi_ct.zip", "RoI-CT"),
        ("Rotation X-Ray/week 2/871", "Rotation-X-Ray"),
        ("MiceMediRec.csv", "MiceMediRec"),
        ("README.md", None),
    ],
)
def test_components_by_any_spelling(path: str, component: str | None) -> None:
    assert component_of(path) == component


def test_what_is_fetched_is_what_is_there_and_can_be_read(mirror: Any, tmp_path: Path) -> None:
    selection = select_files(asked(mirror, components=("Seg-CT",), animals=("871",)))
    assert selection.size == sum(len(data) for path, data in mirror.files.items() if "Seg" in path and "871" in path)
    result = fetch_files(selection, tmp_path)
    assert (result.files, result.there, result.bytes) == (8, 0, selection.size)
    for file in selection.files:
        assert (tmp_path / file.path).read_bytes() == mirror.files[file.path]
    (leg,) = find_legs(tmp_path)
    assert (leg.leg, [week for week, _ in leg.weeks]) == ("871 left tibia", [0, 1])
    mirror.asked.clear()
    again = fetch_files(selection, tmp_path)
    assert (again.files, again.there, again.bytes) == (0, 8, 0)
    assert mirror.asked == []


def test_an_interrupted_file_goes_on_where_it_stopped(mirror: Any, tmp_path: Path) -> None:
    selection = select_files(asked(mirror, components=("Recon-CT",)))
    mirror.cut[BIG] = (9 * CHUNK + 17, 10**6)  # so that it cannot be finished before it is stopped
    with pytest.raises(Cancelled):
        fetch_files(selection, tmp_path, progress=Stop())
    (part,) = tmp_path.rglob("*.part-*")
    so_far = part.stat().st_size
    assert 0 < so_far < selection.size
    assert not (tmp_path / BIG).exists()
    mirror.cut.clear()
    mirror.asked.clear()
    left = left_to_fetch(selection, tmp_path)
    assert bytes_left(left, tmp_path) == selection.size - so_far
    result = fetch_files(selection, tmp_path)
    assert result.bytes == selection.size - so_far
    assert mirror.ranges(BIG) == [f"bytes={so_far}-"]
    assert (tmp_path / BIG).read_bytes() == mirror.files[BIG]
    assert not [*tmp_path.rglob("*.part-*")]


def test_a_connection_that_breaks_is_taken_up_again(mirror: Any, tmp_path: Path) -> None:
    mirror.cut[BIG] = (5 * CHUNK, 1)
    fetch_files(select_files(asked(mirror, components=("Recon-CT",))), tmp_path)
    assert (tmp_path / BIG).read_bytes() == mirror.files[BIG]
    first, second = mirror.ranges(BIG)
    assert first is None
    assert second.startswith("bytes=")


def test_a_damaged_half_is_fetched_anew_and_a_lie_is_refused(mirror: Any, tmp_path: Path) -> None:
    selection = select_files(asked(mirror, components=("Recon-CT",)))
    (file,) = selection.files
    part = fetch._part(file, place_of(file, tmp_path))
    part.parent.mkdir(parents=True)
    part.write_bytes(b"\0" * 5000)
    fetch_files(selection, tmp_path)
    assert (tmp_path / BIG).read_bytes() == mirror.files[BIG]
    mirror.files[BIG] = bytes(len(mirror.files[BIG]))
    with pytest.raises(FetchError, match="came damaged twice"):
        fetch_files(selection, tmp_path / "other")
    assert not [path for path in (tmp_path / "other").rglob("*") if path.is_file()]


def test_a_file_that_changed_is_not_replaced(mirror: Any, tmp_path: Path) -> None:
    selection = select_files(asked(mirror, components=("MiceMediRec",)))
    fetch_files(selection, tmp_path)
    (tmp_path / "MiceMediRec" / "records.csv").write_text("my own")
    with pytest.raises(InputError, match="is another file than the data set has now"):
        left_to_fetch(selection, tmp_path)


def test_files_that_were_copied_here_are_recognised(mirror: Any, tmp_path: Path) -> None:
    selection = select_files(asked(mirror, components=("Seg-CT",)))
    for file in selection.files:
        place = tmp_path / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(mirror.files[file.path])
    assert left_to_fetch(selection, tmp_path) == []


@pytest.mark.parametrize("name", ["../outside.png", "/etc/passwd", "a/../../b.png", "c:\\x.png", "a\\..\\b"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="leads out of its folder"):
        place_of(RemoteFile(name, 1, None, "0"), tmp_path)


def test_a_wrong_repo_or_revision_is_told(mirror: Any) -> None:
    with pytest.raises(InputError, match="There is no data set BoneMet/other on http://127"):
        select_files(asked(mirror, repo="BoneMet/other"))
    with pytest.raises(InputError, match="is no name of a data set"):
        select_files(asked(mirror, repo="a/b/c"))
    with pytest.raises(InputError, match="has no such revision"):
        select_files(asked(mirror, revision="v9"))


def test_no_network_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub_mirror.serve(hub_mirror.Mirror({})) as gone:
        pass
    with pytest.raises(FetchError, match="cannot be reached"):
        select_files(asked(gone))


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(
    mirror: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    selection = select_files(asked(mirror, components=("Recon-CT",)))
    usage = namedtuple("usage", "total used free")
    mirror.asked.clear()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 10, 1000))
    with pytest.raises(OutputError, match=r"too little room: expected 1\.3 MB still to be fetched; found 1\.0 kB free"):
        fetch_files(selection, tmp_path)
    assert mirror.asked == []


def test_a_disk_that_fills_up_meanwhile_is_told(mirror: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetch._Listened, "write", full)
    with pytest.raises(OutputError, match="the disk is full"):
        fetch_files(select_files(asked(mirror, components=("Recon-CT",))), tmp_path)
    assert not (tmp_path / BIG).exists()


def test_without_the_package_the_command_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert main(["fetch", "--out", str(tmp_path / "out")]) == 2
    assert "pip install 'napari-bonemet[fetch]'" in capsys.readouterr().err


def test_the_command_shows_the_size_and_waits_for_a_yes(
    mirror: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    words = ["fetch", "--endpoint", mirror.address, "--components", "Seg-CT", "--weeks", "0", "--out", str(out)]
    assert main([*words, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "8 files" in said
    assert not out.exists()
    assert main(words) == 2
    assert "Give --yes" in capsys.readouterr().err
    assert not out.exists()
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    for answer, code in (("\n", 0), ("yes\n", 8)):
        monkeypatch.setattr(sys.stdin, "readline", lambda answer=answer: answer)
        assert main(words) == 0
        assert len([*out.rglob("*.png")]) == code
    assert main([*words, "--yes", "--json"]) == 0
    assert '"fetched": 0, "there": 8' in capsys.readouterr().out
