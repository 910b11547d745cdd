"""The table: a line for each row and test, what it cost and how it did, with intervals over animals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.forecast.benchmark.figures import FIGURES
from napari_bonemet.forecast.benchmark.fitting import Row
from napari_bonemet.forecast.benchmark.lost import with_lost
from napari_bonemet.forecast.benchmark.pooling import Figure, gain, pooled, ratio

PLAIN = "tvae"

# Figures that hold a row to another one on the same animals.
_BESIDE = (
    Figure("crps_over_deterministic", ("crps", "best_error"), ratio),
    Figure("gain_over_tvae_db", ("tvae_se", "mean_se"), gain),
)


@dataclass(frozen=True)
class Tested:
    """A row on one cohort.

    Parameters
    ----------
    row : Row
        Which.
    record : mapping
        Its training.
    test : str
        The cohort.
    scores : sequence of mapping
        Of its animals.
    """

    row: Row
    record: Mapping[str, Any]
    test: str
    scores: Sequence[Mapping[str, Any]]

    @property
    def name(self) -> str:
        """Of the recipe."""
        return self.row.recipe.name


def lines(tested: Sequence[Tested], futures: Mapping[str, Sequence[float]], *, draws: int) -> list[dict[str, object]]:
    """The table's lines, in the order of the rows.

    Parameters
    ----------
    tested : sequence of Tested
        All rows on all cohorts.
    futures : mapping of animal to sequence of float
        Bone that true futures lose, mm³; of the main cohort's animals.
    draws : int
        Of the bootstrap.
    """
    made: list[dict[str, object]] = []
    for each in tested:
        beside = [other for other in tested if other.test == each.test]
        scores = with_others(with_lost(each.scores, futures), beside)
        made.append({**_head(each), **_best(beside), **pooled((*FIGURES, *_BESIDE), scores, draws=draws)})
    return made


def _head(each: Tested) -> dict[str, object]:
    record, scores = each.record, each.scores
    drawn, seconds = sum(s["samples"] for s in scores), sum(s["seconds"] for s in scores)
    tumours = sum(bool(s["tumour"]) for s in scores)
    return {
        "test": each.test,
        "row": each.name,
        "seed": each.row.seed,
        "budget": record["budget"],
        "budget_minutes": record["budget_minutes"],
        "training_minutes": record["minutes"],
        "training_animals": record["animals"],
        "device": record["device"],
        "threads": record["threads"],
        "parameters": record["parameters"],
        "kl_weight": record["training"].get("options", {}).get("kl_weight") if each.row.recipe.network else None,
        "kl_nats": record["training"].get("kl_nats"),
        "tumour_animals": tumours,
        "control_animals": len(scores) - tumours,
        "samples": max(s["samples"] for s in scores),
        "samples_per_second": round(drawn / seconds, 3) if seconds else None,
    }


def with_others(scores: Sequence[Mapping[str, Any]], beside: Sequence[Tested]) -> list[dict[str, Any]]:
    """The animals' scores, with the errors of the best deterministic row and of the plain T-VAE on the same animal."""
    made = [dict(animal) for animal in scores]
    sure = [other for other in beside if other.record["deterministic"]]
    plain = [other for other in beside if other.name == PLAIN]
    if sure:
        _add(made, "best_error", min(sure, key=_error), "mean_ae")
    if plain:
        _add(made, "tvae_se", plain[0], "mean_se")
    return made


def _best(beside: Sequence[Tested]) -> dict[str, object]:
    sure = [other for other in beside if other.record["deterministic"]]
    return {"best_deterministic": min(sure, key=_error).name} if sure else {}


def _error(tested: Tested) -> float:
    return float(np.mean([animal["mean_ae"] for animal in tested.scores]))


def _add(scores: list[dict[str, Any]], name: str, other: Tested, what: str) -> None:
    by_animal = {animal["animal"]: animal[what] for animal in other.scores}
    for animal in scores:
        animal[name] = by_animal.get(animal["animal"])
