"""Wrong pairs in follow-up mode: every one has to be called out, that is, get another verdict than "good".

    python benchmarks/registration_wrong.py --each 10 --size half

- other side: the same animal's mirror image, and another animal's, by turns;
- other animal: the same side of another animal of the strain;
- upside down: the same leg turned end for end, and the same leg with its slices in reverse order, by turns;
- noise: no bone. Faint noise, noise that reaches the bone's greys, soft tissue alone, and blobs as bright as bone.

All lie in random poses (whole circle, 15 degrees, 424 micrometres), with gain 0.85 and offset 12; a scan that is
refused with an error that says why counts as called out. At full size three animals take turns, at half size there is
another for each pair. Right pairs with lesions are in registration_full.py.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from legs.bases import CACHE, SIZES, Size, base_of
from legs.posing import Taking, draw_pose, take
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform
from ours import REFUSED, judge
from registration_pairs import ANIMALS, GAIN, OFFSET, SHIFT_UM, fixed_of

KINDS = ("other side", "other animal", "upside down", "noise")
NOISES = ("faint noise", "noise as bright as bone", "soft tissue alone", "blobs as bright as bone")


@dataclass(frozen=True)
class Wrong:
    """What is wrong, in words, and the animal that the second scan is of."""

    kind: str
    detail: str
    number: int
    fixed: int
    moving: int


def draw(kind: str, number: int, size: Size) -> Wrong:
    fixed = ANIMALS[number % len(ANIMALS)]
    other = ANIMALS[(number + 1 + number // 3 % 2) % len(ANIMALS)] if size == "full" else 40 + number
    if kind == "other side":
        return Wrong(
            kind, *(("the same animal", number, fixed, fixed) if number % 2 else ("another", number, fixed, other))
        )
    if kind == "other animal":
        return Wrong(kind, f"{fixed} and {other}", number, fixed, other)
    if kind == "upside down":
        return Wrong(kind, "slices in reverse order" if number % 2 else "turned end for end", number, fixed, fixed)
    return Wrong(kind, NOISES[number % len(NOISES)], number, fixed, fixed)


def second_scan(wrong: Wrong, size: Size, cache: Path) -> np.ndarray:
    base = base_of(wrong.moving, size, cache)
    rng = np.random.default_rng((wrong.number, 3, KINDS.index(wrong.kind)))
    pose = draw_pose(base, rng, shift=SHIFT_UM / base.options.spacing_um)
    taking = Taking(2000 + wrong.number, GAIN, OFFSET, mirrored=wrong.kind == "other side")
    if wrong.kind == "noise":
        return _noise(wrong, base.options.shape, rng, take(base, pose, Taking(2000 + wrong.number, bone=False)))
    if wrong.detail == "turned end for end":
        pose = pose.after(RigidTransform.about(base.field.centre, degrees=(0, 0, 180)))
    voxels = take(base, pose, taking)
    return np.ascontiguousarray(voxels[::-1]) if wrong.detail == "slices in reverse order" else voxels


def _noise(wrong: Wrong, shape: tuple[int, ...], rng: np.random.Generator, tissue: np.ndarray) -> np.ndarray:
    if wrong.detail == "soft tissue alone":
        return tissue
    if wrong.detail == "blobs as bright as bone":
        rough = rng.normal(size=tuple(-(-n // 12) for n in shape))
        smooth = ndimage.zoom(ndimage.gaussian_filter(rough, 1.0), 12, order=1, output=np.float32)
        smooth = smooth[: shape[0], : shape[1], : shape[2]]
        return np.where(smooth > np.quantile(smooth[::8, ::8, ::8], 0.97), 150, tissue).astype(np.uint8)
    mean, deviation = (32.0, 6.0) if wrong.detail == "faint noise" else (60.0, 30.0)
    out = np.empty(shape, np.uint8)
    for plane in out:
        plane[...] = np.clip(rng.normal(mean, deviation, plane.shape), 0, 255)
    return out


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=2, help="pairs of each kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--size", choices=SIZES, default="half")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--metric", default=None, help="of registration; its default when not given")
    chosen = parser.parse_args(arguments)
    verdicts: dict[str, Counter[str]] = {kind: Counter() for kind in chosen.kinds}
    for kind in chosen.kinds:
        for number in range(chosen.each):
            wrong = draw(kind, number, chosen.size)
            spacing = SIZES[chosen.size][1]
            first, _ = fixed_of(base_of(wrong.fixed, chosen.size, chosen.cache), chosen.size, chosen.cache)
            second = second_scan(wrong, chosen.size, chosen.cache)
            scans = [
                Scan(np.array(voxels), (spacing,) * 3, subject="871", side="left", day=7.0 * week, synthetic=True)
                for week, voxels in enumerate((first, second))
            ]
            judged = judge(scans[0], scans[1], None, chosen.metric)
            verdicts[kind][judged.verdict] += 1
            print(f"{kind}, {wrong.detail}: {judged.verdict}, {judged.reason} ({judged.seconds:.1f} CPU s)", flush=True)
    called = 0
    for kind, counts in verdicts.items():
        out = sum(counts.values()) - counts["good"]
        called += out
        how = ", ".join(f"{counts[word]} {word}" for word in ("failed", "check", REFUSED, "good"))
        print(f"{kind}: {out} of {sum(counts.values())} called out ({how})")
    print(f"{called} of {chosen.each * len(chosen.kinds)} wrong pairs called out (bar: all)")


if __name__ == "__main__":
    main()
