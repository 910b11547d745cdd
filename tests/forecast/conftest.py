"""Small legs with known futures."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

MakeLeg = Callable[..., ScanSeries]


def as_leg(volumes: Sequence[np.ndarray], weeks: Sequence[float] | None = None, subject: str = "7") -> ScanSeries:
    weeks = weeks or list(range(len(volumes)))
    return ScanSeries(
        tuple(
            Scan(volume, (10.6, 10.0, 10.0), (5.0, -3.0, 2.0), subject, "left", week * 7, Kind.REGIST, synthetic=True)
            for volume, week in zip(volumes, weeks, strict=True)
        )
    )


def bony_noise(seed: int, shape: tuple[int, int, int] = (8, 24, 26)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=shape), 1.5)
    return np.clip(110 + 60 * field / field.std(), 0, 255)


def fading(seed: int, *, weeks: int = 4, noise: float = 6.0) -> list[np.ndarray]:
    """Bone that fades by a tenth a week, seen through independent noise."""
    rng = np.random.default_rng(seed + 1000)
    bone = bony_noise(seed)
    return [
        np.clip(np.rint(bone * 0.9**week + rng.normal(scale=noise, size=bone.shape)), 0, 255).astype(np.uint8)
        for week in range(weeks)
    ]


@pytest.fixture
def make_leg() -> MakeLeg:
    return as_leg


@pytest.fixture
def fading_leg() -> MakeLeg:
    return lambda seed, *, weeks=4, subject=None: as_leg(fading(seed, weeks=weeks), subject=subject or f"s{seed}")
