"""How well cortex and medullary space are found on synthetic legs, week by week, lesions or not.

    python benchmarks/compartments.py --legs 40 [--weeks 0 1 2 3 4] [--out table.csv]

Each leg is another animal, of either strain and side, from 0.3 mm above its growth plate to 2.3 mm below it, at 30,
20, 15 or 10.6 µm in turn, its weeks laid onto each other without a remaining shift. Every week's compartments are
found from that week alone. Dice is against the compartments of the healthy animal, in all slices below the last one
that shows cartilage, for what the periosteum encloses (total) too. Lost is the part of the cortex that lesions took.
With --default the legs are those of the generator's defaults: 48 x 100 x 100 voxels of 30 µm.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_bonemet.io.atomic import write_table
from napari_bonemet.morphometry.masks.compartments import find_compartments
from napari_bonemet.phantom.leg import Compartment, LegOptions, SyntheticLeg, make_leg

SPACINGS = (30.0, 20.0, 15.0, 10.6)
ABOVE_UM, BELOW_UM, ASIDE_UM = 300.0, 2300.0, 3000.0
PARTS = ("cortical", "trabecular", "total")
BARS = {"cortical": 0.97, "trabecular": 0.95}


def options_of(number: int, seed: int, weeks: Sequence[int], default: bool) -> LegOptions:
    animal = {
        "weeks": tuple(weeks),
        "seed": seed + number,
        "strain": ("C57BL/6", "BALB/c")[number // 4 % 2],
        "side": ("left", "right")[number // 8 % 2],
    }
    if default:
        return LegOptions(**animal)  # type: ignore[arg-type]
    spacing = SPACINGS[number % len(SPACINGS)]
    aside = round(ASIDE_UM / spacing)
    shape = (round((ABOVE_UM + BELOW_UM) / spacing), aside, aside)
    return LegOptions(shape=shape, spacing_um=spacing, start_um=-ABOVE_UM, **animal)  # type: ignore[arg-type]


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * np.count_nonzero(one & other) / max(1, np.count_nonzero(one) + np.count_nonzero(other))


def measure(leg: SyntheticLeg) -> list[dict[str, object]]:
    options, truth = leg.options, leg.truth.compartments
    plate = np.flatnonzero((truth == Compartment.GROWTH_PLATE).any(axis=(1, 2)))
    rows = []
    for scan, bone in zip(leg.registered(0.0), leg.truth.bone, strict=True):
        start = time.process_time()
        found = find_compartments(scan)
        spent = time.process_time() - start
        below = slice(max(plate[-1] + 1, found.cortical_slices.start, found.trabecular_slices.start), None)
        here, cortex = truth[below], truth[below] == Compartment.CORTEX
        cavity = here == Compartment.CAVITY
        lost = cortex & leg.truth.bone[0][below] & ~bone[below]
        rows.append({
            "seed": options.seed,
            "strain": options.strain,
            "voxel (um)": options.spacing_um,
            "week": scan.week,
            "cortical": dice(found.cortex[below], cortex),
            "trabecular": dice(found.trabecular[below], cavity),
            "total": dice(found.periosteal[below], cortex | cavity),
            "lost": np.count_nonzero(lost) / np.count_nonzero(cortex),
            "cpu (s)": spent,
        })  # fmt: skip
    return rows


def show(name: str, rows: Sequence[dict[str, object]]) -> None:
    if not rows:
        return
    figures = []
    for part in PARTS:
        values = np.array([row[part] for row in rows], float)
        verdict = "" if part not in BARS else " ok" if values.min() >= BARS[part] else f" BELOW {BARS[part]}"
        figures.append(f"{part} {values.mean():.4f}, least {values.min():.4f}{verdict}")
    print(f"{name:18} {len(rows):4} scans:", "; ".join(figures), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--legs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=9000, help="the first animal")
    parser.add_argument("--weeks", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--default", action="store_true", help="the generator's small default legs")
    parser.add_argument("--out", type=Path, default=None, help="CSV to write, one row a scan")
    given = parser.parse_args()
    rows: list[dict[str, object]] = []
    for number in range(given.legs):
        leg = make_leg(options_of(number, given.seed, given.weeks, given.default))
        rows += measure(leg)
        for row in rows[-len(given.weeks) :]:
            print(*(f"{key} {value:.4g}" if isinstance(value, float) else value for key, value in row.items()))
    for key in ("voxel (um)", "strain", "week"):
        for value in sorted({row[key] for row in rows}, key=str):
            show(f"{key} {value}", [row for row in rows if row[key] == value])
    show("all", rows)
    print(f"cortex lost in week {given.weeks[-1]}: {max(float(row['lost']) for row in rows):.1%} at most")  # type: ignore[arg-type]
    if given.out is not None:
        write_table(given.out, rows)


if __name__ == "__main__":
    main()
