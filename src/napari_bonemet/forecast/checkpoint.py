"""Trained models on disk: tensors as safetensors, all else as JSON in the file's header. No pickle, ever.

The header says what the model takes (kind of voxels, voxel size, weeks), how it was trained, and whether
that was on synthetic legs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import GREY_KINDS
from napari_bonemet.geometry import Triple, as_triple
from napari_bonemet.provenance import Json, __version__
from napari_bonemet.series import ScanSeries

FORMAT = "napari-bonemet checkpoint 1"
HEADER = "napari_bonemet"

# A network sees voxels, not micrometres: on another voxel size its patch is another piece of bone.
SPACING_MARGIN = 0.1


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained model.

    Parameters
    ----------
    name : str
        The forecaster's name in the registry.
    configuration : mapping
        Its options, plain JSON values.
    tensors : mapping of str to ndarray
        Its weights.
    input_kind : {"grey", "composite"}
        What the voxels of its input are.
    spacing : tuple of float
        Voxel size (z, y, x) that it was trained on, micrometres.
    weeks : tuple of float
        The weeks that it looks at, counted back from the week that it forecasts: (-3, -2, -1).
    training : mapping
        On what and how it was trained, plain JSON values; "of" names the bones where they are no legs.
    synthetic : bool
        Whether any leg of the training was made by the generator.
    calibration : mapping
        How its errors go with what its samples say (a :class:`~napari_bonemet.forecast.calibration.Calibration`'s
        record, with its evidence); empty where it was not calibrated.
    """

    name: str
    configuration: Mapping[str, Json]
    tensors: Mapping[str, np.ndarray]
    input_kind: str
    spacing: Triple
    weeks: tuple[float, ...]
    training: Mapping[str, Json] = field(default_factory=dict)
    synthetic: bool = False
    calibration: Mapping[str, Json] = field(default_factory=dict)

    def require(self, *names: str) -> None:
        """Raise InputError unless it holds one of these models."""
        if self.name not in names:
            raise InputError("The checkpoint holds another model", expected=" or ".join(names), found=self.name)

    def header(self) -> dict[str, Any]:
        """All but the tensors, plain JSON values."""
        return {
            "format": FORMAT,
            "name": self.name,
            "configuration": dict(self.configuration),
            "input_kind": self.input_kind,
            "spacing_um": list(self.spacing),
            "weeks": list(self.weeks),
            "training": dict(self.training),
            "synthetic": self.synthetic,
            "trained_on": f"synthetic {self.training.get('of', 'legs')}" if self.synthetic else "scans",
            "version": __version__,
            **({"calibration": dict(self.calibration)} if self.calibration else {}),
        }


def require_fit(series: ScanSeries, *, model: str, input_kind: str, spacing: Triple) -> None:
    """Raise InputError unless the scans are of the kind, and near the voxel size, that `model` was trained on."""
    for scan in series:
        kind = "grey" if scan.kind in GREY_KINDS else scan.kind.value
        if kind != input_kind:
            raise InputError(f"{model} was trained on another kind of scan", expected=input_kind, found=kind)
        if np.max(np.abs(np.divide(scan.spacing, spacing) - 1)) > SPACING_MARGIN:
            raise InputError(
                f"{model} was trained on another voxel size",
                expected=f"{_um(spacing)} µm",
                found=f"{_um(scan.spacing)} µm",
                remedy="Resample the weeks to it, or train on legs of this voxel size",
            )


def _um(spacing: Triple) -> str:
    return " x ".join(f"{value:g}" for value in spacing)


def save_checkpoint(checkpoint: Checkpoint, path: str | Path) -> Path:
    """Write a checkpoint, whole or not at all.

    Raises
    ------
    OutputError
        When the disk refuses.
    """
    from safetensors.numpy import save

    from napari_bonemet.io.atomic import atomic_file

    tensors = {name: np.asarray(tensor, order="C") for name, tensor in checkpoint.tensors.items()}
    with atomic_file(path) as temporary:
        temporary.write_bytes(save(tensors, metadata={HEADER: json.dumps(checkpoint.header(), ensure_ascii=False)}))
    return Path(path)


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    InputError
        When the file is missing or damaged, is no checkpoint of this package, or of a later format.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise InputError(f"The checkpoint {path} is not there")
    try:
        with safe_open(str(path), framework="numpy") as file:
            text = (file.metadata() or {}).get(HEADER)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{path} is damaged or no checkpoint", expected="a safetensors file", remedy="Train or download it again"
        ) from error
    if text is None:
        raise InputError(f"{path} was not written by napari-bonemet", expected=f"{HEADER} in its header")
    return _from_header(path, text, tensors)


def _from_header(path: Path, text: str, tensors: dict[str, np.ndarray]) -> Checkpoint:
    try:
        header = json.loads(text)
        found = header["format"]
        if found != FORMAT:
            raise InputError(
                f"{path} has another format", expected=FORMAT, found=str(found), remedy="Update napari-bonemet"
            )
        return Checkpoint(
            name=str(header["name"]),
            configuration=dict(header["configuration"]),
            tensors=tensors,
            input_kind=str(header["input_kind"]),
            spacing=as_triple(header["spacing_um"]),
            weeks=tuple(float(week) for week in header["weeks"]),
            training=dict(header["training"]),
            synthetic=bool(header["synthetic"]),
            calibration=dict(header.get("calibration", {})),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"The header of {path} is incomplete or damaged", found=str(error)) from error
