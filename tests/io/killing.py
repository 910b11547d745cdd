"""Kill a process that writes, again and again, and look at what it left. Run by test_atomic.py.

The writer is forked from here, since starting Python anew for each kill would take a minute; what it leaves is
looked at in a fork too, because zarr's threads do not survive in a child.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from napari_bonemet.io.atomic import write_json, write_table
from napari_bonemet.io.leftovers import is_hidden_name, sweep
from napari_bonemet.io.registry import read_scan
from napari_bonemet.io.write import write_scan
from napari_bonemet.io.zarr import write_zarr
from napari_bonemet.scan import Scan

FOLDERS = ("slices", "image.zarr")
ROWS = 500


def scan(value: int) -> Scan:
    voxels = np.random.default_rng(value).integers(0, 256, (12, 40, 40), dtype=np.uint8)
    voxels[:, 0, 0] = value
    return Scan(voxels, (10.0, 10.0, 10.0), subject=str(value), day=0.0)


def write(home: Path, start: int) -> None:
    for value in range(start, start + 200):
        mark = value % 250
        write_json(home / "a.json", {"value": mark, "many": [mark] * ROWS})
        write_table(home / "a.csv", [{"value": mark}] * ROWS)
        write_scan(scan(mark), home / "slices", overwrite=True)
        # Imported above, before any fork: an import alone takes longer than most writers here live.
        write_zarr(scan(mark), home / "image.zarr", overwrite=True)


def look(home: Path) -> None:
    """Fail unless everything that bears its final name is whole."""
    if (home / "a.json").exists():
        record = json.loads((home / "a.json").read_text())
        assert record["many"] == [record["value"]] * ROWS, "a.json is mixed"
    if (home / "a.csv").exists():
        lines = (home / "a.csv").read_text().splitlines()
        assert len(lines) == ROWS + 1, "a.csv is cut"
        assert len(set(lines[1:])) == 1, "a.csv is mixed"
    for name in FOLDERS:
        # A folder that was moved aside at the moment of the kill comes back before anything else is written.
        sweep(home / name)
        if (home / name).exists():
            read = read_scan(home / name)
            value = int(read.to_numpy()[0, 0, 0])
            np.testing.assert_array_equal(read.to_numpy(), scan(value).to_numpy())
            assert read.subject == str(value), f"{name} is mixed"


def forked(work: Callable[[], None]) -> int:
    process = os.fork()
    if process:
        return process
    try:
        work()
    except BaseException as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(1)
    os._exit(0)


def main(home: Path, count: int) -> None:
    seen, there = 0, set[str]()
    chance = random.Random(count)
    for number in range(count):
        writer = forked(lambda number=number: write(home, 4 * number))  # type: ignore[misc]
        # Whole at first, so that later kills fall into replacing; then at any moment of the first rounds.
        time.sleep(chance.uniform(0.01, 0.35))
        os.kill(writer, signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(writer, 0)[1]), "the writer ended by itself"
        seen += sum(is_hidden_name(entry.name) for entry in home.iterdir())
        viewer = forked(lambda: look(home))
        assert os.waitpid(viewer, 0)[1] == 0, f"kill {number} left something broken"
        now = {entry.name for entry in home.iterdir() if not entry.name.startswith(".")}
        assert there <= now, f"kill {number} lost {there - now}"
        there = now
    for name in ("a.json", "a.csv", *FOLDERS):
        sweep(home / name)
    print(json.dumps({"killed": count, "leftovers_seen": seen, "there": sorted(there)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
