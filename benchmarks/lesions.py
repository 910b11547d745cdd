"""Remodelling and lesions of synthetic legs, registered by us, against what is known of them.

    python benchmarks/lesions.py --legs 40
    python benchmarks/lesions.py --legs 6 --voxel 15

So many legs with a tumour and as many without, each of four weeks in poses of its own, registered by `register_weeks`
with its defaults and measured by `remodel_leg` with its own compartments. Every bar is printed with mean and worst.

- Volume: of all lesions of a leg against the bone of the baseline that the generator's lesions took, where the later
  week saw it. Legs whose lesions took less than 0.002 mm³ (74 voxels of 30 µm) count in the sum alone.
- False change: bone resorbed and formed in legs without a tumour, % of the bone; no bone is formed in them, and what
  ageing takes is resorbed, so that what is told is an upper bound. False lesions there, per leg.
- Count: against the pieces of that bone, put together by the same distances as ours (fewer than three voxels between
  them; satellites), of the smallest lesion's size or more. Where lesions are apart: legs whose pieces are all three
  voxels apart or more as they are; clear: and none of whose sizes is within 60 % of the smallest lesion's.
- Perforations: found by the same rule in the true bone and the generator's compartments, in the slices whose
  compartments we know; a true one is found where ours opens within their radii and two voxels. Those of half a
  hundredth of a square millimetre or more are told apart from the smaller ones.
"""

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np
from scipy import ndimage

from napari_bonemet.coverage import covered_by_all
from napari_bonemet.io.composite_codes import encode
from napari_bonemet.morphometry.change.lesions import LesionOptions, Lesions, Perforation, find_lesions
from napari_bonemet.phantom.leg import SyntheticLeg, make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.register import register_weeks
from napari_bonemet.scan import Scan
from napari_bonemet.study.remodelling import LegRemodelling, RemodelOptions, remodel_leg

SHAPES = {30.0: (48, 100, 100), 15.0: (128, 200, 200), 10.6: (136, 284, 284)}
CUBE = np.ones((3, 3, 3), bool)
LEAST_MM3 = 0.002
LARGE_HOLE_MM2 = 0.005
# The generator's compartments in ours: what lies in the growth plate is medullary, the fibula outside.
PARTS = (0, 1, 2, 2, 0)


@dataclass(frozen=True)
class Week:
    """One week of a leg with a tumour."""

    week: float
    true_mm3: float
    found_mm3: float
    voxels_mm3: float
    true_count: int
    found_count: int
    apart: bool
    clear: bool
    holes: tuple[float, ...]
    missed: tuple[float, ...]
    extra: tuple[float, ...]
    area: tuple[float, float]


def one_seed(seed: int, voxel: float) -> tuple[list[Week], list[tuple[float, float, int]], float]:
    """The leg of a seed with a tumour, and without: resorbed and formed, %, and lesions of each week; CPU seconds."""
    start = time.process_time()
    rows = weeks_of(*measured(seed, voxel, tumour=True))
    _, made = measured(seed, voxel, tumour=False)
    controls = [
        (item.whole.resorbed_percent or 0.0, item.whole.formed_percent or 0.0, len(found))
        for item, (_, found) in zip(made.remodelling, made.lesions, strict=True)
    ]
    return rows, controls, time.process_time() - start


def measured(seed: int, voxel: float, *, tumour: bool) -> tuple[SyntheticLeg, LegRemodelling]:
    leg = make_leg(LegOptions(seed=seed, tumour=tumour, shape=SHAPES[voxel], spacing_um=voxel))
    return leg, remodel_leg(register_weeks(leg.series).series, options=RemodelOptions(pairs="baseline"))


def weeks_of(leg: SyntheticLeg, made: LegRemodelling) -> list[Week]:
    """Each later week beside the truth."""
    told = []
    for number, (week, found) in enumerate(made.lesions, 1):
        both = (made.series[0], made.series[number])
        seen = covered_by_all(both)
        lost = leg.truth.lesion_labels[number] > 0
        lost = lost if seen is None else lost & seen
        true = truth(leg, lost, found.labels, made)
        apart, clear = how_apart(lost, both[0])
        missed = unmatched(true.perforations, found.perforations, both[0].spacing[0])
        extra = unmatched(found.perforations, true.perforations, both[0].spacing[0])
        areas = tuple(sum(hole.area_mm2 for hole in some.perforations) for some in (true, found))
        told.append(
            Week(
                week,
                float(lost.sum()) * both[0].grid.voxel_volume_mm3,
                found.volume_mm3,
                sum(lesion.lost_mm3 for lesion in found),
                len(true),
                len(found),
                apart,
                clear,
                tuple(hole.area_mm2 for hole in true.perforations),
                missed,
                extra,
                areas,  # type: ignore[arg-type]
            )
        )
    return told


def truth(leg: SyntheticLeg, lost: np.ndarray, like: Scan, made: LegRemodelling) -> Lesions:
    """The true lesions, by the same distances, without any rule against noise."""
    parts = np.choose(leg.truth.compartments, PARTS).astype(np.uint8)
    if made.compartments is not None:
        parts[~made.compartments.labels.any(axis=(1, 2))] = 0
    before = leg.truth.bone[0]
    options = LesionOptions()
    options = replace(options, least_contact=0.0, least_loose=options.least_volume)
    return find_lesions(replace(like, voxels=encode(before, before & ~lost)), parts, options=options)


def how_apart(lost: np.ndarray, scan: Scan) -> tuple[bool, bool]:
    """Whether the true pieces are three voxels apart, and none near the smallest lesion's size."""
    least = LesionOptions().least_volume
    pieces, count = ndimage.label(lost, CUBE)
    mm3 = np.bincount(pieces.ravel(), minlength=count + 1) * scan.grid.voxel_volume_mm3
    large = [number for number in range(1, count + 1) if mm3[number] >= 0.6 * least]
    those = np.isin(pieces, large)
    near = (ndimage.binary_dilation(pieces == n, CUBE, iterations=3) & those & (pieces != n) for n in large)
    apart = not any(both.any() for both in near)
    return apart, apart and not ((mm3[1:] > 0.6 * least) & (mm3[1:] < 1.6 * least)).any()


def unmatched(holes: Sequence[Perforation], others: Sequence[Perforation], voxel: float) -> tuple[float, ...]:
    """Areas of the holes that none of the others opens at."""

    def radius(hole: Perforation) -> float:
        return 1000 * float(np.sqrt(hole.area_mm2 / np.pi))

    def met(hole: Perforation) -> bool:
        away = (np.linalg.norm(np.subtract(hole.centre_um, other.centre_um)) for other in others)
        reach = (radius(hole) + radius(other) + 2 * voxel for other in others)
        return any(a <= b for a, b in zip(away, reach, strict=True))

    return tuple(hole.area_mm2 for hole in holes if not met(hole))


def tell_week(week: float, rows: Sequence[Week]) -> None:
    """Every bar of one week over all legs."""
    large = [row for row in rows if row.true_mm3 >= LEAST_MM3]
    errors = np.array([row.found_mm3 / row.true_mm3 - 1 for row in large])
    true = sum(row.true_mm3 for row in rows)
    print(f"week {week:g}: {len(rows)} legs, {true:.2f} mm³ truly lost to lesions")
    print(
        f"  volume: {sum(row.found_mm3 for row in rows) / true - 1:+.1%} of all (voxels of the composite "
        f"{sum(row.voxels_mm3 for row in rows) / true - 1:+.1%}); per leg mean {errors.mean():+.1%}, "
        f"mean size of error {np.abs(errors).mean():.1%}, worst {np.abs(errors).max():.1%}, "
        f"within 5 % in {int((np.abs(errors) <= 0.05).sum())} of {len(large)}"
    )
    apart, clear = [row for row in rows if row.apart], [row for row in rows if row.clear]
    exact = [sum(row.found_count == row.true_count for row in some) for some in (rows, apart, clear)]
    off = max(abs(row.found_count - row.true_count) for row in rows)
    print(
        f"  count: exact in {exact[0]} of {len(rows)} (worst: off by {off}); where apart {exact[1]} of {len(apart)}; "
        f"clear {exact[2]} of {len(clear)}"
    )
    for name, least, most in (("large", LARGE_HOLE_MM2, np.inf), ("small", 0.0, LARGE_HOLE_MM2)):
        groups = [[a for row in rows for a in getattr(row, kind)] for kind in ("holes", "missed", "extra")]
        many, missed, extra = (sum(least <= area < most for area in group) for group in groups)
        print(f"  perforations, {name}: {many - missed} of {many} found, {extra} more")
    areas = np.array([row.area for row in rows]).sum(axis=0)
    print(f"  perforated area: {areas[1]:.2f} of {areas[0]:.2f} mm²")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--legs", type=int, default=40, help="with a tumour, and as many without")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--voxel", type=float, default=30.0, choices=sorted(SHAPES), help="µm")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    chosen = parser.parse_args(arguments)
    seeds = range(chosen.first, chosen.first + chosen.legs)
    rows: list[Week] = []
    controls: list[tuple[float, float, int]] = []
    seconds = 0.0
    with ProcessPoolExecutor(chosen.workers) as pool:
        for seed, (weeks, changes, spent) in zip(seeds, pool.map(one_seed, seeds, repeat(chosen.voxel)), strict=True):
            rows, controls, seconds = rows + weeks, controls + changes, seconds + spent
            print(f"seed {seed}: {seconds:.0f} CPU s", flush=True)
    for week in sorted({row.week for row in rows}):
        tell_week(week, [row for row in rows if row.week == week])
    lost, formed, false = np.array(controls).T
    print(
        f"controls, {len(controls)} weeks of {chosen.legs} legs: resorbed {lost.mean():.3f} % of the bone, worst "
        f"{lost.max():.3f} %; formed {formed.mean():.4f} %, worst {formed.max():.4f} %; false lesions "
        f"{false.mean():.3f} a leg and week, worst {false.max():.0f}"
    )


if __name__ == "__main__":
    main()
