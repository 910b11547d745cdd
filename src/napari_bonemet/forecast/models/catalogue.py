"""The networks by name: their options, their layers, and what teaches them. A new one is one line here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.forecast.models.stvae import StvaeOptions
from napari_bonemet.forecast.models.tvae import TvaeOptions


@dataclass(frozen=True)
class Architecture:
    """One network.

    Parameters
    ----------
    options : type
        Its options.
    layers : str
        "file:Class" under ``forecast.models``, a ``torch.nn.Module`` that is made from the options.
    fixed : mapping
        The options that its name stands for.
    learner : str
        "file:Class" under ``forecast`` of what teaches it.
    """

    options: type[NetworkOptions]
    layers: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    learner: str = "learner:Learner"


ARCHITECTURES: dict[str, Architecture] = {
    "tvae": Architecture(TvaeOptions, "tvae_network:Tvae", {"output": "sigmoid"}),
    "tvae-gate": Architecture(TvaeOptions, "tvae_network:Tvae", {"output": "gate"}),
    "stvae": Architecture(StvaeOptions, "stvae_network:Stvae", learner="stvae_learner:StvaeLearner"),
}


def architecture(name: str) -> Architecture:
    """The network of that name; raises InputError when there is none."""
    if name not in ARCHITECTURES:
        raise InputError("This network is not known", expected=" or ".join(ARCHITECTURES), found=name)
    return ARCHITECTURES[name]


def options_for(name: str, options: NetworkOptions | None = None) -> NetworkOptions:
    """The options as the network of that name takes them: its own defaults, and what its name stands for.

    Raises
    ------
    InputError
        When there is no such network, or the options are another's.
    """
    kind = architecture(name)
    if options is None:
        return kind.options(**kind.fixed)
    if type(options) is not kind.options:
        raise InputError(
            f"These are not the options of {name}", expected=kind.options.__name__, found=type(options).__name__
        )
    return replace(options, **kind.fixed)


def build(name: str, options: NetworkOptions) -> Any:
    """The layers, a ``torch.nn.Module``, their weights drawn anew.

    Raises
    ------
    InputError
        When the size is no multiple of 16, which halves evenly.
    """
    if options.size % 16:
        raise InputError("The network's size cannot be used", expected="a multiple of 16", found=str(options.size))
    file, layers = architecture(name).layers.split(":")
    return getattr(import_module(f"napari_bonemet.forecast.models.{file}"), layers)(options)


def learner_class(name: str) -> Any:
    """What teaches the network of that name."""
    file, made = architecture(name).learner.split(":")
    return getattr(import_module(f"napari_bonemet.forecast.{file}"), made)
