"""The tables of the benchmark as a page of the documentation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from diagnosis_tables.baselines import Row, Scorer, lesion_of, network, regression, slice_by_slice, volume_change
from napari_bonemet.diagnose.scoring.figures import VERDICTS, figures_of
from napari_bonemet.diagnose.scoring.lead_time import lead_time
from napari_bonemet.diagnose.scoring.temperature import temperature
from napari_bonemet.metrics.bootstrap import Interval, bootstrap_interval
from napari_bonemet.metrics.reliability import reliability

FAMILIAR, FITTED = "as trained", "fitted"
# Lost bone, mm³, up to which a lesion is small: 0.01 is a cube of 0.2 mm.
SMALL_MM3 = 0.01
SPECIFICITY = 0.9
# Voxels beside a lesion that still count as a hit: none, 0.12 mm, and one step of the network's last maps, 0.24 mm.
TOLERANCES = (0, 4, 8)
SINGLE = "slice by slice"
_DRAWS = 500
_ENOUGH = 200
INTRODUCTION = f"""# The classifiers on shifted animals

Made by `python benchmarks/diagnosis_shifted.py`: synthetic animals whose scanner or tumour lies beyond all that the
classifiers learned from, in one way or in all of them. A scan is ill where the generator took a voxel of bone or more;
a lesion is small up to {SMALL_MM3:g} mm³. Weeks 1 to 3, registered as the generator leaves them. Ends in brackets hold
95 % of 500 draws of the animals. The baselines are fitted to animals of the training's kind: bone volume lost since the
first week with a threshold, and a logistic regression on ten bone measures and their change."""


def page_of(kinds: Mapping[str, Sequence[Row]], names: Sequence[str]) -> str:
    """All tables.

    Parameters
    ----------
    kinds : mapping of group to rows
        With those that the baselines are fitted to under `FITTED`, and animals of the training's kind under `FAMILIAR`.
    names : sequence of str
        The networks.
    """
    fitted = [row for row in kinds[FITTED] if row["week"] > 0]
    scorers = scorers_of(fitted, names)
    tested = {name: rows for name, rows in kinds.items() if name != FITTED}
    shifted = [row for name, rows in tested.items() if name != FAMILIAR for row in rows]
    whole = [name for name in names if name != SINGLE]
    parts = [
        INTRODUCTION,
        _enough(shifted),
        _counts(tested),
        "## Small lesions\n\n" + "\n".join(_small(shifted, scorers)),
        "## All lesions, group by group\n\n" + "\n".join(_groups(tested, scorers)),
        "## How early\n\n" + "\n".join(_early(tested, shifted, scorers)),
        "## Where it looked\n\n" + "\n".join(_pointing(shifted, whole)),
        "## Probabilities, and scans that are strange\n\n" + "\n".join(_calibration(tested, whole)),
    ]
    return "\n\n".join(parts) + "\n"


def _enough(shifted: Sequence[Row]) -> str:
    """How many shifted animals there are, and whether they bear a verdict."""
    count = len({row["animal"] for row in shifted})
    if count >= _ENOUGH:
        return f"{count} shifted animals."
    return (
        f"**Of {count} shifted animals alone.** That shows that the chain runs, and which way the figures point; for a "
        f"verdict run it with `--each 17` ({_ENOUGH} animals and more, some ten minutes of one core)."
    )


def scorers_of(fitted: Sequence[Row], names: Sequence[str]) -> dict[str, Scorer]:
    """Networks first, then the baselines, by name."""
    made = {name: network(name) for name in names if name != SINGLE}
    made["bone volume change"] = volume_change(fitted)
    made["regression on bone measures"] = regression(fitted)
    if SINGLE in names:
        made[SINGLE] = slice_by_slice(fitted, SINGLE)
    return made


def _later(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["week"] > 0]


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"


def _percent(interval: Interval) -> str:
    return "–" if np.isnan(interval.value) else f"{interval.value:.0%} ({interval.low:.0%}–{interval.high:.0%})"


def _counts(kinds: Mapping[str, Sequence[Row]]) -> str:
    head = ("group", "animals", "injected", "ill by the last week", "scans of weeks 1 to 3", "with a lesion", "small")
    rows = []
    for name, found in kinds.items():
        last = [row for row in found if row["week"] == max(other["week"] for other in found)]
        later = _later(found)
        small = sum(0 < row["lost_mm3"] <= SMALL_MM3 for row in later)
        injected, ill = sum(row["injected"] for row in last), int(lesion_of(last).sum())
        rows.append((name, len(last), injected, ill, len(later), int(lesion_of(later).sum()), small))
    return "## Animals\n\n" + "\n".join(_table(head, rows))


def _small(rows: Sequence[Row], scorers: Mapping[str, Scorer]) -> Iterator[str]:
    chosen = [row for row in _later(rows) if row["lost_mm3"] <= SMALL_MM3]
    ill, animals = lesion_of(chosen), [row["animal"] for row in chosen]
    said = {name: score(chosen) for name, score in scorers.items()}
    body = []
    for name, scores in said.items():
        found = figures_of(scores, ill, animals, at=0.0, draws=_DRAWS)
        body.append((name, *(_percent(found[of]) for of in ("accuracy", "precision", "recall", "specificity", "f1")),
                     f"{found['roc_area']:}"))  # fmt: skip
    yield from _table(("model", "accuracy", "precision", "recall", "specificity", "F1", "area under ROC"), body)
    networks = [name for name in scorers if name.startswith("lesion-")]
    yield ""
    body = []
    for name in networks:
        for other in scorers:
            if other not in networks:
                gains = [_percent(_gain(said[name], said[other], ill, animals, of)) for of in ("accuracy", "f1")]
                body.append((name, other, *gains))
    yield from _table(("network", "less the baseline", "gain in accuracy", "gain in F1"), body)


def _gain(one: np.ndarray, other: np.ndarray, ill: np.ndarray, animals: Sequence[str], of: str) -> Interval:
    """By how much a figure of the same scans is higher; the animals are drawn for both together."""
    names = list(dict.fromkeys(animals))
    at = [np.flatnonzero([animal == name for animal in animals]) for name in names]

    def gained(drawn: np.ndarray) -> float:
        scans = np.concatenate([at[int(number)] for number in drawn])
        first, second = (VERDICTS[of](scores[scans] >= 0, ill[scans]) for scores in (one, other))
        return float("nan") if first is None or second is None else first - second

    return bootstrap_interval(np.arange(len(names)), gained, draws=_DRAWS)


def _groups(kinds: Mapping[str, Sequence[Row]], scorers: Mapping[str, Scorer]) -> Iterator[str]:
    body = []
    for group, rows in kinds.items():
        later = _later(rows)
        ill, animals = lesion_of(later), [row["animal"] for row in later]
        for name, score in scorers.items():
            found = figures_of(score(later), ill, animals, at=0.0, draws=_DRAWS)
            body.append((group, name, *(_percent(found[of]) for of in ("accuracy", "f1", "recall", "specificity")),
                         f"{found['roc_area']}"))  # fmt: skip
    yield from _table(("group", "model", "accuracy", "F1", "recall", "specificity", "area under ROC"), body)


def _early(kinds: Mapping[str, Sequence[Row]], shifted: Sequence[Row], scorers: Mapping[str, Scorer]) -> Iterator[str]:
    body = []
    for group, rows in ((FAMILIAR, kinds[FAMILIAR]), ("all shifted", shifted)):
        later = _later(rows)
        for name, score in scorers.items():
            weekly: dict[bool, dict[str, dict[float, float]]] = {True: {}, False: {}}
            for row, value in zip(later, score(later), strict=True):
                weekly[row["injected"]].setdefault(row["animal"], {})[row["week"]] = float(value)
            found = lead_time(weekly[True], weekly[False], specificity=SPECIFICITY)
            lead = bootstrap_interval(list(found.lead_weeks.values()), lambda drawn: float(drawn.mean()), draws=_DRAWS)
            by = [f"{found.share_by(week):.0%}" for week in (1, 2, 3)]
            body.append(
                (group, name, f"{found.specificity:.0%}", *by, f"{lead.value:.2f} ({lead.low:.2f}–{lead.high:.2f})")
            )
    head = ("animals", "model", "specificity", "called by week 1", "by week 2", "by week 3", "mean lead, weeks")
    yield from _table(head, body)


def _pointing(rows: Sequence[Row], names: Sequence[str]) -> Iterator[str]:
    body, healed = [], []
    for name in names:
        found = [(row["animal"], row[name]) for row in rows if "points" in row[name]]
        for number, tolerance in enumerate(TOLERANCES):
            where = f"within {tolerance} voxels" if tolerance else "on lost bone"
            shares = [_share(found, of, number) for of in ("points", "centre_points")]
            body.append((name, len(found), where, *(_percent(share) for share in shares)))
        asked = np.array([said["healed"] for _, said in found if "healed" in said])
        if len(asked):
            falls = float((asked[:, 0] - asked[:, 1] > asked[:, 0] - asked[:, 2]).mean())
            healed.append((name, len(asked), *(f"{value:.2f}" for value in asked.mean(axis=0)), f"{falls:.0%}"))
    yield from _table(("network", "true positives", "hit", "its map", "centre of the bone"), body)
    yield ""
    head = ("network", "scans", "as it is", "peaks healed", "as much healed elsewhere", "falls more by the peaks")
    yield from _table(head, healed)


def _share(found: Sequence[tuple[str, dict[str, Any]]], of: str, number: int) -> Interval:
    """Over animals: a pooled share is a ratio of sums over them."""
    sums: dict[str, np.ndarray] = {}
    for animal, said in found:
        sums[animal] = sums.get(animal, np.zeros(2)) + np.array([said[of][number], 1])
    return bootstrap_interval(list(sums.values()), lambda drawn: drawn[:, 0].sum() / drawn[:, 1].sum(), draws=_DRAWS)


def _calibration(kinds: Mapping[str, Sequence[Row]], names: Sequence[str]) -> Iterator[str]:
    body = []
    for group, rows in kinds.items():
        later = _later(rows)
        for name in names:
            p = np.array([row[name]["probability"] for row in later])
            table = reliability(p, lesion_of(later))
            hot = temperature(network(name)(later), lesion_of(later))
            strange = np.mean([row[name]["strangeness"] > 1 for row in later])
            body.append((group, name, f"{table.error:.3f}", f"{table.brier:.3f}", f"{hot:.2f}", f"{strange:.0%}"))
    yield from _table(
        ("group", "network", "calibration error", "Brier score", "temperature", "told to be strange"), body
    )
