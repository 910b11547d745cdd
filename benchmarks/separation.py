"""Separation of hindlimb scans: Dice and sides on synthetic animals, memory and time on a scan larger than memory.

    python benchmarks/separation.py --seeds 60
    python benchmarks/separation.py --seeds 12 --spacing 100 --shape 269 258 243 --noise 12 --gain 0.85
    python benchmarks/hindlimb_full.py OUT && python benchmarks/separation.py --full OUT

With --seeds, animals in varied posture are made one after the other. Dice is that of bone (grey above the threshold)
in the part that was cut out against bone within the part's outer surface, a tibia with its fibula. With --full, the
slices that hindlimb_full.py wrote are separated, and the tibiae cut out and written, in a process of its own, whose
greatest memory is printed; Dice is that of every 8th voxel along each axis.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.io import read_scan
from napari_bonemet.processing.segment import Part, SeparationOptions, SeparationResult, cut_part, separate_limbs
from napari_bonemet.scan import Scan

THRESHOLD = 75.0
LONG_BONES = ("left tibia", "right tibia", "left femur", "right femur")
BAR = 0.97


def of_part(title: str, names: dict[str, int]) -> list[int]:
    """The labels that make a part."""
    return [names[title]] + ([names[title.replace("tibia", "fibula")]] if "tibia" in title else [])


def as_it_lay(cut: Scan, part: Part) -> np.ndarray:
    voxels = cut.to_numpy()
    return voxels[::-1, ::-1] if part.reversed else voxels


def dice(found: np.ndarray, true: np.ndarray) -> float:
    return float(2 * (found & true).sum() / max(found.sum() + true.sum(), 1))


def scores(result: SeparationResult, labels: np.ndarray, names: dict[str, int]) -> dict[str, float]:
    """Dice of each part that is in the field; 0 for one that was not found."""
    bone = result.scan.to_numpy() > result.options.bone_threshold
    found = {part.title: part for part in result.parts}
    out = {}
    for title in (*LONG_BONES, "spine"):
        true = np.isin(labels, of_part(title, names)) & bone
        if title not in found:
            if true.sum() * np.prod(result.scan.spacing) > 2e9:
                out[title] = 0.0
            continue
        part = found[title]
        whole = np.zeros(true.shape, bool)
        whole[part.region] = as_it_lay(cut_part(result, part), part) > result.options.bone_threshold
        out[title] = dice(whole, true)
    return out


def animals(chosen: argparse.Namespace) -> Iterator[tuple[int, Scan, np.ndarray, dict[str, int]]]:
    from napari_bonemet.phantom.hindlimb import HINDLIMB_LABELS, HindlimbOptions, make_hindlimb

    shape = {} if chosen.shape is None else {"shape": tuple(chosen.shape)}
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        options = HindlimbOptions(seed=seed, spacing_um=chosen.spacing, noise_sd=chosen.noise, **shape)
        made = make_hindlimb(options)
        scan = made.scan
        if chosen.gain != 1 or chosen.offset:
            voxels = np.clip(np.rint(scan.to_numpy() * chosen.gain + chosen.offset), 0, 255).astype(np.uint8)
            scan = replace(scan, voxels=voxels)
        yield seed, scan, made.labels, HINDLIMB_LABELS


def cohort(chosen: argparse.Namespace) -> None:
    rows, failed = [], []
    for seed, scan, labels, names in animals(chosen):
        start = time.process_time()
        result = separate_limbs(scan, options=SeparationOptions(bone_threshold=chosen.threshold))
        seconds = time.process_time() - start
        found = scores(result, labels, names)
        worst = min(found.get(title, 0.0) for title in LONG_BONES)
        rows.append({"seed": seed, "seconds": seconds, "review": result.needs_review, **found})
        if worst < BAR:
            failed.append(seed)
        told = ", ".join(f"{title} {value:.4f}" for title, value in found.items())
        sure = min((part.confidence for part in result.parts), default=0.0)
        print(f"animal {seed}: {told}; least confidence {sure:.2f}, {seconds:.1f} CPU s", flush=True)
    values = np.array([[row.get(title, 0.0) for title in LONG_BONES] for row in rows])
    spines = [row["spine"] for row in rows if "spine" in row]
    print(
        f"{len(rows) - len(failed)} of {len(rows)} animals with all four long bones at {BAR} or more; others: {failed}"
    )
    print(f"Dice of long bones: least {values.min():.4f}, mean {values.mean():.4f}")
    if spines:
        print(f"Dice of {len(spines)} spines in the field: least {min(spines):.4f}, mean {np.mean(spines):.4f}")
    print(
        f"{sum(row['review'] for row in rows)} asked for review; "
        f"{np.mean([row['seconds'] for row in rows]):.1f} CPU s each"
    )


def full(place: Path) -> None:
    """Separate in a process of its own, then compare."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        command = [sys.executable, __file__, "--child", str(place), "--out", folder]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        told: dict[str, Any] = json.loads(said.splitlines()[-1])
        print(f"{told['shape']}, {told['bytes'] / 1e9:.1f} GB of slices: peak memory {told['peak_gib']:.2f} GiB")
        for step, (wall, cpu) in told["seconds"].items():
            print(f"  {step}: {wall / 60:.1f} min, {cpu:.0f} CPU s")
        for note in told["notes"]:
            print(f"  note: {note}")
        truth = np.load(place / "truth.npz")
        names = dict(zip(truth["names"].tolist(), truth["values"].tolist(), strict=True))
        for title, dots in told["parts"].items():
            print(
                f"  {title}: Dice {_sampled(place, truth, names, title, dots):.4f}, confidence {dots['confidence']:.2f}"
            )


def _slices(place: Path) -> Path:
    return next(folder for folder in sorted(place.iterdir()) if folder.is_dir() and (folder / "scan.json").exists())


def _sampled(place: Path, truth: Any, names: dict[str, int], title: str, told: dict[str, Any]) -> float:
    step = int(truth["step"])
    cut = np.load(told["samples"])
    starts = told["first"]
    labels = truth["labels"]
    whole = np.zeros(labels.shape, bool)
    place_of = tuple(slice(a, a + n) for a, n in zip(starts, cut.shape, strict=True))
    whole[place_of] = cut > THRESHOLD
    scan = read_scan(_slices(place))
    bone = np.zeros(labels.shape, bool)
    for z in range(labels.shape[0]):
        bone[z] = np.asarray(scan.voxels[z * step])[::step, ::step] > THRESHOLD
    return dice(whole, np.isin(labels, of_part(title, names)) & bone)


def child(place: Path, out: Path) -> None:
    """The measured process: read, find, cut out every part, write the tibiae."""
    from napari_bonemet.io import write_scan

    scan = read_scan(_slices(place))
    clock, seconds = _Clock(), {}
    result = separate_limbs(scan)
    seconds["read and find"] = clock.lap()
    step = int(np.load(place / "truth.npz")["step"])
    parts = {}
    for part in result.parts:
        cut = cut_part(result, part)
        seconds[f"cut out the {part.title}"] = clock.lap()
        if part.name == "tibia":
            write_scan(cut, out / part.title)
            seconds[f"write the {part.title}"] = clock.lap()
        lain = as_it_lay(cut, part)
        first = [-(-s.start // step) for s in part.region]
        inner = tuple(slice(f * step - s.start, None, step) for f, s in zip(first, part.region, strict=True))
        np.save(out / f"{part.title}.npy", lain[inner])
        samples = str(out / f"{part.title}.npy")
        parts[part.title] = {"first": first, "samples": samples, "confidence": part.confidence}
        del cut, lain
        clock.lap()
    told = {
        "shape": scan.shape,
        "bytes": int(np.prod(scan.shape)),
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "seconds": seconds,
        "parts": parts,
        "notes": result.notes,
    }
    print(json.dumps(told))


class _Clock:
    """Wall and CPU seconds since the last lap."""

    def __init__(self) -> None:
        self.last = (time.perf_counter(), time.process_time())

    def lap(self) -> tuple[float, float]:
        now = (time.perf_counter(), time.process_time())
        wall, cpu = now[0] - self.last[0], now[1] - self.last[1]
        self.last = now
        return wall, cpu


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--spacing", type=float, default=60.0, help="µm")
    parser.add_argument("--shape", type=int, nargs=3)
    parser.add_argument("--noise", type=float, default=6.0)
    parser.add_argument("--gain", type=float, default=1.0)
    parser.add_argument("--offset", type=float, default=0.0)
    parser.add_argument("--threshold", type=float, default=THRESHOLD)
    parser.add_argument("--full", type=Path, help="what hindlimb_full.py wrote")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child is not None:
        child(chosen.child, chosen.out)
    elif chosen.full is not None:
        full(chosen.full)
    else:
        cohort(chosen)


if __name__ == "__main__":
    main()
