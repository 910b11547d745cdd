"""The card of a trained classifier: what it is for, what it learned from, how good it was, and what it cannot do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_bonemet.forecast.checkpoint import Checkpoint
from napari_bonemet.provenance import Json

__all__ = ["ModelCard", "card_of"]

_USES = {
    "response": (
        "Response to treatment of mice with bone metastasis, from registered weekly micro-CT of one tibia.",
        "Weeks, voxel size and field of view as it learned from; other treatments and tumours are strange to it.",
    ),
    "lesion-slices": (
        "Whether a micro-CT scan of a mouse's tibia shows an osteolytic lesion, and which slice looks most like one.",
        "Each week is judged by itself; no lesion is not proof of none.",
    ),
    "lesion-weeks": (
        "Whether a week of a mouse's tibia shows an osteolytic lesion, seen beside the one before it and the first.",
        "It needs registered weeks on one grid; no lesion is not proof of none.",
    ),
    "bone-quality": (
        "Whether an axial slice shows normal bone, or blastic, mixed or lytic metastasis (Peng et al.).",
        "Voxel values as it learned from; fractures, hardware and other bones are strange to it.",
    ),
}
_RESEARCH = "Research use; no medical device, and no ground for a decision on any animal or patient."
_SYNTHETIC = "It learned from synthetic bone, made by a program: nobody has measured it on real scans."
_COUNTED = ("patients", "slices", "animals", "legs", "scans", "responders", "with_lesion")
_FIGURES = ("auc", "accuracy", "precision", "recall", "f1", "sensitivity", "specificity", "auc_same_week", "brier")


@dataclass(frozen=True)
class ModelCard:
    """What the reader of a classifier's opinions has to know (after Mitchell et al., Model cards, 2019).

    Parameters
    ----------
    name : str
        The network's name in the registry.
    use : str
        What it is meant for.
    trained_on : str
        On how many of what.
    synthetic : bool
        Whether any of that was made by the generator.
    scored : tuple of (str, str)
        Figures on what it was not trained on, each with the words for how.
    limits : tuple of str
        What it cannot do, or nobody knows.
    details : tuple of (str, str)
        Voxel size, weeks, options.
    """

    name: str
    use: str
    trained_on: str
    synthetic: bool
    scored: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    details: tuple[tuple[str, str], ...]

    def as_text(self) -> str:
        """The card in plain words, a line each, for a label or a terminal."""
        lines = [self.use, f"Trained on {self.trained_on}."]
        lines += [f"{name}: {value}" for name, value in self.scored]
        return "\n".join([*lines, *self.limits])


def card_of(checkpoint: Checkpoint) -> ModelCard:
    """The card of a checkpoint, out of its header alone.

    What the header does not tell is not there; a field of another form than expected is left out, since anyone may
    have written the file.
    """
    use, limit = _USES.get(checkpoint.name, (f"A network called {checkpoint.name}.", ""))
    limits = [limit, *([_SYNTHETIC] if checkpoint.synthetic else []), _RESEARCH]
    spacing = " x ".join(f"{size:g}" for size in checkpoint.spacing)
    weeks = " ".join(f"{week:g}" for week in checkpoint.weeks)
    settings = "; ".join(
        f"{name.replace('_', ' ')} {_short(value)}" for name, value in checkpoint.configuration.items()
    )
    return ModelCard(
        name=checkpoint.name,
        use=use,
        trained_on=_counted(checkpoint),
        synthetic=checkpoint.synthetic,
        scored=tuple(_scored(checkpoint.training)),
        limits=tuple(filter(None, limits)),
        details=(("voxel size", f"{spacing} µm"), ("weeks", weeks), ("options", settings)),
    )


def _counted(checkpoint: Checkpoint) -> str:
    training = checkpoint.training
    counts = [f"{training[name]} {name.replace('_', ' ')}" for name in _COUNTED if isinstance(training.get(name), int)]
    origin = "synthetic, made by the generator" if checkpoint.synthetic else "scans"
    return f"{', '.join(counts) or 'a number of cases that its header does not tell'} ({origin})"


def _scored(training: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Figures of the header: of a cross-validation, of animals held out, and of a test on others."""
    found: list[tuple[str, str]] = []
    cross: Any = training.get("cross_validation")
    if isinstance(cross, Mapping) and isinstance(cross.get("opinions"), list):
        for opinion in cross["opinions"]:
            if isinstance(opinion, Mapping):
                title = f"{cross.get('folds')} folds, {_short(opinion.get('title'))}"
                found.append((title, _figures(opinion)))
    for name, words in (("validation", "animals held out, which chose the epoch"), ("test", "other animals")):
        part: Any = training.get(name)
        if isinstance(part, Mapping):
            opinions = part.get("opinions")
            for each in opinions if isinstance(opinions, list) else [part]:
                if isinstance(each, Mapping) and _figures(each):
                    title = f", {_short(each.get('title'))}" if "title" in each else ""
                    found.append((f"{words}{title}", _figures(each)))
    return found


def _figures(record: Mapping[str, Any]) -> str:
    told = []
    for name in _FIGURES:
        value, ends = record.get(name), record.get(f"{name}_95")
        if not isinstance(value, int | float) or isinstance(value, bool):
            continue
        told.append(f"{name.replace('_', ' ')} {value:.2f}{_interval(ends)}")
    return ", ".join(told)


def _interval(ends: Any) -> str:
    known = isinstance(ends, list) and len(ends) == 2 and all(isinstance(end, int | float) for end in ends)
    return f" ({ends[0]:.2f} to {ends[1]:.2f})" if known else ""


def _short(value: Any, most: int = 80) -> str:
    text = " ".join(map(_word, value)) if isinstance(value, list) else _word(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _word(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
