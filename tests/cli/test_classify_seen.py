"""What `classify` looks at of registered weeks: slices that the field of view cut off are no lesions."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_bonemet.diagnose import registry
from napari_bonemet.diagnose.diagnosis import Diagnosis
from napari_bonemet.geometry import Grid
from napari_bonemet.io import write_series
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform

SLICES, CUT = 12, 3


@dataclass
class DarkestSlice:
    """Takes the slice with the least bone for a lesion."""

    options: Any = field(default_factory=lambda: SimpleNamespace(bone_threshold=75.0))
    shapes: list[int] = field(default_factory=list)

    def classify(self, scan: Scan, *, earlier: Sequence[Scan] = (), progress: Progress = NO_PROGRESS) -> Diagnosis:
        del earlier
        progress.advance(1.0)
        self.shapes.append(scan.shape[0])
        bone = (scan.to_numpy() > 75).sum(axis=(1, 2))
        per_slice = (1 - bone / bone.max()).astype(np.float32)
        where = int(per_slice.argmax())
        return Diagnosis(
            scan.subject, scan.side, scan.week, "darkest", float(per_slice.max()), per_slice, where, True, True
        )


def registered() -> ScanSeries:
    """Two weeks of a ring with a notch in slice 8; the second was scanned three slices further down."""
    z, y, x = np.mgrid[:SLICES, :20, :20]
    ring = (np.hypot(y - 9.5, x - 9.5) < 8) & (np.hypot(y - 9.5, x - 9.5) > 5)
    voxels = np.where(ring & ~((z == 8) & (y > 13)), 180, 20).astype(np.uint8)
    first = Scan(voxels, (10.0,) * 3, (0.0,) * 3, "871", "left", day=0, kind=Kind.REGIST)
    lower = replace(first.crop((slice(CUT, None), slice(None), slice(None))), day=7, kind=Kind.SEG)
    grid = Grid((SLICES, 20, 20), (10.0,) * 3, (0.0,) * 3)
    second = resample(lower, grid, RigidTransform(), interpolation="nearest", kind=Kind.REGIST)
    return ScanSeries((first, second))


def test_only_what_every_week_saw_is_looked_at(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = DarkestSlice()
    monkeypatch.setattr(registry, "load_classifier", lambda *_, **__: asked)
    write_series(registered(), tmp_path / "Regist-CT")
    out = tmp_path / "diagnosis.csv"
    said = cli("classify", "--data", tmp_path / "Regist-CT", "--out", out)
    assert said.code == 0, said.err
    assert asked.shapes == [SLICES - CUT] * 2
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["slice"]) for row in rows] == [8, 8], "slices are counted as the files are"
