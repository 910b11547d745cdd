"""Registration and composite on real bone with known poses and removals: the figures as a table.

    python benchmarks/real_voxels.py ../shared/data --seeds 0 1 2 --cube 200

For each scan and seed, four weeks are made (tests/peers/edited_weeks.py): rigid poses, bone removed in clusters of
at least 20 voxels (5, 7.5 and 10 % in weeks 1 to 3), a little noise. Columns: mean pose error over bone in voxels;
resorbed volume against what was removed, and false formation, both as percent of what was removed (of the bone
for unedited weeks), after the stated noise rule and by plain thresholds; seconds for registering all weeks.
"""

import argparse
import importlib.util
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from napari_bonemet.processing.composite import CompositeOptions, make_composite
from napari_bonemet.processing.register import RegistrationOptions, register_weeks

MAKER = Path(__file__).parents[1] / "tests" / "peers" / "edited_weeks.py"
COLUMNS = (
    "scan",
    "seed",
    "weeks",
    "week",
    "error",
    "resorbed %",
    "formed %",
    "plain res. %",
    "plain form. %",
    "seconds",
)


def load_maker() -> Any:
    spec = importlib.util.spec_from_file_location("edited_weeks", MAKER)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(MAKER)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def rows(weeks: Any, name: str, seed: int, *, edited: bool) -> Iterator[tuple[str, ...]]:
    start = time.perf_counter()
    result = register_weeks(weeks.series, options=RegistrationOptions(bone_threshold=weeks.threshold))
    seconds = time.perf_counter() - start
    options = CompositeOptions(bone_threshold=weeks.threshold)
    for week in range(1, len(weeks.series)):
        composite = make_composite(result.series[0], result.series[week], options=options)
        removed = weeks.removed_mm3(week)
        whole = removed if edited else composite.volumes.baseline_mm3
        shares = [
            f"{100 * value / whole:+.2f}"
            for volumes in (composite.volumes, composite.raw)
            for value in (volumes.resorbed_mm3 - removed, volumes.formed_mm3)
        ]
        error = f"{weeks.pose_error_voxels(week, result.transforms[week]):.3f}"
        state = "edited" if edited else "unedited"
        yield (name, str(seed), state, str(week), error, *shares, f"{seconds:.1f}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--cube", type=int, default=200, help="edge of the trabecular cube, voxels")
    parser.add_argument("--degrees", type=float, default=10.0)
    parser.add_argument("--shift", type=float, default=5.0, help="voxels")
    parser.add_argument("--largest", type=int, default=400, help="largest cluster, voxels")
    parser.add_argument("--noise", type=float, default=2.0, help="standard deviation, greys")
    chosen = parser.parse_args(arguments)
    maker = load_maker()
    scans = (("femur", maker.mouse_femur(chosen.data), 60.0), ("cube", maker.bone_cube(chosen.data, chosen.cube), 63.0))
    how = {"degrees": chosen.degrees, "shift_voxels": chosen.shift, "largest": chosen.largest, "noise": chosen.noise}
    print(" | ".join(COLUMNS), flush=True)
    for name, scan, threshold in scans:
        for seed in chosen.seeds:
            for edited in (True, False):
                weeks = maker.make_weeks(scan, threshold, seed=seed, edited=edited, **how)
                for row in rows(weeks, name, seed, edited=edited):
                    print(" | ".join(row), flush=True)


if __name__ == "__main__":
    main()
