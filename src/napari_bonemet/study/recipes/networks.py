"""The classifiers that recipes can train: their options, and the column of the records that each learns to tell."""

import importlib
from dataclasses import dataclass
from typing import Any, Literal

from napari_bonemet.diagnose.diagnosis import LESION
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.options import Options
from napari_bonemet.phantom.cohort import RESPONDER

__all__ = ["NETWORKS", "Network", "RecipeNetwork", "recipe_network"]

Network = Literal["response", "lesion-slices"]


@dataclass(frozen=True)
class RecipeNetwork:
    """One classifier.

    Parameters
    ----------
    title : str
        What it tells, for people.
    options : type of Options
        Its own.
    label, positive : str
        The usual column of the records, and what stands there for yes.
    per_scan : bool
        Whether each scan has a truth; else each leg, the same in all of its weeks.
    module : str
        Under ``study.recipes``; has ``train`` and ``evaluate``, told at :mod:`napari_bonemet.study.recipes.run`.
    """

    title: str
    options: type[Options]
    label: str
    positive: str
    per_scan: bool
    module: str

    @property
    def work(self) -> Any:
        """The module, imported now."""
        return importlib.import_module(f"napari_bonemet.study.recipes.{self.module}")


NETWORKS: dict[Network, RecipeNetwork] = {
    "response": RecipeNetwork("Response to treatment", ResponseOptions, "response", RESPONDER, False, "of_response"),
    "lesion-slices": RecipeNetwork("Bone lesion", ClassifierOptions, "diagnosis", LESION, True, "of_lesions"),
}


def recipe_network(name: Network) -> RecipeNetwork:
    """The classifier of this name."""
    return NETWORKS[name]
