"""Whether a control measures like a mouse: python benchmarks/phantom_measures.py [--animals 8] [--out table.csv].

Published ranges are of Calcif Tissue Int 2013, 93:211-221, tables 3 and 5 (means of groups, weeks 0 to 6). Everything
is measured as a user would measure it, by the defaults, on scanned greys at 10.6 µm or --spacing, in compartments that
are found, not known:

- trabecular: 0.3 to 1.1 mm below the growth plate, at least 50 µm inside the endosteum;
- cortical: 1.9 to 2.3 mm below it.

With --ageing, instead: by how many points BV/TV of each control falls from week 0 to week 6 in the same place
(the published controls lose about 2), weeks laid onto each other without a remaining shift.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from napari_bonemet.io.atomic import write_table
from napari_bonemet.morphometry.masks.compartments import CompartmentOptions
from napari_bonemet.morphometry.measure import MeasureOptions, measure_series
from napari_bonemet.phantom.leg import LegOptions, make_leg
from napari_bonemet.phantom.options import Strain

Edge = Literal["half-maximum", "threshold"]
SPACING_UM = 10.6
INSIDE_UM = 50.0
# Depth of the first slice below the growth plate, and size z y x, of the two fields of view.
METAPHYSIS, SHAFT = (300.0, (806.0, 2756.0, 2968.0)), (1900.0, (392.0, 2756.0, 2968.0))
RANGES: dict[Strain, dict[str, tuple[float, float]]] = {
    "C57BL/6": {
        "BV/TV": (10, 12), "Tb.Th": (0.048, 0.057), "Tb.N": (3.7, 4.4),
        "Ct.Th": (0.15, 0.18), "Tt.Ar": (1.3, 1.5), "Ma.Ar": (0.55, 0.78),
    },
    "BALB/c": {
        "BV/TV": (17, 21), "Tb.Th": (0.055, 0.062), "Tb.N": (4.1, 5.3),
        "Ct.Th": (0.15, 0.18), "Tt.Ar": (1.3, 1.4), "Ma.Ar": (0.51, 0.64),
    },
}  # fmt: skip
TRABECULAR = ("BV/TV", "Tb.Th", "Tb.Sp", "Tb.N")
CORTICAL = ("Ct.Th", "Tt.Ar", "Ma.Ar")


def options(edge: Edge) -> MeasureOptions:
    return MeasureOptions(compartments=CompartmentOptions(endosteal_offset_um=INSIDE_UM, edge=edge))


def control(strain: Strain, seed: int, field: tuple[float, tuple[float, ...]], spacing: float) -> LegOptions:
    start, size = field
    z, y, x = (round(length / spacing) for length in size)
    return LegOptions(
        shape=(z, y, x), start_um=start, spacing_um=spacing, strain=strain, seed=seed, tumour=False, weeks=(0,)
    )


def ageing(strain: Strain, seed: int, spacing: float, edge: Edge) -> tuple[float, float]:
    """BV/TV of one control at week 0 and at week 6, per cent."""
    leg = make_leg(replace(control(strain, seed, METAPHYSIS, spacing), weeks=(0, 6)))
    young, old = measure_series(leg.registered(0.0), options=options(edge))
    return young.values["BV/TV"], old.values["BV/TV"]


def measure(strain: Strain, seed: int, spacing: float, edge: Edge) -> dict[str, object]:
    row: dict[str, object] = {"strain": strain, "seed": seed}
    for field, symbols in ((METAPHYSIS, TRABECULAR), (SHAFT, CORTICAL)):
        (found,) = measure_series(make_leg(control(strain, seed, field, spacing)).series, options=options(edge))
        row |= {symbol: found.values[symbol] for symbol in symbols}
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures of synthetic controls")
    parser.add_argument("--animals", type=int, default=8, help="animals of each strain")
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--out", type=Path, default=None, help="CSV to write, one row per animal")
    parser.add_argument("--spacing", type=float, default=SPACING_UM, help="voxel size, µm")
    parser.add_argument("--edge", choices=get_args(Edge), default="half-maximum", help="where the cortex ends")
    parser.add_argument("--ageing", action="store_true", help="what controls lose in six weeks, and nothing else")
    given = parser.parse_args()
    seeds = range(given.first_seed, given.first_seed + given.animals)
    if given.ageing:
        for strain in RANGES:
            group = np.array([ageing(strain, seed, given.spacing, given.edge) for seed in seeds])
            lost = group[:, 0] - group[:, 1]
            print(f"{strain}: BV/TV {group[:, 0].mean():.2f} to {group[:, 1].mean():.2f} % in six weeks,", end=" ")
            print(f"{lost.mean():.2f} points lost ({lost.min():.2f} to {lost.max():.2f})", flush=True)
        return
    rows = []
    for strain, ranges in RANGES.items():
        group = [measure(strain, seed, given.spacing, given.edge) for seed in seeds]
        rows += group
        print(f"{strain}, synthetic controls, seeds {seeds[0]} to {seeds[-1]}, {given.spacing:g} µm:", end=" ")
        print("mean, spread, published")
        for name in (*TRABECULAR, *CORTICAL):
            values = np.array([row[name] for row in group], float)
            low, high = ranges.get(name, (-np.inf, np.inf))
            verdict = "" if name not in ranges else "in range" if low <= values.mean() <= high else "OUT OF RANGE"
            spread = 100 * values.std(ddof=1) / values.mean() if len(values) > 1 else 0
            print(f"  {name:12} {values.mean():7.4f}  {spread:4.1f} %  {low:g} to {high:g}  {verdict}", flush=True)
    if given.out is not None:
        write_table(given.out, rows)


if __name__ == "__main__":
    main()
