"""Where a forecast week comes to lie; imports torch, so import it late.

Between two scans of a leg that are registered well, a few tenths of a voxel remain. Along every surface of bone they
change greys more than a week's disease does, all in one direction. A network that can only blur edges, or move them
at random, shows it as bone gained and lost. So a future is drawn as it is, and then laid where a scan of it would
have come to lie.
"""

from typing import Any

import numpy as np

from napari_bonemet.slabs import over_slabs
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module

# Voxels; what the deviation of the shift along each axis is before anything is learned.
_DEVIATION = 0.25
# Voxels that the kernel reaches to each side, and the largest shift that it can make.
_REACH, _LARGEST = 3, 1.5
_SLAB = 16


class Place(Module):
    """Shifts of whole volumes along z, y and x, normal around 0, with deviations that are learned."""

    def __init__(self) -> None:
        super().__init__()
        self.log_deviation = nn.Parameter(torch.full((3,), _DEVIATION).log())

    @property
    def deviation(self) -> Any:
        """Along z, y and x, voxels; (3,)."""
        return self.log_deviation.exp()

    def forward(self, volumes: Any, normal: Any) -> Any:
        """Volumes (n, z, y, x) shifted by standard normal numbers (n, 3) times the deviations."""
        return shifted(volumes, normal * self.deviation)


def shifted(volumes: Any, shift: Any) -> Any:
    """Volumes (n, z, y, x), float32, moved by shifts (n, 3) of at most 1.5 voxels along z, y and x.

    The kernel is the cubic convolution of Keys (IEEE Trans Acoust 1981, 29:1153-1160, a = -1/2); borders are repeated.
    """
    shift = shift.float().clamp(-_LARGEST, _LARGEST)
    taps = torch.arange(-_REACH, _REACH + 1, device=volumes.device, dtype=torch.float32)
    x = volumes.float()[None]
    with torch.autocast(volumes.device.type, enabled=False):
        for axis in range(3):
            kernel = _cubic(taps + shift[:, axis, None])
            size, pad = [len(kernel), 1, 1, 1, 1], [0] * 6
            size[2 + axis] = len(taps)
            pad[4 - 2 * axis : 6 - 2 * axis] = [_REACH] * 2
            x = nn.functional.conv3d(nn.functional.pad(x, pad, mode="replicate"), kernel.view(size), groups=len(kernel))
    return x[0]


def _cubic(t: Any) -> Any:
    t = t.abs()
    near = (1.5 * t - 2.5) * t * t + 1
    far = ((-0.5 * t + 2.5) * t - 4) * t + 2
    return torch.where(t < 1, near, torch.where(t < 2, far, torch.zeros_like(t)))


def moved(volume: Any, shift: Any, made: Any) -> None:
    """Write what :func:`shifted` makes of one volume (z, y, x), float32, and a shift (3,) to `made`, in little memory.

    Compiled on a CPU, where `made` is best an array that shares its memory with the caller's.
    """
    if volume.device.type != "cpu":
        made.copy_(moved_in_torch(volume, shift))
        return
    from napari_bonemet.forecast.models.stvae_place_kernels import shift_slab

    firsts, weights = _four_taps(shift)
    arrays = volume.numpy(), weights.numpy(), firsts.numpy().astype(np.int64)
    to = made.numpy()
    over_slabs(
        lambda start, stop: shift_slab(*arrays, start, stop, to),
        len(volume),
        slab=_SLAB,
        threads=torch.get_num_threads(),
    )


def moved_in_torch(volume: Any, shift: Any) -> Any:
    """The same on any device, as a new volume."""
    firsts, weights = _four_taps(shift)
    for axis in range(3):
        volume = _along(volume, axis, int(firsts[axis]), weights[axis].tolist())
    return volume


def _four_taps(shift: Any) -> tuple[Any, Any]:
    """Where the first of the four taps lies that are not zero along each axis (3,), and all their weights (3, 4)."""
    shift = shift.float().cpu().clamp(-_LARGEST, _LARGEST)
    firsts = (-shift).floor() - 1
    return firsts, _cubic(firsts[:, None] + torch.arange(4) + shift[:, None])


def _along(volume: Any, axis: int, first: int, weights: Any) -> Any:
    """Four taps along an axis, the first `first` voxels from the one that is made; borders are repeated."""
    size = volume.shape[axis]
    places = torch.arange(-_REACH - 1, size + _REACH + 1, device=volume.device).clamp(0, size - 1)
    wide = volume.index_select(axis, places)
    start = _REACH + 1 + first
    made = wide.narrow(axis, start, size) * weights[0]
    for tap in range(1, 4):
        made.add_(wide.narrow(axis, start + tap, size), alpha=weights[tap])
    return made
