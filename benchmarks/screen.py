"""How quick the screen is on a large leg of five weeks, and how much memory it takes.

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/screen.py --size full --dir /tmp/big --json screen.json

Synthetic weeks (1538 x 539 x 509 voxels each with --size full) are written to --dir once, as OME-Zarr and as PNG slices
in the BoneMet layout. Each form is then opened by the dock "Weekly scans" in a window of its own process, stepped
through, turned from week to week, and laid out in cells by the dock "Compare"; a step ends when its picture has been
drawn. In brackets stands how long the screen's own thread worked on it, which other programs do not lengthen. Beside it
stands napari alone, on plain arrays in memory of the same size.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from screens.weeks import FORMS, SIZES, weeks_on_disk

ROWS = (
    ("first picture, ms", ""),
    ("same picture again", "p95_ms"),
    ("slice step, one cell", "p95_ms"),
    ("slice jump, one cell", "p95_ms"),
    ("slice step, five cells", "p95_ms"),
    ("slice jump, five cells", "p95_ms"),
    ("week step", "p95_ms"),
    ("layout on", "worst_ms"),
    ("layout off", "worst_ms"),
    ("every slice measured, ms", ""),
    ("overlay toggle", "p95_ms"),
    ("memory of the first picture, MiB", ""),
    ("memory, MiB", ""),
    ("declared cache, MiB", ""),
    ("resident slices, MiB", ""),
)


def apart(what: str, folder: Path) -> dict[str, Any]:
    """What one window of its own process measures."""
    command = [sys.executable, __file__, "--only", what, "--dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what} failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def table(found: dict[str, dict[str, Any]]) -> str:
    """One row a figure, one column a window."""
    lines = [f"| {'':40} | {' | '.join(f'{name:>10}' for name in found)} |"]
    lines.append(f"| {'-' * 40} | {' | '.join('-' * 9 + ':' for _ in found)} |")
    for name, which in ROWS:
        words = f"{name}, {which.removesuffix('_ms')}, ms" if which else name
        values = [f"{_value(one.get(name), which):>10}" for one in found.values()]
        lines.append(f"| {words:40} | {' | '.join(values)} |")
    return "\n".join(lines)


def _value(one: Any, which: str) -> str:
    if one is None:
        return ""
    if not which:
        return f"{one:.0f}"
    return f"{one[which]:.0f} ({one[which.replace('_ms', '_cpu_ms')]:.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--dir", type=Path, default=Path("/tmp/bench/screen"), help="where the weeks are written")
    parser.add_argument("--json", type=Path, help="write what was measured here")
    parser.add_argument("--only", choices=(*FORMS, "napari"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if not (os.environ.get("DISPLAY") or sys.platform in ("win32", "darwin")):
        print("There is no display; run it under xvfb-run.")
        return
    if chosen.only:
        from screens import alone, ours

        measure = alone.measure if chosen.only == "napari" else ours.measure
        print(json.dumps(measure(chosen.dir)))
        return
    places = weeks_on_disk(chosen.dir, chosen.size)
    found: dict[str, dict[str, Any]] = {form: apart(form, place) for form, place in places.items()}
    found["napari"] = apart("napari", places["slices"])
    print(f"{SIZES[chosen.size][0]} voxels, five weeks; napari alone beside it, on arrays in memory\n\n{table(found)}")
    if chosen.json:
        chosen.json.write_text(json.dumps({"size": chosen.size, "found": found}, indent=1))


if __name__ == "__main__":
    main()
