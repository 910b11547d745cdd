"""Backbones that others published and timm knows by name; their weights from timm's own cache, or from a file.

Names are those of Wightman's PyTorch Image Models (timm); the three of BoneMet, section 3.3, have short ones.
Nothing random passes for trained: where published weights are asked for and not there, it stops and says where they
would have to lie.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from napari_bonemet.errors import InputError, MissingWeightsError
from napari_bonemet.torch_import import import_torch

if TYPE_CHECKING:
    from napari_bonemet.diagnose.options import ClassifierOptions

PRETRAINED, DRAWN = "pretrained", "drawn"
_FILE = "model.safetensors"
# The paper's three (of BiT-M the smallest; it says no size), then two for a laptop.
NAMES: Mapping[str, str] = {
    "bit-m": "resnetv2_50x1_bit.goog_in21k",
    "efficientnetv2-m": "tf_efficientnetv2_m.in21k",
    "swin-b": "swin_base_patch4_window7_224.ms_in22k",
    "resnet18": "resnet18.a1_in1k",
    "mobilenetv3-small": "mobilenetv3_small_100.lamb_in1k",
}


def timm_backbone(options: "ClassifierOptions", *, pretrained: bool) -> tuple[Any, int]:
    """A backbone that makes maps of features, and how many of them.

    Parameters
    ----------
    options : ClassifierOptions
        Its name, where its weights come from, the side of a square, weeks together.
    pretrained : bool
        Fill it with those weights; otherwise a checkpoint is to fill it.

    Returns
    -------
    module, channels
        Takes (n, weeks, side, side), gives (n, channels, y, x).

    Raises
    ------
    InputError
        When timm is not installed, or knows no such backbone.
    MissingWeightsError
        When the weights are not there and cannot be had, or the file is not of this backbone.
    """
    timm = _timm()
    name = NAMES.get(options.backbone, options.backbone)
    if not timm.is_model(name.split(".", maxsplit=1)[0]):
        raise InputError("timm knows no such backbone", expected=f"small, {', '.join(NAMES)}", found=options.backbone)
    more: dict[str, Any] = {"img_size": options.crop} if _bound_to_a_side(name) else {}
    filled = pretrained and options.weights != DRAWN
    if filled:
        file = _published(timm, name) if options.weights == PRETRAINED else _file(options.weights)
        more["pretrained_cfg_overlay"] = {"file": str(file)}
    try:
        model = timm.create_model(name, pretrained=filled, num_classes=0, in_chans=options.together, **more)
    except (RuntimeError, KeyError, OSError, SafetensorError) as error:
        if not filled:
            raise
        raise MissingWeightsError(f"{file} holds no weights of {name}", found=_first_line(error)) from error
    from napari_bonemet.diagnose.models.timm_network import MapsOf

    return MapsOf(model), int(model.num_features)


def _bound_to_a_side(name: str) -> bool:
    """Whether the side of a square is part of the architecture: transformers with windows lay them out once."""
    return name.startswith(("swin", "vit", "deit", "beit"))


def _timm() -> Any:
    import_torch()
    try:
        import timm
    except ImportError as error:
        raise InputError(
            "Backbones by name need timm, which is not installed",
            remedy='pip install "napari-bonemet[backbones]", or take the network of this package: --backbone small',
        ) from error
    return timm


def _file(weights: str) -> Path:
    path = Path(weights).expanduser()
    if not path.is_file():
        raise MissingWeightsError(
            "The weights of the backbone are not there",
            expected=f"{PRETRAINED}, {DRAWN}, or a file .safetensors",
            found=weights,
        )
    if path.suffix != ".safetensors":
        raise MissingWeightsError(
            "The weights of the backbone cannot be read", expected="a file .safetensors, never a pickle", found=weights
        )
    return path


def _published(timm: Any, name: str) -> Path:
    """The published weights in the hub's cache, fetched into it where they can be.

    timm itself would take a pickle where no safetensors is to be had; nothing is unpickled here.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.constants import HF_HUB_CACHE

    place = timm.get_pretrained_cfg(name)
    repo = getattr(place, "hf_hub_id", None)
    found = try_to_load_from_cache(repo, _FILE) if repo else None
    if isinstance(found, str):
        return Path(found)
    try:
        if repo is None:
            raise FileNotFoundError("no weights of it are published by timm")
        return Path(hf_hub_download(repo, _FILE))
    except (OSError, ValueError, RuntimeError) as error:
        raise MissingWeightsError(
            f"The published weights of {name} are not on this machine, and cannot be fetched",
            expected=f"{repo}, {_FILE}, in {HF_HUB_CACHE} (HF_HOME names another place)",
            found=_first_line(error),
            remedy=f"On a machine with internet run: hf download {repo} {_FILE}, and copy that cache here; or name "
            "the file: --weights FILE.safetensors; or start from chance: --weights drawn",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
