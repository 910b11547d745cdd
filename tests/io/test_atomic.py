"""Whatever happens while writing, what bears its final name is whole, and what was there is not lost."""

import csv
import errno
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import OutputError
from napari_bonemet.io import leftovers
from napari_bonemet.io.atomic import atomic_file, atomic_folder, write_json, write_table
from napari_bonemet.io.write import write_scan
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Scan

DEAD = f"{leftovers._HOST}-999999999-0123abcd"
KILLING = Path(__file__).with_name("killing.py")


def write_half(writing: AbstractContextManager[Path], inside: str, stop: BaseException) -> None:
    with writing as temporary:
        (temporary / inside).write_text("half")
        raise stop


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_appears_whole_and_folders_above_are_made(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "week 3.nii.gz"
    with atomic_file(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.name.startswith(".week 3.nii.gz.tmp-")
        assert temporary.name.endswith(".nii.gz")
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert names(target.parent) == ["week 3.nii.gz"]


@pytest.mark.parametrize("stop", [ValueError, Cancelled, KeyboardInterrupt, RuntimeError])
def test_a_stop_leaves_what_was_there(tmp_path: Path, stop: type[BaseException]) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "slice").write_text("old")
    with pytest.raises(stop):
        write_half(atomic_file(tmp_path / "file"), "", stop())
    with pytest.raises(stop):
        write_half(atomic_folder(tmp_path / "folder", overwrite=True), "slice", stop())
    assert (tmp_path / "file").read_text() == "old"
    assert (tmp_path / "folder" / "slice").read_text() == "old"
    assert names(tmp_path) == ["file", "folder"]


def test_a_folder_is_replaced_and_never_merged(tmp_path: Path) -> None:
    target = tmp_path / "week 3"
    with atomic_folder(target) as temporary:
        (temporary / "1.png").write_text("1")
        (temporary / "2.png").write_text("2")
    with atomic_folder(target, overwrite=True) as temporary:
        (temporary / "sub").mkdir()
        (temporary / "sub" / "1.png").write_text("new")
    assert names(target) == ["sub"]
    assert names(tmp_path) == ["week 3"]


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "week 3"
    target.mkdir()
    (target / "1.png").write_text("old")
    rename = Path.rename

    def refuse(self: Path, goal: Path) -> Path:
        if ".tmp-" in self.name and goal == target:
            raise OSError(errno.EIO, "input/output error")
        return rename(self, goal)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="the disk failed"), atomic_folder(target, overwrite=True) as temporary:
        (temporary / "1.png").write_text("new")
    assert (target / "1.png").read_text() == "old"
    assert names(tmp_path) == ["week 3"]


def test_what_is_there_is_refused_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()
    with atomic_folder(tmp_path / "folder") as temporary:  # an empty folder is in nobody's way
        (temporary / "1").write_text("1")
    for path, opened in ((tmp_path / "file", atomic_file), (tmp_path / "folder", atomic_folder)):
        with pytest.raises(OutputError, match=f"{path.name} is there already"), opened(path, overwrite=False):
            pytest.fail("the body must not run")
    with pytest.raises(OutputError, match="expected a folder; found a file"), atomic_folder(tmp_path / "file"):
        pytest.fail("the body must not run")
    with pytest.raises(OutputError, match="expected a file; found a folder"), atomic_file(tmp_path / "folder"):
        pytest.fail("the body must not run")
    assert (tmp_path / "file").read_text() == "old"


def test_a_link_is_neither_followed_nor_lost(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "data.csv").write_text("mine")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real" / "data.csv")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(OutputError, match="is a link"):
        write_json(tmp_path / "link.csv", {})
    with pytest.raises(OutputError, match="is a link"), atomic_folder(tmp_path / "link", overwrite=True):
        pytest.fail("the body must not run")
    assert (tmp_path / "real" / "data.csv").read_text() == "mine"


def test_links_inside_a_replaced_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "data").write_text("mine")
    (tmp_path / "week").mkdir()
    (tmp_path / "week" / "link").symlink_to(tmp_path / "real")
    with atomic_folder(tmp_path / "week", overwrite=True):
        pass
    assert (tmp_path / "real" / "data").read_text() == "mine"


def test_home_and_the_folder_one_stands_in_are_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "study" / "week"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    with pytest.raises(OutputError, match="holds more than results"), atomic_folder(tmp_path / "study", overwrite=True):
        pytest.fail("the body must not run")


def test_what_dead_processes_left_is_swept_and_a_lost_folder_put_back(tmp_path: Path) -> None:
    (tmp_path / f".a.csv.tmp-{DEAD}.csv").write_text("half")
    (tmp_path / f".week 3.tmp-{DEAD}").mkdir()
    (tmp_path / f".week 3.tmp-{DEAD}" / "1.png").write_text("half")
    (tmp_path / f".week 3.old-{DEAD}").mkdir()
    (tmp_path / f".week 3.old-{DEAD}" / "1.png").write_text("the only copy")
    foreign = f".week 3.tmp-{'0' * 8}-999999999-0123abcd"
    (tmp_path / foreign).mkdir()
    (tmp_path / ".week 3.notes").write_text("mine")
    write_table(tmp_path / "a.csv", [{"a": 1}])
    with pytest.raises(OutputError, match="there already"), atomic_folder(tmp_path / "week 3"):
        pytest.fail("the body must not run")
    assert (tmp_path / "week 3" / "1.png").read_text() == "the only copy"
    assert names(tmp_path) == sorted([".week 3.notes", foreign, "a.csv", "week 3"])


def test_what_living_processes_are_writing_is_left_alone(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "week 3") as one:
        (one / "1.png").write_text("one")
        with atomic_folder(tmp_path / "week 3") as two:
            (two / "1.png").write_text("two")
        assert (one / "1.png").read_text() == "one"
        (tmp_path / "week 3" / "1.png").unlink()
    assert (tmp_path / "week 3" / "1.png").read_text() == "one"


def test_old_leftovers_of_another_machine_are_swept_by_their_age(tmp_path: Path) -> None:
    foreign = tmp_path / f".a.json.tmp-{'0' * 8}-1-0123abcd.json"
    foreign.write_text("half")
    os.utime(foreign, (1e9, 1e9))
    write_json(tmp_path / "a.json", {})
    assert names(tmp_path) == ["a.json"]


def test_long_names_fit(tmp_path: Path) -> None:
    name = "ä" * 125 + ".json"
    write_json(tmp_path / name, [1])
    assert names(tmp_path) == [name]
    with pytest.raises(OutputError, match="name is too long"):
        write_json(tmp_path / ("a" * 300), [1])


def test_json_is_plain_and_readable(tmp_path: Path) -> None:
    record = {
        "ä": np.float32(0.5),
        "n": np.int64(3),
        "a": np.arange(2),
        "nan": float("nan"),
        "p": Path("x"),
        "t": (1, None),
    }
    text = write_json(tmp_path / "a.json", record).read_text(encoding="utf-8")
    assert json.loads(text) == {"ä": 0.5, "n": 3, "a": [0, 1], "nan": None, "p": "x", "t": [1, None]}
    assert "ä" in text
    with pytest.raises(TypeError):
        write_json(tmp_path / "b.json", {"x": object()})
    assert names(tmp_path) == ["a.json"]


def test_tables_have_every_column_in_order(tmp_path: Path) -> None:
    rows = [{"leg": "871, left", "psnr": np.float64(0.1)}, {"leg": 'a "b"', "lpips": None, "ssim": 1}]
    path = write_table(tmp_path / "a.csv", rows)
    with path.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == ["leg", "psnr", "lpips", "ssim"]
    assert table[0] == {"leg": "871, left", "psnr": "0.1", "lpips": "", "ssim": ""}
    assert table[1]["leg"] == 'a "b"'
    with pytest.raises(OutputError, match="nothing to write"):
        write_table(tmp_path / "b.csv", [])


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full.*Free some space"),
        (errno.EROFS, "read-only.*another place"),
        (errno.EACCES, "may not write there"),
        (errno.EIO, "the disk failed"),
    ],
)
def test_refusals_of_the_disk_are_told_in_words(tmp_path: Path, number: int, words: str) -> None:
    target = tmp_path / "week 3"
    with pytest.raises(OutputError, match=words):
        write_half(atomic_folder(target), "1.png", OSError(number, os.strerror(number), str(target)))
    assert names(tmp_path) == []


def test_a_source_that_cannot_be_read_is_no_trouble_of_the_target(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_file(tmp_path / "a.csv") as temporary:
        temporary.write_text((tmp_path.parent / "missing" / "source.csv").read_text())
    assert names(tmp_path) == []


def test_nothing_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Nothing was written"), atomic_file(tmp_path / "a.csv"):
        pass


def test_a_file_stands_where_a_folder_should(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("file")
    with pytest.raises(OutputError, match=r"a part of the path is a file|something of that name"):
        write_json(tmp_path / "a" / "b.json", {})


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"old": 1})
    with file_size_limit(20_000), pytest.raises(OutputError, match="larger than the disk or its limit allows"):
        write_json(tmp_path / "a.json", {"new": "x" * 50_000})
    assert json.loads((tmp_path / "a.json").read_text()) == {"old": 1}
    assert names(tmp_path) == ["a.json"]


def test_a_full_disk(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can only be mounted by root, where the system allows it")
    noise = np.random.default_rng(0).integers(0, 256, (50, 100, 100), dtype=np.uint8)
    try:
        write_json(small / "a.json", {"old": 1})
        with pytest.raises(OutputError, match=r"a\.json could not be written: the disk is full"):
            write_json(small / "a.json", {"new": "x" * 500_000})
        with pytest.raises(OutputError, match="week 3 could not be written: the disk is full"):
            write_scan(Scan(noise, (10.0, 10.0, 10.0)), small / "week 3")
        with pytest.raises(OutputError, match=r"week 3\.zarr could not be written: the disk is full"):
            write_scan(Scan(noise, (10.0, 10.0, 10.0)), small / "week 3.zarr")
        assert json.loads((small / "a.json").read_text()) == {"old": 1}
        assert names(small) == ["a.json"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is for systems that have it")
@pytest.mark.parametrize("count", [10, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_random_moments_what_bears_its_name_is_whole(tmp_path: Path, count: int) -> None:
    ran = subprocess.run(
        [sys.executable, str(KILLING), str(tmp_path), str(count)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["killed"] == count
    assert told["leftovers_seen"] > 0, "no kill fell into a write"
    assert [name for name in names(tmp_path) if name.startswith(".")] == []
