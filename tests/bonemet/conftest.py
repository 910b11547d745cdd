"""Small synthetic bones in the published layout, and how much of one lies on another."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.io import write_scan
from napari_bonemet.phantom.leg import SyntheticLeg, make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.transform import RigidTransform

SMALL = LegOptions(
    shape=(28, 56, 56), spacing_um=60.0, seed=4, subject="871", pose_degrees=3.0, turn_degrees=5.0, pose_voxels=1.0
)


class Bones:
    """What the tests of the published call forms do with bones."""

    @staticmethod
    def dice(one: Scan, other: Scan) -> float:
        """How much of the bone of one scan is the other's, 0 to 1."""
        masks = [scan.to_numpy() > 75 for scan in (one, other)]
        return float(2 * np.count_nonzero(masks[0] & masks[1]) / sum(np.count_nonzero(mask) for mask in masks))

    @staticmethod
    def turned(scan: Scan, degrees: float) -> Scan:
        """The same bone turned about its long axis."""
        turn = RigidTransform.about(scan.grid.centre, degrees=(degrees, 0.0, 0.0))
        return resample(scan, scan.grid, turn, kind=Kind.SEG)

    @staticmethod
    def put(scan: Scan, folder: Path, name: str) -> Path:
        """Write slices as the data set names them."""
        return write_scan(scan, folder / name, format="png")


@pytest.fixture(scope="session")
def bones() -> Bones:
    return Bones()


@pytest.fixture(scope="session")
def leg() -> SyntheticLeg:
    return make_leg(SMALL)


@pytest.fixture(scope="session")
def right_leg() -> SyntheticLeg:
    return make_leg(replace(SMALL, side="right", seed=5))
