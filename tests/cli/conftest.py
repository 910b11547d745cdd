"""A small synthetic leg on disk, registered once for all tests."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from napari_bonemet.cli import main
from napari_bonemet.io import write_series
from napari_bonemet.phantom.leg import SyntheticLeg, make_leg
from napari_bonemet.phantom.options import LegOptions

SMALL = LegOptions(
    shape=(24, 50, 50), spacing_um=60.0, seed=4, subject="871", pose_degrees=2.0, turn_degrees=4.0, pose_voxels=1.0
)
QUICK = ["--levels", "2", "--iterations", "40", "--sampling", "10000"]


@dataclass(frozen=True)
class Said:
    """What one command line came to."""

    code: int
    out: str
    err: str

    @property
    def record(self) -> dict[str, Any]:
        """The one JSON line."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        return dict(json.loads(lines[0]))


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def say(*words: object) -> Said:
        capsys.readouterr()
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return say


@pytest.fixture(scope="session")
def leg() -> SyntheticLeg:
    return make_leg(SMALL)


@pytest.fixture(scope="session")
def scanned(leg: SyntheticLeg, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "Seg-CT"
    write_series(leg.series, folder)
    return folder


@pytest.fixture(scope="session")
def registered(scanned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "registered"
    assert main(["register", str(scanned), "--out", str(folder), *QUICK]) == 0
    return folder


@pytest.fixture(scope="session")
def forecasts(registered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "forecasts"
    words: Sequence[str] = ["--data", str(registered), "--week", "3", "--out", str(folder)]
    assert main(["predict", *words]) == 0
    return folder
