"""A small synthetic leg on disk, registered once for all tests."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from napari_bonemet.cli import main
from napari_bonemet.forecast import shipped
from napari_bonemet.io import write_series
from napari_bonemet.phantom.leg import SyntheticLeg, make_leg
from napari_bonemet.phantom.options import LegOptions

SMALL = LegOptions(
    shape=(24, 50, 50), spacing_um=60.0, seed=4, subject="871", pose_degrees=2.0, turn_degrees=4.0, pose_voxels=1.0
)
# The least that learns, on slices of the same voxel size.
ANIMALS = ["--controls", "2", "--tumours", "3", "--shape", "10", "50", "50", "--spacing-um", "60", "--seed", "3"]
TINY = {
    "tvae": ["--epochs", "1", "--crop", "48", "--size", "32", "--width", "4", "--g-dim", "8", "--hidden", "8"],
    "lesion-slices": ["--epochs", "1", "--crop", "48", "--width", "4", "--validation-share", "0.4"],
}
TINY["tvae-gate"] = TINY["tvae"]
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


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "cohort"
    assert main(["cohort", *ANIMALS, "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def networks(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small networks, trained on the cohort by the command line."""
    folder = tmp_path_factory.mktemp("networks")
    for name, flags in TINY.items():
        words = ["--network", name, "--data", str(cohort), "--out", str(folder / f"{name}.safetensors")]
        assert main(["train", *words, *flags]) == 0
    return folder


@pytest.fixture(autouse=True)
def small_networks(networks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small networks in the place of those that come with the package: quick, and there before those are."""
    monkeypatch.setattr(shipped, "FOLDER", networks)
