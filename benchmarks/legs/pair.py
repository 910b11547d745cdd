"""A pair of scans whose true transform is known, and reading one from disk."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.scan import Kind, Scan
from napari_bonemet.transform import RigidTransform


@dataclass(frozen=True, eq=False)
class Pair:
    """Two scans of one leg. `truth` maps points of `fixed` to points of `moving`; `about` says how they differ."""

    fixed: Scan
    moving: Scan
    truth: RigidTransform
    corners_um: np.ndarray
    about: dict[str, Any]

    def corner_error(self, found: RigidTransform) -> float:
        """Largest distance between found and true place over the corners of the bone's box, voxels."""
        apart = (found(self.corners_um) - self.truth(self.corners_um)) / np.asarray(self.fixed.spacing)
        return float(np.linalg.norm(apart, axis=1).max())


def read_pair(about: Path) -> Pair:
    """A pair from its JSON; voxels stay on disk until they are read."""
    known = json.loads(about.read_text(encoding="utf-8"))
    scans = []
    for week, name in enumerate(("fixed", "moving")):
        voxels = np.load(about.parent / known[name], mmap_mode="r")
        scans.append(
            Scan(
                voxels,
                (known["spacing_um"],) * 3,
                subject="871",
                side="left",
                day=7.0 * week,
                kind=Kind.SEG,
                synthetic=True,
            )
        )
    truth = RigidTransform.from_record(known["truth"])
    return Pair(scans[0], scans[1], truth, np.asarray(known["corners_um"]), known)
