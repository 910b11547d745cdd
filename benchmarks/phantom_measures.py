"""Whether a control measures like a mouse: python benchmarks/phantom_measures.py [--animals 8] [--out table.csv].

Published ranges are of Calcif Tissue Int 2013, 93:211-221, tables 3 and 5 (means of groups, weeks 0 to 6).
Everything is measured on scanned greys, bone above 75 of 255, at 10.6 µm or --spacing, by these simple means:

- BV/TV, Tb.Th, Tb.Sp: 0.3 to 1.1 mm below the growth plate, at least 50 µm inside the endosteum of the
  true compartments. Thickness and separation are means, per volume, of the diameter of the largest ball
  that holds a point (Hildebrand and Rüegsegger); a ball of radius r voxels counts 2 r - 1/2, which is right
  on average for plates of any width. Tb.N is one over the mean separation of the trabeculae's middle lines.
- Ct.Th, Tt.Ar, Ma.Ar: five slices 1.9 to 2.3 mm below the growth plate, canals filled; Ct.Th by balls in the slice.

With --ageing, instead: by how many points BV/TV of each control falls from week 0 to week 6 in the same place
(the published controls lose about 2), weeks laid onto each other without a remaining shift.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

from napari_bonemet.io.atomic import write_table
from napari_bonemet.phantom.leg import Compartment, LegOptions, make_leg
from napari_bonemet.phantom.options import Strain

SPACING_UM = 10.6
THRESHOLD = 75
INSIDE_UM = 50
# Depth of the first slice, and size z y x, of the two fields of view.
FIELD_UM, FIELD_SIZE_UM = 300.0, (806.0, 2756.0, 2968.0)
SHAFT_UM, SHAFT_SIZE_UM = 1900.0, (392.0, 2756.0, 2968.0)
SHAFT_SLICES = 5
RANGES: dict[Strain, dict[str, tuple[float, float]]] = {
    "C57BL/6": {
        "BV/TV %": (10, 12), "Tb.Th um": (48, 57), "Tb.N /mm": (3.7, 4.4),
        "Ct.Th mm": (0.15, 0.18), "Tt.Ar mm2": (1.3, 1.5), "Ma.Ar mm2": (0.55, 0.78),
    },
    "BALB/c": {
        "BV/TV %": (17, 21), "Tb.Th um": (55, 62), "Tb.N /mm": (4.1, 5.3),
        "Ct.Th mm": (0.15, 0.18), "Tt.Ar mm2": (1.3, 1.4), "Ma.Ar mm2": (0.51, 0.64),
    },
}  # fmt: skip


def local_thickness(mask: np.ndarray, region: np.ndarray) -> float:
    """Mean over `region` of the diameter, in voxels, of the largest ball in `mask` that holds each point."""
    reach = ndimage.distance_transform_edt(mask)
    widest = np.zeros(mask.shape, np.float32)
    for radius in np.arange(1, reach.max() + 0.5, 0.5):
        centres = reach >= radius
        if centres.any():
            widest[ndimage.distance_transform_edt(~centres) < radius] = radius
    return float(2 * widest[region & mask].mean() - 0.5)


def control(strain: Strain, seed: int, start: float, size: tuple[float, ...], spacing: float) -> LegOptions:
    z, y, x = (round(length / spacing) for length in size)
    return LegOptions(
        shape=(z, y, x), start_um=start, spacing_um=spacing, strain=strain, seed=seed, tumour=False, weeks=(0,)
    )


def well_inside(cavity: np.ndarray, spacing: float) -> np.ndarray:
    return np.stack([ndimage.distance_transform_edt(c) for c in cavity]) > INSIDE_UM / spacing


def ageing(strain: Strain, seed: int, spacing: float) -> tuple[float, float]:
    """BV/TV of one control at week 0 and at week 6, per cent."""
    leg = make_leg(replace(control(strain, seed, FIELD_UM, FIELD_SIZE_UM, spacing), weeks=(0, 6)))
    inside = well_inside(leg.truth.compartments == Compartment.CAVITY, spacing)
    young, old = (100 * float((scan.to_numpy()[inside] > THRESHOLD).mean()) for scan in leg.registered(0.0))
    return young, old


def trabecular(options: LegOptions) -> dict[str, float]:
    leg, um = make_leg(options), options.spacing_um
    bone = leg.series[0].to_numpy() > THRESHOLD
    cavity = leg.truth.compartments == Compartment.CAVITY
    inside = well_inside(cavity, um)
    thickness = local_thickness(bone & cavity, inside) * um
    # Gaps are wide and need no fine voxels; the cortex bounds them.
    gap = ndimage.zoom((bone & inside).astype(np.float32), 0.5, order=1) < 0.5
    region = inside[::2, ::2, ::2][tuple(slice(0, n) for n in gap.shape)]
    gap = gap[tuple(slice(0, n) for n in region.shape)] & region
    separation = local_thickness(gap, region) * um * 2
    lines = skeletonize(bone & inside)
    between = ~ndimage.binary_dilation(lines)[::2, ::2, ::2][tuple(slice(0, n) for n in region.shape)] & region
    spacing = local_thickness(between, region) * um * 2
    return {
        "BV/TV %": 100 * float(bone[inside].mean()),
        "true BV/TV %": 100 * float(leg.truth.bone[0][inside].mean()),
        "Tb.Th um": thickness,
        "Tb.Sp um": separation,
        "Tb.N /mm": 1000 / spacing,
    }


def cortical(options: LegOptions) -> dict[str, float]:
    leg, um = make_leg(options), options.spacing_um
    bone = leg.series[0].to_numpy() > THRESHOLD
    found = []
    for section in bone[len(bone) // 9 :: len(bone) // SHAFT_SLICES][:SHAFT_SLICES]:
        parts, _ = ndimage.label(section)
        tibia = parts == 1 + np.bincount(parts.ravel())[1:].argmax()
        closed = ndimage.binary_closing(np.pad(tibia, 5), iterations=round(32 / um))
        filled = ndimage.binary_fill_holes(closed)[5:-5, 5:-5]
        holes, _ = ndimage.label(filled & ~tibia)
        marrow = holes == 1 + np.bincount(holes.ravel())[1:].argmax()
        shell = filled & ~marrow
        area = um**2 * 1e-6
        thickness = local_thickness(shell, shell) * um * 1e-3
        found.append((thickness, filled.sum() * area, marrow.sum() * area))
    return dict(zip(("Ct.Th mm", "Tt.Ar mm2", "Ma.Ar mm2"), map(float, np.mean(found, axis=0)), strict=True))


def measure(strain: Strain, seed: int, spacing: float) -> dict[str, object]:
    return {
        "strain": strain,
        "seed": seed,
        **trabecular(control(strain, seed, FIELD_UM, FIELD_SIZE_UM, spacing)),
        **cortical(control(strain, seed, SHAFT_UM, SHAFT_SIZE_UM, spacing)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures of synthetic controls")
    parser.add_argument("--animals", type=int, default=8, help="animals of each strain")
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--out", type=Path, default=None, help="CSV to write, one row per animal")
    parser.add_argument("--spacing", type=float, default=SPACING_UM, help="voxel size, µm")
    parser.add_argument("--ageing", action="store_true", help="what controls lose in six weeks, and nothing else")
    given = parser.parse_args()
    seeds = range(given.first_seed, given.first_seed + given.animals)
    if given.ageing:
        for strain in RANGES:
            group = np.array([ageing(strain, seed, given.spacing) for seed in seeds])
            lost = group[:, 0] - group[:, 1]
            print(f"{strain}: BV/TV {group[:, 0].mean():.2f} to {group[:, 1].mean():.2f} % in six weeks,", end=" ")
            print(f"{lost.mean():.2f} points lost ({lost.min():.2f} to {lost.max():.2f})", flush=True)
        return
    rows = []
    for strain, ranges in RANGES.items():
        group = [measure(strain, seed, given.spacing) for seed in seeds]
        rows += group
        print(f"{strain}, synthetic controls, seeds {seeds[0]} to {seeds[-1]}, {given.spacing:g} µm:", end=" ")
        print("mean, spread, published")
        for name in list(group[0])[2:]:
            values = np.array([row[name] for row in group], float)
            low, high = ranges.get(name, (-np.inf, np.inf))
            verdict = "" if name not in ranges else "in range" if low <= values.mean() <= high else "OUT OF RANGE"
            spread = 100 * values.std(ddof=1) / values.mean() if len(values) > 1 else 0
            print(f"  {name:12} {values.mean():7.3f}  {spread:4.1f} %  {low:g} to {high:g}  {verdict}", flush=True)
    if given.out is not None:
        write_table(given.out, rows)


if __name__ == "__main__":
    main()
