"""The page of the ablation: tables as in the paper, from the records of the rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_bonemet.bone_quality import Involvement, Quality
from napari_bonemet.diagnose.quality.ablation import FINAL, INVOLVEMENT, ROWS, SINGLE

Records = Sequence[Mapping[str, Any]]

# What the paper reports for the rows that it has, per cent (tables 1 to 4).
PUBLISHED: Mapping[tuple[str, str], tuple[float, ...]] = {
    ("slices", SINGLE): (94.65, 76.77, 71.56, 97.31, 38.91, 98.50, 41.15, 97.16),
    ("slices", "Soft-sharing"): (85.18, 86.09, 79.03, 93.49, 38.36, 98.28, 58.66, 92.11),
    ("slices", "Hard-sharing-1"): (85.03, 85.44, 76.50, 94.26, 36.81, 98.23, 51.65, 91.17),
    ("slices", "Hard-sharing-2"): (92.48, 87.13, 80.00, 96.53, 41.80, 98.68, 65.02, 95.78),
    ("slices", "Hard-sharing-PI"): (92.63, 89.42, 80.23, 96.69, 41.67, 98.80, 66.84, 95.51),
    ("slices", "Hard-sharing-MLP"): (93.66, 85.70, 81.23, 96.84, 44.03, 98.94, 66.88, 96.57),
    ("slices", FINAL): (92.43, 88.88, 84.10, 96.08, 46.14, 98.93, 70.21, 96.15),
    ("slices", "Hard-sharing-2 + SPL"): (91.73, 88.49, 81.86, 96.18, 41.75, 98.83, 66.93, 95.26),
    ("slices", "Hard-sharing-2 + SPL + LS"): (91.87, 89.14, 82.26, 96.45, 44.24, 98.80, 68.74, 95.22),
    ("slices", "Hard-sharing-2 + SPL + LS + LRS"): (92.84, 87.22, 84.11, 95.93, 48.37, 99.12, 66.31, 96.59),
    ("segments", SINGLE): (96.71, 72.89, 70.77, 97.49, 36.23, 97.86, 38.39, 97.71),
    ("segments", FINAL): (88.47, 87.71, 83.10, 95.47, 59.44, 97.52, 72.64, 94.02),
    ("involvement", INVOLVEMENT): (97.26, 59.43, 31.63, 98.42, 49.61, 97.88),
    ("involvement", FINAL): (96.98, 63.85, 39.32, 98.28, 53.63, 97.84),
}
# Degrees of freedom from which a spread between seeds is believed.
_LEAST_FREEDOM = 4
STEPS = (
    (SINGLE, FINAL),
    (SINGLE, "Hard-sharing-2"),
    ("Soft-sharing", "Hard-sharing-2"),
    ("Hard-sharing-1", "Hard-sharing-2"),
    ("Hard-sharing-2", "Hard-sharing-PI"),
    ("Hard-sharing-2", "Hard-sharing-MLP"),
    ("Hard-sharing-2", "Hard-sharing-2 + SPL"),
    ("Hard-sharing-2 + SPL", "Hard-sharing-2 + SPL + LS"),
    ("Hard-sharing-2 + SPL + LS", "Hard-sharing-2 + SPL + LS + LRS"),
    (SINGLE, "Single-task with SPL"),
    ("Final model without SPL", FINAL),
)
_TITLES = {
    1: ("Bone quality, slices (table 1)", "slices"),
    2: ("Posterolateral involvement, slices (table 2)", "involvement"),
    3: ("Self-paced learning, label smoothing, schedule, slices (table 3)", "slices"),
    4: ("Bone quality, vertebrae (table 4)", "segments"),
}


def page(records: Records, *, wrong_labels: float) -> str:
    """The page of the documentation, in Markdown.

    Parameters
    ----------
    records : sequence of mapping
        One of each trained row and seed, as ``benchmarks/bone_quality.py`` writes them.
    wrong_labels : float
        Share of the labels of quality to learn from that was drawn anew.
    """
    tables = [f"## {title}\n\n{_table(records, number, level)}" for number, (title, level) in _TITLES.items()]
    return "\n\n".join([_head(records, wrong_labels), *tables, _held(records)]) + "\n"


def _head(records: Records, wrong_labels: float) -> str:
    first, options = records[0], records[0]["options"]
    rates = [record["options"]["learning_rate"] for record in records]
    flat, highest = min(rates), max(rates)
    seconds = [record["processor_seconds"] for record in records]
    learn, test = first["learn"], first["figures"]
    blocks = ", ".join(str(layers) for layers in options["blocks"])
    return f"""# Bone quality benchmark

The ablation of Peng et al. (tables 1 to 4), on **synthetic vertebrae alone**, made by a program: it says how the parts
of the method behave at this size, and nothing of patients. Made by `python benchmarks/bone_quality.py`.

- {first["slices"]} slices of {learn["patients"]} patients to learn from, {options["crop"]} x {options["crop"]} pixels:
  {learn["normal"]} normal, {learn["blastic"]} blastic, {learn["mixed"]} mixed, {learn["lytic"]} lytic;
  {100 * wrong_labels:g} % of their labels of quality were drawn anew, as readers err.
- {test["count"]} slices of {test["patients"]} other patients to measure on, all rightly labelled; patients of a third
  group chose the votes.
- Dense blocks of {blocks} layers, growth {options["growth"]}, weights drawn anew ({first["weights"]:,} of them in the
  {first["row"].lower()}), where the paper has 6, 12, 24, 16 layers, growth 32, 224 pixels and weights of ImageNet.
- Every row sees every slice {first["epochs"]} times: {_range(seconds)} seconds of one processor core
  each, where the paper has 50 times 32,000 slices. The last weights count, as in the paper.
- Rows without the schedule (LRS) learn at a constant rate of {flat:g}, the others up to {highest:g} and down to 0.
- Per cent; where a row has several seeds their mean ± standard deviation. Below each row what the paper reports, for
  its own patients: to see the pattern, not to compare."""


def _range(values: Sequence[float]) -> str:
    low, high = round(min(values)), round(max(values))
    return f"{low}" if low == high else f"{low} to {high}"


def _table(records: Records, number: int, level: str) -> str:
    classes: Any = Involvement if level == "involvement" else Quality
    columns = [f"{kind}_{each.name[0]}" for each in classes for kind in ("SE", "SP")]
    mean = level != "involvement"
    lines = [
        "| row | seeds | " + " | ".join([*columns, *(["mean SE"] if mean else [])]) + " |",
        "| --- " * (len(columns) + 2 + mean) + "|",
    ]
    for row in ROWS:
        found = [record["figures"].get(level) for record in records if record["row"] == row.name]
        if number not in row.tables or not any(found):
            continue
        cells = [_cell([each[name] for each in found]) for name in [*columns, *(["mean_sensitivity"] if mean else [])]]
        lines.append(f"| {row.name} | {len(found)} | " + " | ".join(cells) + " |")
        if published := PUBLISHED.get((level, row.name)):
            average = [f"{np.mean(published[::2]):.1f}"] if mean else []
            lines.append("| *the paper* | *5* | " + " | ".join(f"*{x}*" for x in [*published, *average]) + " |")
    return "\n".join(lines)


def _cell(values: Sequence[float | None]) -> str:
    known = [100 * value for value in values if value is not None]
    if not known:
        return "–"
    spread = f" ± {np.std(known, ddof=1):.1f}" if len(known) > 1 else ""
    return f"{np.mean(known):.1f}{spread}"


def _held(records: Records) -> str:
    """Step by step, beside the paper: what held, as far as the seeds can say."""
    about = (
        "Change of the mean sensitivity over the four classes, points of a hundred, mean over seeds with its standard "
        "error. One seed moves by chance, so such a step counts only beyond twice the spread of the rows with several."
    )
    columns = "| step | slices here | slices, the paper | vertebrae here | verdict for slices |"
    lines = ["## What held", "", about, "", columns, "| --- | --- | --- | --- | --- |"]
    noise = _noise(records)
    for before, after in STEPS:
        gains, votes = (_gains(records, before, after, level) for level in ("slices", "segments"))
        if not len(gains):
            continue
        published = _published(after) - _published(before) if _published(before) and _published(after) else None
        said = "–" if published is None else f"{published:+.1f}"
        verdict = _verdict(gains, noise, published)
        lines.append(f"| {before} → {after} | {_difference(gains)} | {said} | {_difference(votes)} | {verdict} |")
    return "\n".join(lines)


def _published(row: str) -> float:
    return float(np.mean(PUBLISHED.get(("slices", row), (0.0,))[::2]))


def _gains(records: Records, before: str, after: str, level: str) -> np.ndarray:
    """By how much the mean sensitivity grows, points of a hundred, for each seed that both rows have."""
    by = {(record["row"], record["seed"]): record["figures"].get(level) for record in records}
    seeds = sorted(seed for row, seed in by if row == after and (before, seed) in by)
    name = "mean_sensitivity"
    return np.array([100 * (by[after, seed][name] - by[before, seed][name]) for seed in seeds])


def _noise(records: Records) -> float | None:
    """Spread of the mean sensitivity between seeds, of the rows that have several, points of a hundred.

    None where too few runs say it: by two or three a spread is as chancy as what it is to judge.
    """
    found, freedom = [], 0
    for row in ROWS:
        said = [record["figures"].get("slices") for record in records if record["row"] == row.name]
        if len(said) > 1 and all(said):
            found.append(np.var([100 * each["mean_sensitivity"] for each in said], ddof=1))
            freedom += len(said) - 1
    return float(np.sqrt(np.mean(found))) if freedom >= _LEAST_FREEDOM else None


def _verdict(gains: np.ndarray, noise: float | None, published: float | None) -> str:
    if len(gains) > 2:
        error = gains.std(ddof=1) / np.sqrt(len(gains))
    elif noise is not None:
        # A difference of two rows, each with its own luck.
        error = noise * np.sqrt(2 / len(gains))
    else:
        return "not to be told by so few seeds"
    if abs(gains.mean()) <= 2 * error:
        return "within chance"
    if published is None:
        return "gain" if gains.mean() > 0 else "loss"
    return "held" if gains.mean() * published > 0 else "did not hold"


def _difference(gains: np.ndarray) -> str:
    if not len(gains):
        return "–"
    error = f" ± {gains.std(ddof=1) / np.sqrt(len(gains)):.1f}" if len(gains) > 1 else ""
    return f"{gains.mean():+.1f}{error}"
