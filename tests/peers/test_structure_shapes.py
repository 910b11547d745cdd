"""BoneJ's bounds for connectivity, surface and anisotropy, and the structure model index, on shapes made here."""

import numpy as np
import pytest
from skimage.draw import circle_perimeter

from napari_bonemet.morphometry.structure.anisotropy import degree_of_anisotropy
from napari_bonemet.morphometry.structure.structure_model import structure_model_index
from napari_bonemet.morphometry.trabecular import measure_trabecular

SPACING = (200.0, 200.0, 200.0)


def euler_and_density(mask: np.ndarray) -> tuple[float, float]:
    values = measure_trabecular(mask, np.ones_like(mask), SPACING).values
    return values["Eu.N"], values["Conn.D"]


@pytest.mark.parametrize("size", [16, 32, 64, 128, 256, 512])
def test_a_crossed_circle_has_four_holes(size: int) -> None:
    mask = np.zeros((3, size, size), bool)
    centre, radius = size // 2, size // 4
    mask[1][circle_perimeter(centre, centre, radius)] = True
    span = slice(centre - radius, centre + radius + 1)
    mask[1, centre, span] = mask[1, span, centre] = True
    assert euler_and_density(mask)[0] == pytest.approx(-3, abs=1e-12)


def box_frame(shape: tuple[int, int, int], pad: int = 32) -> np.ndarray:
    """The twelve edges of a box."""
    ends = [np.isin(np.arange(n), (0, n - 1)) for n in shape]
    count = ends[0][:, None, None].astype(int) + ends[1][:, None] + ends[2]
    return np.pad(count >= 2, pad)


@pytest.mark.parametrize("size", [16, 32, 64])
def test_a_box_frame_has_five_handles(size: int) -> None:
    assert euler_and_density(box_frame((size,) * 3, 4))[0] == pytest.approx(-4, abs=1e-12)


def test_connectivity_density_of_a_box_frame() -> None:
    mask = box_frame((32, 64, 128))
    volume = np.prod(mask.shape) * 0.2**3
    assert euler_and_density(mask)[1] == pytest.approx(5 / volume, abs=1e-12)


def surface_voxels(mask: np.ndarray) -> float:
    mm = (1000.0, 1000.0, 1000.0)
    return measure_trabecular(mask, np.ones_like(mask), mm).values["BS"]


@pytest.mark.parametrize("radius", [8, 16, 32, 50])
def test_surface_of_a_sphere_within_five_per_cent(radius: int) -> None:
    steps = np.indices((2 * radius + 4,) * 3) - radius - 1.5
    sphere = (steps**2).sum(0) <= radius**2
    assert surface_voxels(sphere) == pytest.approx(4 * np.pi * radius**2, rel=0.05)


@pytest.mark.parametrize("side", [48, 64, 96])
def test_surface_of_a_cube_within_two_per_cent(side: int) -> None:
    assert surface_voxels(np.pad(np.ones((side,) * 3, bool), 2)) == pytest.approx(6 * side**2, rel=0.02)


def test_noise_is_isotropic() -> None:
    noise = np.random.default_rng(0).random((256, 256, 256)) >= 0.5
    assert degree_of_anisotropy(noise, np.ones_like(noise)) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_parallel_plates_are_anisotropic(axis: int) -> None:
    one = np.arange(256) % 16 < 8
    plates = np.ascontiguousarray(np.moveaxis(np.broadcast_to(one[:, None, None], (256, 256, 256)), 0, axis))
    assert degree_of_anisotropy(plates, np.ones_like(plates)) == pytest.approx(1, abs=1e-4)


def test_structure_model_index_of_plate_rod_and_sphere() -> None:
    steps = np.indices((80, 80, 80)) - 39.5
    whole = np.ones(steps.shape[1:], bool)
    shapes = {
        0: np.abs(steps[0]) < 6,
        3: (steps[1:] ** 2).sum(0) < 12**2,
        4: (steps**2).sum(0) < 25**2,
    }
    for index, shape in shapes.items():
        assert structure_model_index(shape, whole) == pytest.approx(index, abs=0.1)
