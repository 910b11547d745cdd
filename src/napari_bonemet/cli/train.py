"""``napari-bonemet train``: each family of models has its own file and flags; ``--network`` says which."""

import importlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from napari_bonemet.cli.train_ridge import ABOUT, HIDDEN, STEPS, Arguments, run
from napari_bonemet.forecast.models.catalogue import ARCHITECTURES

__all__ = ["ABOUT", "FAMILIES", "HIDDEN", "STEPS", "Arguments", "chosen_by", "run"]

FAMILIES = {
    "ridge": "train_ridge",
    **dict.fromkeys(ARCHITECTURES, "train_network"),
    **dict.fromkeys(("lesion-slices", "lesion-weeks"), "train_lesions"),
    "response": "train_response",
    "bone-quality": "train_quality",
}
_RECIPE = "train_recipe"


def chosen_by(argv: Sequence[str]) -> Any:
    """The command of the network that `argv` asks for; that of the ridge regression when it asks for none known.

    A recipe names its network itself.
    """
    words = [word for given in argv for word in given.split("=", 1)]
    if "--recipe" in words:
        return importlib.import_module(f"napari_bonemet.cli.{_RECIPE}")
    wanted = [later for earlier, later in pairwise(words) if earlier == "--network"]
    name = wanted[-1] if wanted and wanted[-1] in FAMILIES else "ridge"
    family = importlib.import_module(f"napari_bonemet.cli.{FAMILIES[name]}")
    return family.NetworkCommand(name) if name in ARCHITECTURES else family
