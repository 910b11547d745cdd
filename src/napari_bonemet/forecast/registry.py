"""Forecasters by name, and out of their checkpoints; a new one registers itself in its own file."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import Checkpoint, load_checkpoint
from napari_bonemet.forecast.forecaster import Forecaster

Make = Callable[[], Forecaster]
Load = Callable[[Checkpoint, str], Forecaster]
M = TypeVar("M", bound=Make)
L = TypeVar("L", bound=Load)

FORECASTERS: dict[str, Make] = {}
LOADERS: dict[str, Load] = {}

# The files whose import fills the two dictionaries.
_FILES = ("copying", "extrapolation", "ridge", "network")


def forecaster(name: str) -> Callable[[M], M]:
    """Register what makes the forecaster `name` without any file of the user's."""

    def keep(make: M) -> M:
        FORECASTERS[name] = make
        return make

    return keep


def checkpoint_loader(name: str) -> Callable[[L], L]:
    """Register what makes the forecaster `name` from its checkpoint."""

    def keep(load: L) -> L:
        LOADERS[name] = load
        return load

    return keep


def _fill() -> None:
    for name in _FILES:
        import_module(f"napari_bonemet.forecast.{name}")


def forecaster_names() -> tuple[str, ...]:
    """Names that :func:`make_forecaster` knows."""
    _fill()
    return tuple(sorted(FORECASTERS))


def make_forecaster(name: str) -> Forecaster:
    """A forecaster that needs no file of the user's: a rule, or a network that comes with the package.

    Raises
    ------
    InputError
        When the name is not known, or its checkpoint did not come with the package.
    """
    known = forecaster_names()
    if name not in known:
        raise InputError("This forecaster is not known", expected=" or ".join(known), found=name)
    return FORECASTERS[name]()


def load_forecaster(path: str | Path, *, device: str = "cpu") -> Forecaster:
    """The forecaster of a checkpoint.

    Parameters
    ----------
    path : path
        The .safetensors file.
    device : str
        Where a network computes; the others need none.

    Raises
    ------
    InputError
        When the file is missing, damaged, no checkpoint of this package, or of an unknown model.
    """
    _fill()
    checkpoint = load_checkpoint(path)
    if checkpoint.name not in LOADERS:
        raise InputError(
            f"The model in {path} is not known", expected=" or ".join(sorted(LOADERS)), found=checkpoint.name
        )
    return LOADERS[checkpoint.name](checkpoint, device)
