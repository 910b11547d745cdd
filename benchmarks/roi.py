"""How well the junction, the growth plate and the fibula are found on synthetic legs, with and without lesions there.

    python benchmarks/roi.py --legs 60

Each leg is another animal, of either strain and side, at 30, 20, 15 or 10.6 µm in turn, and is scanned twice in a
pose that leans by up to 10 degrees: healthy, and in week 3 with lesions planted in the tibia's wall around the
junction; of every second leg the fibula has a hole as well. Landmark errors are in slices against the point where
the outer surfaces part (and the plate's middle), brought along by the pose. Dice is of bone voxels of the fibula:
the whole of it; and the 3.18 mm (300 slices of 10.6 µm) below the junction.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from napari_bonemet.phantom import scanner
from napari_bonemet.phantom.anatomy import FIBULA_ANGLE, anatomy_of, axis_of, cortical_thickness, fibula_reach, radius
from napari_bonemet.phantom.fibula import fibula_side, junction_point, plate_point
from napari_bonemet.phantom.growth import Grown, grow_leg, model_axes
from napari_bonemet.phantom.lesions import Lesion
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.fibula import remove_fibula
from napari_bonemet.processing.growth_plate import find_growth_plate
from napari_bonemet.processing.roi_landmarks import find_junction
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.transform import RigidTransform

THRESHOLD = 75.0
SPACINGS = (30.0, 20.0, 15.0, 10.6)
ABOVE_UM, BELOW_UM, ASIDE_UM = 700.0, 2300.0, 3000.0
REGION_UM = 3180.0


def options_of(number: int, seed: int, below_um: float) -> LegOptions:
    spacing = SPACINGS[number % len(SPACINGS)]
    aside = round(ASIDE_UM / spacing)
    return LegOptions(
        shape=(round((ABOVE_UM + below_um) / spacing), aside, aside),
        spacing_um=spacing,
        start_um=-ABOVE_UM,
        weeks=(0, 3),
        seed=seed + number,
        strain=("C57BL/6", "BALB/c")[number // 4 % 2],
        side=("left", "right")[number // 8 % 2],
        pose_degrees=10.0,
        turn_degrees=30.0,
    )


def lesions_of(options: LegOptions) -> tuple[Lesion, ...]:
    """Two or three lesions behind the tibia's wall where the fibula leaves it."""
    rng, anatomy = np.random.default_rng([options.seed, 4]), anatomy_of(options)
    found = []
    for _ in range(rng.integers(2, 4)):
        z = np.asarray(anatomy.junction + rng.uniform(-150, 250))
        angle = FIBULA_ANGLE + rng.uniform(-0.35, 0.35)
        cos, sin = np.asarray(np.cos(angle)), np.asarray(np.sin(angle))
        outer, oblique = radius(anatomy, z, cos, sin)
        rho = float(outer - oblique * cortical_thickness(anatomy, z))
        place = (float(z), rho * float(sin) + float(axis_of(anatomy, z)), rho * float(cos))
        found.append(Lesion(place, 1, {week: float(rng.uniform(90, 170)) for week in (1, 2, 3)}))
    return tuple(found)


def bite(options: LegOptions, grown: Grown) -> None:
    """A hole through half of the fibula, a little below the junction."""
    rng, anatomy = np.random.default_rng([options.seed, 5]), anatomy_of(options)
    z = np.asarray(anatomy.junction + rng.uniform(100, 500))
    reach, size = (float(value) for value in fibula_reach(anatomy, z))
    turn = rng.uniform(0, 2 * np.pi)
    centre = (
        float(z),
        float(axis_of(anatomy, z)) + reach * np.sin(FIBULA_ANGLE) + size * np.sin(turn),
        reach * np.cos(FIBULA_ANGLE) + size * np.cos(turn),
    )
    offsets = np.ix_(*(axis - middle for axis, middle in zip(model_axes(options, grown.grid), centre, strict=True)))
    grown.occupancy[1][sum(offset**2 for offset in offsets) < rng.uniform(80, 160) ** 2] = 0


def scans_of(options: LegOptions, bitten: bool) -> tuple[tuple[Scan, RigidTransform], ...]:
    """The leg healthy and with lesions, each in a pose of its own."""
    reach = scanner.margin(options)
    grown = grow_leg(options, options.grid.pad((reach,) * 3, (reach,) * 3), lesions_of(options))
    if bitten:
        bite(options, grown)
    made = []
    for which, occupancy in enumerate(grown.occupancy):
        greys = scanner.expose(occupancy, grown.compartments, options)
        volume = Scan(greys, grown.grid.spacing, grown.grid.origin, side=options.side, day=21.0 * which)
        pose = scanner.pose(replace(options, weeks=(0, 1, 2, 3)), 2 + which)
        voxels = scanner.take(volume, pose, options, options.weekly("benchmark noise", which))
        made.append((replace(volume, voxels=voxels, origin=options.grid.origin, kind=Kind.REGIST), pose))
    return tuple(made)


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * np.count_nonzero(one & other) / max(1, np.count_nonzero(one) + np.count_nonzero(other))


def measure(scan: Scan, pose: RigidTransform, options: LegOptions) -> dict[str, float]:
    start = time.process_time()
    junction = find_junction(scan.voxels, THRESHOLD)
    plate = find_growth_plate(scan.voxels, THRESHOLD)
    result = remove_fibula(scan)
    spent = time.process_time() - start
    bone = scan.to_numpy() > THRESHOLD
    true, found = bone & fibula_side(options, pose=pose), bone & result.mask
    at = [pose(point(options))[0] / options.spacing_um for point in (junction_point, plate_point)]
    z = round(float(at[0]))
    below = slice(z, z + round(REGION_UM / options.spacing_um))
    return {
        "junction": (junction.slice_index if junction else -1000) - at[0],
        "sure": junction.confidence if junction else 0,
        "plate": (plate.slice_index if plate else -1000) - at[1],
        "dice": dice(true, found),
        "region": dice(true[below], found[below]),
        "fused": dice(true[:z], found[:z]),
        "tibia": np.count_nonzero(found & ~true) / np.count_nonzero(bone & ~true),
        "cpu": spent,
    }


def show(name: str, rows: Sequence[dict[str, float]]) -> None:
    def column(key: str) -> np.ndarray:
        return np.array([row[key] for row in rows])

    for key in ("junction", "plate"):
        off = column(key)
        print(f"{name:8} {key:9} mean {off.mean():+.2f}, sd {off.std():.2f}, largest {np.abs(off).max():.1f} slices")
    for key, what in (("dice", "whole"), ("region", "3.18 mm below"), ("fused", "above the junction")):
        share = column(key)
        print(f"{name:8} Dice {what:18} mean {share.mean():.4f}, least {share.min():.4f}")
    print(f"{name:8} tibia taken out {column('tibia').max():.3%} at most; {column('cpu').mean():.1f} CPU s a scan")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--legs", type=int, default=60)
    parser.add_argument("--skip", type=int, default=0, help="leave out so many of the legs, measured before")
    parser.add_argument("--seed", type=int, default=7000, help="the first animal")
    parser.add_argument("--below", type=float, default=BELOW_UM, help="µm of bone below the growth plate")
    chosen = parser.parse_args(arguments)
    rows: dict[str, list[dict[str, float]]] = {"healthy": [], "lesions": []}
    for number in range(chosen.skip, chosen.legs):
        options = options_of(number, chosen.seed, chosen.below)
        for name, (scan, pose) in zip(rows, scans_of(options, bool(number % 2)), strict=True):
            row = measure(scan, pose, options)
            rows[name].append(row)
            shown = (f"{key} {value:.3f}" for key, value in row.items())
            print(f"{options.seed} {options.spacing_um:4g} µm {name:8}", *shown, flush=True)
    for name, measured in rows.items():
        show(name, measured)


if __name__ == "__main__":
    main()
