"""Noise-free synthetic legs from which scans in any pose are made, kept on disk since one takes minutes to grow."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import ndimage

from napari_bonemet.geometry import Grid
from napari_bonemet.phantom import scanner
from napari_bonemet.phantom.growth import grow_leg
from napari_bonemet.phantom.options import LegOptions

Size = Literal["full", "half", "tiny"]

# (1538, 539, 509) is the published size of a registered leg.
SIZES: dict[str, tuple[tuple[int, int, int], float]] = {
    "full": ((1538, 539, 509), 10.6),
    "half": ((769, 270, 255), 21.2),
    "tiny": ((256, 90, 85), 63.6 / 1.06),
}
CACHE = Path("/tmp/bench")
BONE = 75.0
SOFT = scanner.SOFT_TISSUE
# Tissue greys stay below 64, so that quarters of a grey fit a byte.
QUARTERS = 4.0
_BEYOND_UM = 1360.0
_POINTS = 200_000


@dataclass(frozen=True, eq=False)
class Base:
    """One animal's leg without noise.

    coefficients: cubic B-spline coefficients of the blurred greys above soft tissue, on `grid`, which reaches beyond
    the field of view so that motion brings bone into it; tissue: greys around the bone on the field of view, in
    quarters, which stay where they are however the bone is turned; points: index (z, y, x) on `grid` of some bone
    voxels in the field of view; bone_voxels: how many there are; corners_um: of the bone's bounding box there.
    """

    options: LegOptions
    grid: Grid
    coefficients: np.ndarray
    tissue: np.ndarray
    points: np.ndarray
    bone_voxels: int
    corners_um: np.ndarray

    @property
    def field(self) -> Grid:
        """The field of view, in which the leg lies straight."""
        return self.options.grid


def options_of(seed: int, size: Size) -> LegOptions:
    shape, spacing = SIZES[size]
    return LegOptions(shape=shape, spacing_um=spacing, weeks=(0,), tumour=False, seed=seed)


def base_of(seed: int, size: Size = "full", cache: Path = CACHE) -> Base:
    """The leg of the animal `seed`, from `cache` where it is there already."""
    options = options_of(seed, size)
    folder = cache / "bases" / f"{size} {seed}"
    if not (folder / "base.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _grow(options, folder)
    known = json.loads((folder / "base.json").read_text(encoding="utf-8"))
    # Copy on write: holes are cut into a scan's own copy.
    coefficients, tissue = (np.load(folder / f"{name}.npy", mmap_mode="c") for name in ("coefficients", "tissue"))
    grid = Grid(coefficients.shape, (options.spacing_um,) * 3, tuple(known["origin_um"]))
    points = np.load(folder / "points.npy")
    return Base(options, grid, coefficients, tissue, points, known["bone_voxels"], np.asarray(known["corners_um"]))


def _grow(options: LegOptions, folder: Path) -> None:
    beyond = round(_BEYOND_UM / options.spacing_um)
    grown = grow_leg(options, options.grid.pad((beyond, 0, 0), (beyond, 0, 0)), ())
    grey = scanner.expose(grown.occupancy[0], grown.compartments, options)
    grid = grown.grid
    del grown
    known = _bone(grey, grid, options, folder)
    (folder / "tissue.npy").unlink(missing_ok=True)
    tissue = np.lib.format.open_memmap(folder / "tissue.npy", "w+", np.uint8, options.shape)
    for start in range(0, options.shape[0], 32):
        slab = slice(start, min(start + 32, options.shape[0]))
        tissue[slab] = np.clip(np.rint(scanner.tissue(options, slab) * QUARTERS), 0, 255)
    grey -= np.float32(SOFT)
    for axis in range(3):
        ndimage.spline_filter1d(grey, 3, axis, output=grey, mode="mirror")
    np.save(folder / "coefficients.npy", grey)
    (folder / "base.json").write_text(json.dumps(known), encoding="utf-8")


def _bone(grey: np.ndarray, grid: Grid, options: LegOptions, folder: Path) -> dict[str, object]:
    first = round(float(options.grid.to_index(grid.origin)[0]))
    seen = slice(-first, -first + options.shape[0])
    index = np.argwhere(grey[seen] > BONE).astype(np.int16)
    index[:, 0] += -first
    low, high = index.min(axis=0), index.max(axis=0)
    ends = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), -1).reshape(-1, 3)
    corners = ends * np.asarray(grid.spacing) + grid.origin
    some = np.random.default_rng(0).choice(len(index), min(_POINTS, len(index)), replace=False)
    np.save(folder / "points.npy", index[some])
    return {"origin_um": list(grid.origin), "bone_voxels": len(index), "corners_um": corners.tolist()}
