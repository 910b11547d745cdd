"""The classifiers that recipes can train: their options, and the column of the records that each learns to tell."""

import importlib
from dataclasses import dataclass
from typing import Any, Literal

from napari_bonemet.diagnose.diagnosis import LESION
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.errors import InputError
from napari_bonemet.options import Options
from napari_bonemet.phantom.cohort import RESPONDER

__all__ = ["NETWORKS", "Network", "RecipeNetwork", "recipe_network"]

Network = Literal["response", "lesion-slices", "lesion-weeks", "bone-quality"]


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
    together : tuple of int
        How many weeks it may see together, the usual number first; empty where its options have no such choice.
    records : bool
        Whether a column of medical records holds the truth; else tables of slices among the data do.
    """

    title: str
    options: type[Options]
    label: str
    positive: str
    per_scan: bool
    module: str
    together: tuple[int, ...] = ()
    records: bool = True

    @property
    def usual(self) -> Options:
        """Its options where nothing is said of them."""
        return self.options(**self.differing)

    @property
    def differing(self) -> dict[str, Any]:
        """What is usual for it, and not for others with the same options."""
        return {"together": self.together[0]} if self.together else {}

    def require(self, options: Options) -> None:
        """Raise InputError when the options are of another kind, or of another network of this kind."""
        if not isinstance(options, self.options):
            raise InputError(
                f"The options are not those of {self.title.lower()}",
                expected=self.options.__name__,
                found=type(options).__name__,
            )
        seen = getattr(options, "together", None)
        if self.together and seen not in self.together:
            raise InputError(
                f"{self.title} does not see {seen} weeks together",
                expected=" or ".join(map(str, self.together)),
                remedy="lesion-slices sees one week, lesion-weeks the earlier ones too: name the other network",
            )

    @property
    def work(self) -> Any:
        """The module, imported now."""
        return importlib.import_module(f"napari_bonemet.study.recipes.{self.module}")


NETWORKS: dict[Network, RecipeNetwork] = {
    "response": RecipeNetwork("Response to treatment", ResponseOptions, "response", RESPONDER, False, "of_response"),
    "lesion-slices": RecipeNetwork("Bone lesion", ClassifierOptions, "diagnosis", LESION, True, "of_lesions", (1,)),
    "lesion-weeks": RecipeNetwork(
        "Bone lesion, beside earlier weeks", ClassifierOptions, "diagnosis", LESION, True, "of_lesions", (3, 2)
    ),
    "bone-quality": RecipeNetwork(
        "Bone quality of slices", QualityOptions, "", "", per_scan=True, module="of_quality", records=False
    ),
}


def recipe_network(name: Network) -> RecipeNetwork:
    """The classifier of this name."""
    return NETWORKS[name]
