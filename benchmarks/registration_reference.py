"""Other animals brought onto one reference leg: errors of the long axis and of the rotation about it.

    python benchmarks/registration_reference.py --animals 20 --size half

Each animal has its own anatomy and lies in a random pose (azimuth over the whole circle, tilt to 15 degrees, shifts
to 424 micrometres; gain 0.85, offset 12). Every second is a right leg, for which the left reference has to be
mirrored. The truth is the generator's anatomical frame, which all animals share (mirrored for a right leg).
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
from scipy.spatial.transform import Rotation

from legs.bases import CACHE, SIZES, Size, base_of
from legs.posing import Taking, draw_pose, take
from napari_bonemet.processing.register import register_weeks
from napari_bonemet.scan import Scan, Side
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform
from ours import options_of
from registration_pairs import ANIMALS, GAIN, OFFSET, SHIFT_UM

AXIS_DEGREES, TURN_DEGREES = 1.0, 3.0
FIRST_ANIMAL = 100


@dataclass(frozen=True)
class Animal:
    """One animal's scan as it lies, and its pose: from its anatomical frame to the scan."""

    scan: Scan
    pose: RigidTransform


def animal(number: int, size: Size, cache: Path) -> Animal:
    base = base_of(FIRST_ANIMAL + number, size, cache)
    rng = np.random.default_rng((number, 4))
    pose = draw_pose(base, rng, shift=SHIFT_UM / base.options.spacing_um)
    side: Side = "right" if number % 2 else "left"
    voxels = take(base, pose, Taking(3000 + number, GAIN, OFFSET, mirrored=side == "right"))
    spacing = (base.options.spacing_um,) * 3
    return Animal(Scan(voxels, spacing, subject=f"{number}", side=side, day=0.0, synthetic=True), pose)


def reference_of(size: Size, cache: Path) -> Scan:
    base = base_of(ANIMALS[0], size, cache)
    voxels = take(base, RigidTransform(), Taking(seed=5))
    return Scan(voxels, (base.options.spacing_um,) * 3, subject="reference", side="left", day=0.0, synthetic=True)


def errors(found: RigidTransform, truth: RigidTransform) -> tuple[float, float]:
    """Angle between the found and the true long axis, and the rotation about it that is left, degrees."""
    left = truth.matrix.T @ found.matrix
    axis = np.degrees(np.arccos(np.clip(left[0, 0], -1, 1)))
    # The part of a rotation that is about z: what is left when the shortest turn of the axis is taken off.
    vector = Rotation.from_matrix(left).as_quat(scalar_first=True)
    turn = np.degrees(2 * np.arctan2(vector[1], vector[0]))
    return float(axis), float(abs((turn + 180) % 360 - 180))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--animals", type=int, default=2)
    parser.add_argument("--size", choices=SIZES, default="half")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--metric", default=None, help="of registration; its default when not given")
    chosen = parser.parse_args(arguments)
    reference = reference_of(chosen.size, chosen.cache)
    found, mirrored = [], 0
    for number in range(chosen.animals):
        one = animal(number, chosen.size, chosen.cache)
        start = process_time()
        result = register_weeks(ScanSeries((one.scan,)), reference=reference, options=options_of(chosen.metric))
        seconds = process_time() - start
        found.append(errors(result.transforms[0], one.pose))
        right = getattr(result, "mirrored", False) == (one.scan.side == "right")
        mirrored += right
        print(
            f"animal {number}, {one.scan.side}: axis {found[-1][0]:.2f}°, about it {found[-1][1]:.2f}°; "
            f"mirroring recorded {'rightly' if right else 'wrongly'}; {result.quality[0].verdict}: "
            f"{result.quality[0].reason} ({seconds:.1f} CPU s)",
            flush=True,
        )
    axis, turn = np.array(found).T
    within = np.count_nonzero((axis <= AXIS_DEGREES) & (turn <= TURN_DEGREES))
    print(
        f"{within} of {len(found)} within {AXIS_DEGREES:g}° and {TURN_DEGREES:g}° (bar: all); largest: axis "
        f"{axis.max():.2f}°, about it {turn.max():.2f}°; mirroring right in {mirrored} of {len(found)}"
    )


if __name__ == "__main__":
    main()
