"""Pairs of scans of one synthetic leg whose true transform is known, kept on disk.

    python benchmarks/registration_pairs.py --pairs 32 --size full --cache /tmp/bench

The azimuth goes over the whole circle, the tilt to 15 degrees, shifts to 40 voxels along each axis (20 at half size:
the same lengths); every third pair misses 5 to 25 % of the slices at its proximal or distal end; lesions took up to
15 % of the bone (15 % in every fourth); greys are 0.85 g + 12; noise is fresh, blur is the scanner's, and soft tissue
does not move with the bone. Both scans are interpolated once from a noise-free leg by cubic B-splines. Three animals
take turns. Each pair's JSON holds the truth (fixed to moving, micrometres) and the corners of the bone's bounding box.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from legs.bases import CACHE, SIZES, Base, Size, base_of
from legs.holes import cut_holes
from legs.pair import Pair, read_pair
from legs.posing import Taking, draw_pose, take
from napari_bonemet.transform import RigidTransform

ANIMALS = (4, 11, 12)
GAIN, OFFSET = 0.85, 12.0
MOST_LOST, MOST_MISSING = 0.15, 0.25
SHIFT_UM = 424.0


def fixed_of(base: Base, size: Size, cache: Path) -> tuple[np.ndarray, RigidTransform]:
    """The animal's first scan, nearly straight, and its pose."""
    seed = base.options.seed
    rng = np.random.default_rng((seed, 1))
    pose = draw_pose(base, rng, azimuth=3.0, tilt=2.0, shift=2.0)
    path = cache / size / f"fixed_{seed}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _save(path, take(base, pose, Taking(seed=seed)))
    return np.load(path, mmap_mode="r"), pose


def make_pair(number: int, size: Size, cache: Path) -> Pair:
    """Pair `number`; its scans are written where they are not there yet."""
    base = base_of(ANIMALS[number % len(ANIMALS)], size, cache)
    path = cache / size / f"pair_{number:02d}_moving.npy"
    _, lies = fixed_of(base, size, cache)
    rng = np.random.default_rng((number, 2))
    spacing = base.options.spacing_um
    pose = draw_pose(base, rng, shift=SHIFT_UM / spacing)
    lost = MOST_LOST if number % 4 == 1 else rng.uniform(0, MOST_LOST)
    missing = _missing(number, base.options.shape[0], rng)
    about = path.with_name(f"pair_{number:02d}.json")
    if not about.exists():
        cut, gone = cut_holes(base, lost, rng)
        kept = slice(missing[0], base.options.shape[0] - missing[1])
        _save(path, take(cut, pose, Taking(seed=1000 + number, gain=GAIN, offset=OFFSET))[kept])
        truth = _from_first(missing[0] * spacing).after(pose).after(lies.inverse())
        _write(about, _record(number, base, truth=truth, poses=(lies, pose), missing=missing, gone=gone))
    return read_pair(about)


def _record(
    number: int,
    base: Base,
    *,
    truth: RigidTransform,
    poses: tuple[RigidTransform, RigidTransform],
    missing: tuple[int, int],
    gone: float,
) -> dict[str, Any]:
    lies, pose = poses
    seed, spacing = base.options.seed, base.options.spacing_um
    moved = base.points * spacing + np.asarray(base.grid.origin)
    index = truth(lies(moved)) / spacing
    shape = np.asarray(base.options.shape) - [sum(missing), 0, 0]
    return {
        "pair": number,
        "fixed": f"fixed_{seed}.npy",
        "moving": f"pair_{number:02d}_moving.npy",
        "spacing_um": spacing,
        "truth": truth.as_record(),
        "corners_um": lies(base.corners_um).tolist(),
        "turned_degrees": pose.degrees,
        "tilt_degrees": float(np.degrees(np.arccos(pose.matrix[0, 0]))),
        "missing_slices": missing,
        "lesion_share": gone,
        "bone_in_view": float(((index >= 0) & (index <= shape - 1)).all(axis=1).mean()),
    }


def pairs(count: int, size: Size, cache: Path, first: int = 0) -> Iterator[Pair]:
    for number in range(first, first + count):
        yield make_pair(number, size, cache)


def _missing(number: int, slices: int, rng: np.random.Generator) -> tuple[int, int]:
    away = round(slices * rng.uniform(0.05, MOST_MISSING))
    if number % 3 != 2:
        return (0, 0)
    return (away, 0) if number % 2 else (0, away)


def _from_first(depth_um: float) -> RigidTransform:
    # A scan without its first slices counts from the first that is there.
    return RigidTransform(shift=(-depth_um, 0.0, 0.0))


def _save(path: Path, voxels: np.ndarray) -> None:
    beside = path.with_suffix(".part.npy")
    np.save(beside, voxels)
    beside.rename(path)


def _write(path: Path, known: dict[str, Any]) -> None:
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(known, indent=1), encoding="utf-8")
    beside.rename(path)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--cache", type=Path, default=CACHE)
    chosen = parser.parse_args(arguments)
    for pair in pairs(chosen.pairs, chosen.size, chosen.cache, chosen.first):
        about = pair.about
        print(
            f"pair {about['pair']}: tilt {about['tilt_degrees']:.1f}°, missing slices {about['missing_slices']}, "
            f"{about['lesion_share']:.1%} of the bone lost, {about['bone_in_view']:.0%} of it in view",
            flush=True,
        )


if __name__ == "__main__":
    main()
