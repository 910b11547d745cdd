"""A training on disk, to go on with later: all tensors as safetensors, all else as JSON in the header."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.learner import Learner
from napari_bonemet.forecast.training_options import EpochReport
from napari_bonemet.provenance import Json
from napari_bonemet.torch_import import import_torch

_HEADER = "napari_bonemet_training"


@dataclass(eq=False)
class TrainingState:
    """All that changes while a network is trained."""

    learner: Learner
    best: Any
    best_gain: float = -math.inf
    best_epoch: int = 0
    seconds: float = 0.0
    reports: list[EpochReport] = field(default_factory=list)


def save_state(state: TrainingState, path: Path, identity: Mapping[str, Json]) -> None:
    """Write it, whole or not at all; raises OutputError when the disk refuses."""
    from safetensors.torch import save

    from napari_bonemet.io.atomic import atomic_file

    tensors = {f"network.{name}": tensor for name, tensor in state.learner.network.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in state.best.state_dict().items()}
    for companion, module in state.learner.companions.items():
        tensors |= {f"companion.{companion}.{name}": tensor for name, tensor in module.state_dict().items()}
    for number, optimiser in enumerate(state.learner.optimisers):
        for weight, values in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{weight}.{key}": value for key, value in values.items()}
    record = {
        "identity": dict(identity),
        "best_gain": state.best_gain,
        "best_epoch": state.best_epoch,
        "seconds": state.seconds,
        "reports": [asdict(each) for each in state.reports],
    }
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    with atomic_file(path) as temporary:
        temporary.write_bytes(save(plain, metadata={_HEADER: json.dumps(record)}))


def load_state(state: TrainingState, path: Path, identity: Mapping[str, Json]) -> None:
    """Take up what :func:`save_state` wrote.

    Raises
    ------
    InputError
        When the file is damaged, or of a training with other options.
    """
    import copy

    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            record: Any = json.loads((file.metadata() or {})[_HEADER])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise InputError(f"{path} is damaged or no training to go on with", remedy="Remove it to start anew") from error
    if record["identity"] != json.loads(json.dumps(dict(identity))):
        raise InputError(
            f"{path} is of a training with other options",
            expected=json.dumps(dict(identity)),
            found=json.dumps(record["identity"]),
            remedy="Ask for the same options, or remove it to start anew",
        )
    state.best = copy.deepcopy(state.learner.network)
    state.learner.network.load_state_dict(_under(tensors, "network."))
    state.best.load_state_dict(_under(tensors, "best."))
    for companion, module in state.learner.companions.items():
        module.load_state_dict(_under(tensors, f"companion.{companion}."))
    for number, optimiser in enumerate(state.learner.optimisers):
        whole = optimiser.state_dict()
        kept: dict[int, dict[str, Any]] = {}
        for name, tensor in _under(tensors, f"optimiser.{number}.").items():
            weight, key = name.split(".", 1)
            kept.setdefault(int(weight), {})[key] = tensor
        optimiser.load_state_dict({**whole, "state": kept})
    state.best_gain, state.best_epoch = float(record["best_gain"]), int(record["best_epoch"])
    state.seconds = float(record["seconds"])
    state.reports = [EpochReport(**each) for each in record["reports"]]


def _under(tensors: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    import_torch()
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
