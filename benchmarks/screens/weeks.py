"""Synthetic weeks as large as the published ones, on disk in both forms, made slab by slab."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import dask.array as da
import numpy as np

from napari_bonemet.io.bonemet import write_series
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

Form = Literal["zarr", "slices"]
FORMS: tuple[Form, ...] = ("zarr", "slices")

# (1538, 539, 509) at 10.6 µm is the published size of a registered leg.
SIZES: dict[str, tuple[tuple[int, int, int], int]] = {
    "full": ((1538, 539, 509), 4),
    "half": ((769, 270, 255), 2),
    "small": ((160, 96, 90), 1),
}
WEEKS = (0, 1, 2, 3, 4)
SPACING_UM = 42.4
NOISE = 6.0
_SLAB = 32


def weeks_on_disk(folder: Path, size: str) -> dict[Form, Path]:
    """The folder of the weeks in each form: made once, found again later."""
    places: dict[Form, Path] = {form: folder / size / form for form in FORMS}
    stamp = folder / size / "made.json"
    if not stamp.is_file():
        series = _large(size)
        write_series(series, places["zarr"], format="zarr", overwrite=True)
        write_series(series, places["slices"], format="png", overwrite=True)
        stamp.write_text(json.dumps({"shape": series.baseline.shape, "weeks": WEEKS}))
    return places


def _large(size: str) -> ScanSeries:
    shape, factor = SIZES[size]
    coarse = tuple(-(-n // factor) for n in shape)
    options = LegOptions(shape=coarse, spacing_um=SPACING_UM, weeks=WEEKS, seed=6, noise_sd=0.0)  # type: ignore[arg-type]
    return make_leg(options).registered().map(lambda scan: _finer(scan, shape, factor))


def _finer(scan: Scan, shape: tuple[int, int, int], factor: int) -> Scan:
    """The same bone in smaller voxels, each with its own noise, which is what makes files large and slow to unpack."""
    coarse, week = scan.to_numpy(), int(scan.week or 0)

    def slab(indices: np.ndarray) -> np.ndarray:
        rows = np.minimum(indices // factor, coarse.shape[0] - 1)
        fine = coarse[rows].repeat(factor, axis=1).repeat(factor, axis=2)[:, : shape[1], : shape[2]]
        rng = np.random.default_rng([week, int(indices[0])])
        noise = rng.standard_normal(fine.shape, dtype=np.float32) * NOISE
        return np.clip(fine + noise, 0, 255).astype(np.uint8)

    which = da.arange(shape[0], chunks=_SLAB)
    chunks = (which.chunks[0], (shape[1],), (shape[2],))
    voxels = which.map_blocks(slab, dtype=np.uint8, new_axis=[1, 2], chunks=chunks, meta=np.empty((0, 0, 0), np.uint8))
    return replace(scan, voxels=voxels, spacing=(SPACING_UM / factor,) * 3)
