"""A whole hindlimb scan as a folder of slices: python benchmarks/hindlimb_full.py OUT [--spacing 10] [--shape Z Y X].

Writes OUT/<subject>/ with one TIFF or BMP a slice, never holding more than a few slices, and beside it OUT/truth.npz:
the labels of every n-th voxel along each axis ("labels", "step", "spacing_um", and "names" and "values" of the labels)
and OUT/truth.json (posture, landmarks, directions). Bones are modelled at 20 µm and interpolated; the noise is that of
full resolution. Prints CPU seconds, seconds, and the most memory that it took.
"""

import argparse
import json
import resource
import time
from dataclasses import asdict
from pathlib import Path

import dask.array as da
import numpy as np
import tifffile
from PIL import Image

from napari_bonemet.io.sidecar import write_sidecar
from napari_bonemet.phantom.hindlimb import (
    HINDLIMB_LABELS,
    HindlimbField,
    HindlimbOptions,
    directions_of,
    landmarks_of,
    prepare_hindlimb,
    scan_of,
)
from napari_bonemet.slabs import over_slabs

# The published size of a Recon-CT (BoneMet, table 1).
FULL = (2685, 2588, 2428)
TRUTH_STEP = 8


def write_slices(ready: HindlimbField, folder: Path, suffix: str) -> np.ndarray:
    """Write every slice, and give the labels of every eighth voxel along each axis."""
    options = ready.options
    depth, rows, columns = options.shape
    step = TRUTH_STEP
    truth = np.zeros([-(-n // step) for n in options.shape], np.uint8)

    def work(start: int, stop: int) -> None:
        grey = np.empty((stop - start, rows, columns), np.uint8)
        # The slab's first slice is the one whose labels are kept.
        labels = np.zeros((1, rows, columns), np.uint8)
        ready.fill(start, grey[:1], labels)
        truth[start // step] = labels[0, ::step, ::step]
        if stop - start > 1:
            ready.fill(start + 1, grey[1:])
        for z, values in enumerate(grey, start):
            place = folder / f"slice_{z:05d}{suffix}"
            if suffix == ".bmp":
                Image.fromarray(values).save(place)
            else:
                tifffile.imwrite(place, values, photometric="minisblack", metadata=None)

    over_slabs(work, depth, slab=step)
    return truth


def write_truth(ready: HindlimbField, labels: np.ndarray, out: Path) -> None:
    """Labels, posture, landmarks and directions beside the slices."""
    options, posture = ready.options, ready.posture
    names = np.array(list(HINDLIMB_LABELS))
    values = np.array(list(HINDLIMB_LABELS.values()))
    spacing = options.spacing_um * TRUTH_STEP
    np.savez_compressed(
        out / "truth.npz", labels=labels, step=TRUTH_STEP, spacing_um=spacing, names=names, values=values
    )
    said = {name: value for name, value in vars(posture).items() if name not in ("bones", "legs")}
    said["legs"] = {side: asdict(leg) for side, leg in posture.legs.items()}
    record = {
        "options": options.as_record(),
        "posture": said,
        "landmarks_um_zyx": landmarks_of(posture, options),
        "directions_zyx": directions_of(posture),
    }
    (out / "truth.json").write_text(json.dumps(record, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description="A whole hindlimb scan as a folder of slices")
    parser.add_argument("out", type=Path)
    parser.add_argument("--shape", type=int, nargs=3, default=FULL)
    parser.add_argument("--spacing", type=float, default=10.0, help="µm")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--suffix", choices=(".tif", ".bmp"), default=".tif")
    given = parser.parse_args()
    options = HindlimbOptions(shape=tuple(given.shape), spacing_um=given.spacing, seed=given.seed)
    folder = given.out / options.subject
    folder.mkdir(parents=True)
    wall, cpu = time.perf_counter(), time.process_time()
    ready = prepare_hindlimb(options)
    made = time.process_time() - cpu
    labels = write_slices(ready, folder, given.suffix)
    write_sidecar(scan_of(options, da.zeros(options.shape, dtype=np.uint8)), folder)
    write_truth(ready, labels, given.out)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{options.shape} at {options.spacing_um:g} µm, seed {options.seed}: {cpu:.0f} CPU s ({made:.0f} for the bones)"
    )
    print(f"{wall:.0f} s, {peak:.2f} GB at most")


if __name__ == "__main__":
    main()
