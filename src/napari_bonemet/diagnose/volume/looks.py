"""Changes that another scanner, or another leg, might have made: a few are drawn for each scan of a step.

The scheme is RandAugment's (Cubuk et al. 2020): so many changes, drawn from a list, all of one strength. Its list is of
photographs, and several of its changes (solarise, posterise, invert) would make bone of soft tissue; this list is of
what differs between scanners: blur, sharpness, noise, brightness, contrast, gamma, shear, and a patch that is missing.
Of weeks that are seen together, the earlier ones may also lie a little off, as a registration leaves them.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from napari_bonemet.torch_import import import_torch

# The most that each may do, at strength 1: voxels of blur (standard deviation), shares of white, of the side.
_BLUR, _SHARPER, _NOISE, _GAIN, _LIFT, _GAMMA, _SHEAR, _PATCH = 1.4, 1.0, 0.06, 0.2, 0.06, 0.3, 0.15, 0.15
_REACH = 4
# How far an earlier week may lie off, at strength 1: voxels along each axis of the slice.
_SLIP = 1.2

Change = Callable[[Any, float], Any]


def looked_at(stacks: Any, count: int, strength: float) -> Any:
    """Each stack of slices with changes of its own; all slices and weeks of a stack are changed alike, but for noise.

    Parameters
    ----------
    stacks : tensor, (n, slices, side, side); of weeks seen together (n, slices, weeks, side, side)
        Greys, 0 to 1; of weeks, the one that is judged comes first.
    count : int
        How many changes each gets; 0 leaves all as they are.
    strength : float
        0 to 1: the size of a change is drawn evenly from nothing up to this share of the most.
    """
    torch = import_torch()
    if not count or not strength:
        return stacks
    weeks = stacks.shape[2] if stacks.ndim > 4 else 1
    changes = (*CHANGES, partial(_slip, weeks=weeks)) if weeks > 1 else CHANGES
    changed = []
    for stack in stacks.flatten(1, -3):
        for number in torch.randperm(len(changes))[:count].tolist():
            stack = changes[number](stack, float(torch.rand(())) * strength)  # noqa: PLW2901 - one after another
        changed.append(stack)
    return torch.stack(changed).view(stacks.shape)


def _blur(stack: Any, size: float) -> Any:
    torch = import_torch()
    at = torch.arange(-_REACH, _REACH + 1, device=stack.device)
    kernel = torch.exp(-(at**2) / (2 * max(_BLUR * size, 0.1) ** 2))
    kernel = kernel / kernel.sum()
    padded = torch.nn.functional.pad(stack[:, None], (_REACH,) * 4, mode="replicate")
    along = torch.nn.functional.conv2d(padded, kernel.view(1, 1, 1, -1))
    return torch.nn.functional.conv2d(along, kernel.view(1, 1, -1, 1))[:, 0]


def _sharpen(stack: Any, size: float) -> Any:
    return stack + _SHARPER * size * (stack - _blur(stack, 0.7))


def _noise(stack: Any, size: float) -> Any:
    return stack + _NOISE * size * import_torch().randn_like(stack)


def _gain(stack: Any, size: float) -> Any:
    return stack * (1 + _GAIN * size * _sign())


def _lift(stack: Any, size: float) -> Any:
    return stack + _LIFT * size * _sign()


def _gamma(stack: Any, size: float) -> Any:
    return stack.clamp(0, 1) ** (1 + _GAMMA * size * _sign())


def _shear(stack: Any, size: float) -> Any:
    torch = import_torch()
    y, x = (_SHEAR * size * _sign() for _ in range(2))
    matrix = torch.tensor([[1.0, x, 0.0], [y, 1.0, 0.0]], device=stack.device)[None]
    grid = torch.nn.functional.affine_grid(matrix, [1, *stack.shape], align_corners=False)
    return torch.nn.functional.grid_sample(stack[None], grid, padding_mode="border", align_corners=False)[0]


def _patch(stack: Any, size: float) -> Any:
    """A square of the stack's mean grey: no single place may be all that is looked for."""
    torch = import_torch()
    side = stack.shape[-1]
    wide = max(1, round(_PATCH * size * side))
    y, x = torch.randint(0, side - wide + 1, (2,)).tolist()
    hidden = stack.clone()
    hidden[..., y : y + wide, x : x + wide] = stack.mean()
    return hidden


def _slip(stack: Any, size: float, *, weeks: int) -> Any:
    """The earlier weeks of (slices * weeks, side, side) off their place, each its own way."""
    torch = import_torch()
    side = stack.shape[-1]
    by_week = stack.view(-1, weeks, side, side).transpose(0, 1)
    matrix = torch.eye(2, 3, device=stack.device).repeat(weeks, 1, 1)
    off = _SLIP * size * (2 * torch.rand(weeks - 1, 2) - 1)
    matrix[1:, :, 2] = (2 / side * off).to(stack.device)
    grid = torch.nn.functional.affine_grid(matrix, list(by_week.shape), align_corners=False)
    slipped = torch.nn.functional.grid_sample(by_week, grid, padding_mode="border", align_corners=False)
    return slipped.transpose(0, 1).reshape(stack.shape)


def _sign() -> float:
    return 1.0 if float(import_torch().rand(())) < 0.5 else -1.0


CHANGES: tuple[Change, ...] = (_blur, _sharpen, _noise, _gain, _lift, _gamma, _shear, _patch)
