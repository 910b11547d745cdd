"""The networks by name: their options, their layers, and what teaches them. A new one is one line here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.models.convlstm import ConvLstmOptions
from napari_bonemet.forecast.models.gan_3d import Gan3dOptions
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.forecast.models.predrnn import PredRnnOptions
from napari_bonemet.forecast.models.stvae import StvaeOptions
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.forecast.models.tvae_3d import TvaeDcgan3dOptions, TvaeUnet3dOptions
from napari_bonemet.forecast.training_options import TrainingOptions


@dataclass(frozen=True)
class Architecture:
    """One network.

    Parameters
    ----------
    title : str
        Its name for people.
    about : str
        What it is, as the object of a sentence.
    options : type
        Its options.
    layers : str
        "file:Class" under ``forecast.models``, a ``torch.nn.Module`` that is made from the options.
    fixed : mapping
        The options that its name stands for.
    learner : str
        "file:Class" under ``forecast`` of what teaches it.
    batch : int
        Slices, or blocks of them, in a step of its training.
    halves_depth : bool
        Whether its depth is halved as its size is.
    """

    title: str
    about: str
    options: type[NetworkOptions]
    layers: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    learner: str = "learner:Learner"
    batch: int = 48
    halves_depth: bool = False


ARCHITECTURES: dict[str, Architecture] = {
    "tvae": Architecture(
        "T-VAE as printed",
        "a T-VAE, which draws the next week, as the paper prints it",
        TvaeOptions,
        "tvae_network:Tvae",
        {"output": "sigmoid"},
    ),
    "tvae-gate": Architecture(
        "T-VAE with a gate",
        "a T-VAE with a gate, which draws what changes, and copies the rest",
        TvaeOptions,
        "tvae_network:Tvae",
        {"output": "gate"},
    ),
    "stvae": Architecture(
        "ST-VAE",
        "an ST-VAE, which draws in space and time at the scans' own resolution",
        StvaeOptions,
        "stvae_network:Stvae",
        learner="stvae_learner:StvaeLearner",
        batch=2,
    ),
    "tvae-3d-dcgan": Architecture(
        "T-VAE (3D-DCGAN)",
        "a T-VAE of volumes, with encoder and decoder after DCGAN",
        TvaeDcgan3dOptions,
        "tvae_3d_network:TvaeDcgan3d",
        batch=4,
        halves_depth=True,
    ),
    "tvae-3d-unet": Architecture(
        "T-VAE (3D-UNet)",
        "a T-VAE of volumes, with encoder and decoder after the 3D U-Net",
        TvaeUnet3dOptions,
        "tvae_3d_network:TvaeUnet3d",
        batch=4,
        halves_depth=True,
    ),
    "convlstm": Architecture(
        "ConvLSTM", "a ConvLSTM, which knows one future", ConvLstmOptions, "convlstm_network:ConvLstm"
    ),
    "predrnn": Architecture("PredRNN", "a PredRNN, which knows one future", PredRnnOptions, "predrnn_network:PredRnn"),
    "gan-3d": Architecture(
        "3D-GAN",
        "a 3D-GAN, whose futures a second network could not tell from true weeks",
        Gan3dOptions,
        "gan_3d_network:Gan3d",
        learner="gan_learner:GanLearner",
        batch=4,
        halves_depth=True,
    ),
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


def training_for(name: str, training: TrainingOptions | None = None) -> TrainingOptions:
    """How the network of that name learns: as asked for, and by its own batch where none was; raises InputError."""
    training = training or TrainingOptions()
    return training if training.batch else replace(training, batch=architecture(name).batch)


def build(name: str, options: NetworkOptions) -> Any:
    """The layers, a ``torch.nn.Module``, their weights drawn anew.

    Raises
    ------
    InputError
        When the size is no multiple of 16, which halves evenly, or the depth is none where the network halves it.
    """
    kind = architecture(name)
    if options.size % 16:
        raise InputError("The network's size cannot be used", expected="a multiple of 16", found=str(options.size))
    if kind.halves_depth and options.depth % 16:
        raise InputError("The network's depth cannot be used", expected="a multiple of 16", found=str(options.depth))
    file, layers = kind.layers.split(":")
    return getattr(import_module(f"napari_bonemet.forecast.models.{file}"), layers)(options)


def learner_class(name: str) -> Any:
    """What teaches the network of that name."""
    file, made = architecture(name).learner.split(":")
    return getattr(import_module(f"napari_bonemet.forecast.{file}"), made)
