"""The rows of the table: baselines, networks, and variants of networks that are asked for by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.benchmark.baselines import BASELINES
from napari_bonemet.forecast.checkpoint import load_checkpoint
from napari_bonemet.forecast.models.catalogue import ARCHITECTURES
from napari_bonemet.provenance import Json

SEVERAL_SEEDS = ("tvae-gate", "stvae")


@dataclass(frozen=True)
class Recipe:
    """How the forecaster of a row comes about.

    Parameters
    ----------
    name : str
        Of the row.
    network : str
        Of the catalogue; empty for a baseline.
    training : mapping
        Options of the training that differ from their defaults.
    options : mapping
        Options of the network that do.
    file : Path, optional
        A checkpoint that is scored as it is, and not trained.
    """

    name: str
    network: str = ""
    training: Mapping[str, Json] = field(default_factory=dict)
    options: Mapping[str, Json] = field(default_factory=dict)
    file: Path | None = None

    @property
    def baseline(self) -> bool:
        """Whether nothing is trained by gradients; one seed is all there is."""
        return not self.network and self.file is None


# Where a network's own defaults are not what its row is about: the paper's encoder sees no changes.
_PRINTED: dict[str, dict[str, Json]] = {"tvae": {"change": False}}

# Beside a row for each network of the catalogue.
VARIANTS = (
    Recipe("tvae-printed-kl", "tvae", training={"kl_weight": 1e-4}, options=_PRINTED["tvae"]),
    Recipe("stvae-elbo", "stvae", training={"kl_weight": 3e-6}, options={"objective": "elbo"}),
    Recipe("stvae-gaps", "stvae", training={"loose": 0.25}),
)


def recipes() -> dict[str, Recipe]:
    """All rows that there are, by name, in the order of the table."""
    networks = [Recipe(name, name, options=_PRINTED.get(name, {})) for name in ARCHITECTURES]
    return {row.name: row for row in (*(Recipe(name) for name in BASELINES), *networks, *VARIANTS)}


def chosen_rows(names: Sequence[str] | None, seeds: Sequence[int] | None) -> tuple[tuple[Recipe, int], ...]:
    """Rows and their seeds; the baselines are always among them, since nothing is said without them.

    Without names, all rows; without seeds, three for the networks that the comparison is about, one for the others.

    Raises
    ------
    InputError
        When a name is not known.
    """
    known = recipes()
    strangers = sorted(set(names or ()) - set(known))
    if strangers:
        raise InputError("These rows are not known", expected=", ".join(known), found=", ".join(strangers))
    wanted = [row for row in known.values() if row.baseline or names is None or row.name in names]
    return tuple((row, seed) for row in wanted for seed in _seeds(row, seeds))


def given_rows(files: Sequence[Path]) -> tuple[tuple[Recipe, int], ...]:
    """Rows of checkpoints, named by their files; the seed is that of their training.

    Raises
    ------
    InputError
        When two have one name, or a file is no checkpoint.
    """
    made = []
    for path in files:
        checkpoint = load_checkpoint(path)
        training: Any = checkpoint.training.get("options") or {}
        made.append((Recipe(f"file {path.stem}", checkpoint.name, file=path), int(training.get("seed", 0))))
    names = [row.name for row, _ in made]
    if len(set(names)) < len(names):
        raise InputError("Two checkpoints have one name, and a row needs its own", found=", ".join(names))
    return tuple(made)


def _seeds(row: Recipe, asked: Sequence[int] | None) -> tuple[int, ...]:
    if row.baseline:
        return (0,)
    if asked is not None:
        return tuple(dict.fromkeys(asked))
    return (0, 1, 2) if row.name in SEVERAL_SEEDS else (0,)
