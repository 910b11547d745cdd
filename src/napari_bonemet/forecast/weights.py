"""Weights of a network to a checkpoint and back: all of them, each of the right shape, or an error in words."""

from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import Checkpoint
from napari_bonemet.torch_import import import_torch


def half_state(network: Any) -> dict[str, np.ndarray]:
    """The network's weights for the disk; floating ones in half precision, whose error is far below a grey."""
    state = {name: tensor.cpu().numpy() for name, tensor in network.state_dict().items()}
    return {n: t.astype(np.float16) if np.issubdtype(t.dtype, np.floating) else t for n, t in state.items()}


def fill(network: Any, checkpoint: Checkpoint) -> Any:
    """The network with the checkpoint's weights.

    Raises
    ------
    InputError
        When a weight is missing, too many, of another shape, or no finite number.
    """
    torch = import_torch()
    wanted = network.state_dict()
    missing, strange = sorted(set(wanted) - set(checkpoint.tensors)), sorted(set(checkpoint.tensors) - set(wanted))
    if missing or strange:
        raise InputError(
            f"The checkpoint does not fit the network {checkpoint.name}",
            found=", ".join([f"no {name}" for name in missing[:3]] + [f"a stray {name}" for name in strange[:3]]),
            remedy="Train it again with this version",
        )
    for name, target in wanted.items():
        tensor = checkpoint.tensors[name]
        if tensor.shape != tuple(target.shape):
            raise InputError(
                f"The checkpoint does not fit the network {checkpoint.name}",
                expected=f"{name} of shape {tuple(target.shape)}",
                found=str(tensor.shape),
            )
        if not np.all(np.isfinite(tensor)):
            raise InputError(f"The weights of {checkpoint.name} are damaged", found=f"{name} holds no finite numbers")
        wanted[name] = torch.from_numpy(np.array(tensor)).to(target.dtype)
    network.load_state_dict(wanted)
    return network
