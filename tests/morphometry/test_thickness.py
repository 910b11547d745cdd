import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.structure.distance import squared_distance
from napari_bonemet.morphometry.structure.thickness import CONVENTIONS, Convention, local_thickness, mid_axes
from napari_bonemet.progress import Cancelled


def squared_by_pairs(mask: np.ndarray) -> np.ndarray:
    """Squared distance of every voxel to the nearest background voxel, by looking at every pair."""
    background = np.argwhere(~mask)
    points = np.indices(mask.shape).reshape(3, -1).T
    pairs = ((points[:, None] - background[None]) ** 2).sum(-1)
    return pairs.min(1).reshape(mask.shape)


def ball_of(convention: Convention, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Diameter painted, and squared radius within which it is, by squared distance."""
    root = np.sqrt(d)
    if convention == "ipl":
        halves = np.array(
            [max(h for h in range(2 * int(r) + 2) if h * h <= 4 * v) for r, v in zip(root, d, strict=True)]
        )
        return halves - 1.0, ((halves - 1) / 2 + 1.8) ** 2
    if convention == "balls":
        return 2 * root - 0.5, d
    return 2 * root, d + 0.5  # closed: as far as the background


def is_ridge(squared: np.ndarray, at: np.ndarray) -> bool:
    """Whether no neighbour's ball comes within 0.9 voxel of holding the ball around `at` (IPL's ridge)."""
    own = squared[tuple(at)]
    for step in np.argwhere(np.ones((3, 3, 3))) - 1:
        near = at + step
        if not step.any() or (near < 0).any() or (near >= squared.shape).any():
            continue
        other = squared[tuple(near)]
        larger = int(2 * np.sqrt(other)) > int(2 * np.sqrt(own))
        if larger and np.sqrt(other) + 0.9 > np.sqrt(own) + np.sqrt((step**2).sum()):
            return False
    return True


def brute(mask: np.ndarray, spacing: float, convention: Convention) -> np.ndarray:
    """Every ball painted on every voxel: the definition, and nothing clever."""
    squared = squared_by_pairs(mask)
    centres = [c for c in np.argwhere(mask) if convention != "ipl" or is_ridge(squared, c)]
    grid = np.indices(mask.shape)
    out = np.zeros(mask.shape, np.float32)
    for centre in centres:
        diameter, limit = ball_of(convention, squared[tuple(centre)][None])
        inside = ((grid - centre[:, None, None, None]) ** 2).sum(0) < limit
        out[inside & mask] = np.maximum(out[inside & mask], np.float32(diameter[0] * spacing))
    return _cleaned(out, mask) if convention == "bonej" else out


def _cleaned(out: np.ndarray, mask: np.ndarray) -> np.ndarray:
    inner = ndimage.binary_erosion(mask, np.ones((3, 3, 3)), border_value=1)
    new = out.copy()
    for z, y, x in np.argwhere(mask & ~inner):
        box = tuple(slice(max(0, i - 1), i + 2) for i in (z, y, x))
        found = out[box][inner[box]].astype(float)
        if len(found):
            new[z, y, x] = found.sum() / len(found)
    return new


def random_mask(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 15, 3)
    rough = rng.random(shape)
    mask = rough < rng.choice([0.3, 0.6, 0.9, 0.98])
    if seed % 2:
        mask = ndimage.gaussian_filter(rough, 2) < np.quantile(ndimage.gaussian_filter(rough, 2), 0.8)
    mask[tuple(rng.integers(0, shape))] = False
    return mask


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_equals_brute_force_bit_for_bit(convention: Convention) -> None:
    for seed in range(40):
        mask = random_mask(seed)
        found = local_thickness(mask, 10.6, convention=convention)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, brute(mask, 10.6, convention), err_msg=f"seed {seed}")


def test_distances_are_exact_in_wide_and_flat_volumes() -> None:
    rng = np.random.default_rng(3)
    for shape in [(1, 200, 3), (70, 2, 90), (40, 50, 60), (1, 1, 300)]:
        for share in (0.5, 0.999):
            mask = rng.random(shape) < share
            mask[-1, -1, -1] = False
            expected = np.rint(ndimage.distance_transform_edt(mask) ** 2)
            np.testing.assert_array_equal(squared_distance(mask), expected)


def test_slabs_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    smooth = ndimage.gaussian_filter(rng.standard_normal((50, 40, 45)), 4)
    mask = smooth > np.quantile(smooth, 0.3)
    whole = local_thickness(mask, 1.0)
    monkeypatch.setattr("napari_bonemet.morphometry.structure.thickness.SLAB", 3)
    monkeypatch.setenv("NAPARI_BONEMET_THREADS", "1")
    np.testing.assert_array_equal(local_thickness(mask, 1.0), whole)


def test_a_cut_trabecula_gets_no_thinner_at_the_end_of_the_volume() -> None:
    mask = np.zeros((30, 21, 21), bool)
    mask[:, 6:15, 6:15] = True
    assert np.unique(local_thickness(mask, 1.0, convention="balls")[:, 10, 10]).tolist() == [9.5]


def test_one_slice_is_measured_by_discs() -> None:
    mask = np.zeros((1, 30, 40), bool)
    mask[0, 10:17, 5:35] = True
    assert local_thickness(mask, 10.0)[0, 13, 20] == 70


def test_without_background_it_says_so_and_does_not_hang() -> None:
    with pytest.raises(InputError, match="nothing bounds"):
        local_thickness(np.ones((20, 30, 40), bool), 10.0)


def test_an_empty_mask_has_no_thickness_anywhere() -> None:
    assert not local_thickness(np.zeros((3, 4, 5), bool), 10.0).any()


@pytest.mark.parametrize("bad", [{"spacing_um": 0.0}, {"spacing_um": float("nan")}, {"convention": "ctan"}])
def test_bad_options_are_named(bad: dict) -> None:
    with pytest.raises(InputError):
        local_thickness(np.zeros((3, 4, 5), bool), **({"spacing_um": 1.0} | bad))


@pytest.mark.parametrize("shape", [(4, 5), (0, 4, 5)])
def test_other_than_three_axes_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="three axes"):
        local_thickness(np.zeros(shape, bool), 1.0)


def test_a_wish_to_stop_is_heard() -> None:
    class Stop:
        def advance(self, fraction: float) -> None: ...
        def message(self, text: str) -> None: ...
        def check(self) -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        local_thickness(random_mask(1), 1.0, progress=Stop())


def test_mid_axes_are_middles_and_leave_out_bumps() -> None:
    steps = np.arange(31) - 15
    reach = steps[:, None] ** 2 + steps[None] ** 2
    rod = np.repeat((reach <= 8**2)[None], 40, axis=0)
    axes = mid_axes(rod)
    assert axes[:, 15, 15].all()
    assert axes.sum() == 40
    rough = rod | ((reach <= 9**2) & (np.random.default_rng(0).random(rod.shape) < 0.3))
    assert reach[mid_axes(rough).any(axis=0)].max() <= 2**2
    plate = np.zeros((21, 20, 20), bool)
    plate[6:13] = True
    assert np.flatnonzero(mid_axes(plate).any(axis=(1, 2))).tolist() == [9]
