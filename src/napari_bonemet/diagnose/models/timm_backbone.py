"""Backbones that others published and timm knows by name; their weights from timm's own cache, or from a file.

Names are those of Wightman's PyTorch Image Models (timm); the three of BoneMet, section 3.3, have short ones.
Nothing random passes for trained: where published weights are asked for and not there, it stops and says where they
would have to lie.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from napari_bonemet.errors import InputError, MissingWeightsError
from napari_bonemet.provenance import Json
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
    more |= {"num_classes": 0, "in_chans": options.together}
    model = _filled(timm, name, more, file) if filled else timm.create_model(name, pretrained=False, **more)
    from napari_bonemet.diagnose.models.timm_network import MapsOf

    return MapsOf(model), int(model.num_features)


def _filled(timm: Any, name: str, more: Mapping[str, Any], file: Path) -> Any:
    """The backbone with the weights of a file, all of them.

    timm passes over what a file lacks, since the last layer of the published ones is not wanted here. So the same
    backbone is drawn twice from one seed and filled once: a layer that is the same in both was not in the file.
    """
    torch = import_torch()
    made = []
    for fill in (False, True):
        overlay = {"pretrained_cfg_overlay": {"file": str(file)}} if fill else {}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            try:
                made.append(timm.create_model(name, pretrained=fill, **more, **overlay))
            except (RuntimeError, KeyError, OSError, SafetensorError) as error:
                raise MissingWeightsError(f"{file} holds no weights of {name}", found=_first_line(error)) from error
    drawn, model = made
    weights = dict(drawn.named_parameters())
    left = [key for key, layer in model.named_parameters() if layer.ndim > 1 and torch.equal(layer, weights[key])]
    if left:
        raise MissingWeightsError(
            f"{file} holds no weights of {name}", found=f"none for {len(left)} layers: {', '.join(left[:2])} ..."
        )
    return model


def backbone_record(options: "ClassifierOptions") -> dict[str, Json]:
    """Which backbone it was, and what its training began with: a file is known by its SHA-256."""
    record: dict[str, Json] = {"name": NAMES.get(options.backbone, options.backbone), "weights": options.weights}
    if options.weights not in (PRETRAINED, DRAWN):
        with _file(options.weights).open("rb") as file:
            record["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
    return record


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
