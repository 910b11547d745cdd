"""Exact local thickness against the package `localthickness`: python benchmarks/thickness.py [--shape 300 539 509].

A synthetic metaphysis (BALB/c, 5.3 µm, so that it fills the field) is measured, each job in a process of its own:
processor seconds of the call alone, after a warm-up on a small block, and the peak memory of the whole process with
what the call added to it. `localthickness` dilates the distance map step by step, by diamonds rather than balls, so
its means differ; ours equal brute force bit for bit (tests/morphometry/test_thickness.py). The last row is the
whole trabecular table.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SPACING_UM = 5.3
THRESHOLD = 75
JOBS = {
    "Tb.Th": ("localthickness", "balls", "ipl", "bonej"),
    "Tb.Sp": ("localthickness", "balls", "ipl", "bonej"),
    "table": ("ours",),
}


def make_masks(shape: tuple[int, int, int], folder: Path) -> None:
    from napari_bonemet.phantom.leg import Compartment, LegOptions, make_leg

    options = LegOptions(
        shape=shape, start_um=300, spacing_um=SPACING_UM, strain="BALB/c", seed=100, tumour=False, weeks=(0,)
    )
    leg = make_leg(options)
    bone, region = leg.series[0].to_numpy() > THRESHOLD, leg.truth.compartments == Compartment.CAVITY
    for name, mask in (("bone", bone), ("region", region), ("Tb.Th", bone & region), ("Tb.Sp", region & ~bone)):
        np.save(folder / f"{name}.npy", mask)


def table_of(folder: Path) -> Callable[[slice], dict[str, float]]:
    from napari_bonemet.morphometry.trabecular import measure_trabecular

    bone, region = np.load(folder / "bone.npy"), np.load(folder / "region.npy")
    return lambda part: measure_trabecular(bone[part], region[part], (SPACING_UM,) * 3).values


def job_of(what: str, who: str, folder: Path) -> Callable[[slice], dict[str, float]]:
    """The work, on some of the slices; what it gives is printed."""
    if what == "table":
        return table_of(folder)
    mask = np.load(folder / f"{what}.npy")
    if who == "localthickness":
        from localthickness import local_thickness as peer

        # Its distances run from centre to centre; twice those are diameters.
        return lambda part: {"mean": 2 * SPACING_UM * float(peer(mask[part])[mask[part]].mean())}
    from napari_bonemet.morphometry.structure.thickness import local_thickness

    def ours(part: slice) -> dict[str, float]:
        local = local_thickness(mask[part], SPACING_UM, convention=who)
        return {"mean": float(local[local > 0].mean(dtype=float))}

    return ours


def run_here(what: str, who: str, folder: Path) -> None:
    if what == "masks":
        make_masks(tuple(map(int, who.split("x"))), folder)
        print("{}")
        return
    job = job_of(what, who, folder)
    job(slice(0, 8))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu, wall = time.process_time(), time.perf_counter()
    values = job(slice(None))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": cpu, "wall": wall, "peak": peak, "added": peak - before, "values": values}))


def run_alone(what: str, who: str, folder: Path) -> dict:
    command = [sys.executable, __file__, "--job", what, who, str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description="Local thickness: CPU and memory against localthickness")
    parser.add_argument("--shape", type=int, nargs=3, default=(300, 539, 509), help="voxels z y x")
    parser.add_argument("--job", nargs=3, default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job:
        run_here(given.job[0], given.job[1], Path(given.job[2]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # This process stays small: what it forks would inherit its peak.
        run_alone("masks", "x".join(map(str, given.shape)), folder)
        print(f"{' x '.join(map(str, given.shape))} voxels of {SPACING_UM} µm, synthetic")
        print(f"{'':8}{'':16}{'CPU s':>8}{'wall s':>8}{'peak MiB':>10}{'added':>8}   ratios CPU, peak, added; mean")
        for what, names in JOBS.items():
            peer = None
            for who in names:
                found = run_alone(what, who, folder)
                peer = peer or found
                print(row_of(what, who, found, peer), flush=True)


def row_of(what: str, who: str, found: dict, peer: dict) -> str:
    ratios = "".join(f"{peer[key] / max(found[key], 1e-9):7.1f}" for key in ("cpu", "peak", "added"))
    values = found["values"]
    told = f"{values['mean']:.1f} µm" if "mean" in values else ", ".join(f"{k} {v:.4g}" for k, v in values.items())
    numbers = f"{found['cpu']:8.1f}{found['wall']:8.1f}{found['peak']:10.0f}{found['added']:8.0f}"
    return f"{what:8}{who:16}{numbers}{ratios}  {told}"


if __name__ == "__main__":
    main()
