"""The benchmark of the screen runs, on small weeks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "screen.py"


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("DISPLAY"), reason="needs a display")
def test_it_measures_every_row_of_its_table(tmp_path: Path) -> None:
    out = tmp_path / "screen.json"
    command = [sys.executable, str(SCRIPT), "--size", "small", "--dir", str(tmp_path), "--json", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())["found"]
    assert set(found) == {"zarr", "slices", "napari"}
    rows = [line.split("|")[1:] for line in done.stdout.splitlines() if line.startswith("| ")][2:]
    assert len(rows) == 14
    assert all(cell.strip() for row in rows for cell in row[1:3]), "ours has every figure"
    assert found["zarr"]["first picture, ms"] > 0
