"""The rows of the ablation are the paper's, and its page shows means, spread and what held."""

from typing import Any

from napari_bonemet.diagnose.quality.ablation import FINAL, ROWS, SINGLE
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.pages import page


def record(row: str, seed: int, gain: float) -> dict[str, Any]:
    scores = {f"{kind}_{letter}": 0.5 + gain for kind in ("SE", "SP") for letter in "NBML"}
    quality = {**scores, "mean_sensitivity": 0.5 + gain, "count": 10}
    involvement = {f"{kind}_{letter}": 0.25 for kind in ("SE", "SP") for letter in "NUB"}
    return {
        "row": row,
        "seed": seed,
        "options": QualityOptions().as_record(),
        "weights": 1234,
        "epochs": 3,
        "slices": 100,
        "learn": {"patients": 5, "normal": 40, "blastic": 20, "mixed": 20, "lytic": 20},
        "processor_seconds": 7.0 + seed,
        "figures": {"patients": 4, "count": 50, "slices": quality, "segments": quality, "involvement": involvement},
    }


def test_the_page_has_the_rows_that_there_are_with_their_spread() -> None:
    made = [record(SINGLE, seed, 0.0) for seed in (0, 1, 2)]
    made += [record(FINAL, seed, gain) for seed, gain in enumerate((0.1, 0.15, 0.2))]
    made.append(record("Hard-sharing-2", 0, 0.05))
    text = page(made, wrong_labels=0.05)
    assert "synthetic vertebrae alone" in text
    assert "5 % of their labels" in text
    assert "7 to 9 seconds" in text
    assert f"| {FINAL} | 3 | 65.0 ± 5.0 |" in text
    assert "| Hard-sharing-2 | 1 | 55.0 |" in text
    assert "Soft-sharing" not in text
    assert "| *the paper* | *5* | *94.65* |" in text
    # Paired by seed: 10, 15 and 20 points, their mean and its standard error.
    assert f"| {SINGLE} → {FINAL} | +15.0 ± 2.9 | +11.7 | +15.0 ± 2.9 | held |" in text
    # One seed is held against the spread of those that have several, twice: two rows, each with its luck.
    assert f"| {SINGLE} → Hard-sharing-2 | +5.0 | +8.3 | +5.0 | within chance |" in text
    worse = [*made, record("Hard-sharing-MLP", 0, -0.4)]
    assert "| Hard-sharing-2 → Hard-sharing-MLP | -45.0 | +1.6 | -45.0 | did not hold |" in page(worse, wrong_labels=0)
    alone = page([record(SINGLE, 0, 0.0), record(FINAL, 0, 0.1)], wrong_labels=0)
    assert "not to be told by so few seeds" in alone


def test_the_rows_change_what_their_names_say() -> None:
    base = QualityOptions(epochs=7)
    options = {row.name: row.options(base, 3) for row in ROWS}
    assert {each.epochs for each in options.values()} == {7}
    assert {each.seed for each in options.values()} == {3}
    final = options[FINAL]
    assert (final.tasks, final.joins, final.self_paced) == (("blastic", "lytic", "involvement"), True, True)
    assert options[SINGLE].tasks == ("quality",)
    plain = options["Hard-sharing-2"]
    assert (plain.tasks, plain.joins, plain.self_paced, plain.label_smoothing, plain.schedule) == (
        ("blastic", "lytic"),
        False,
        False,
        0.0,
        False,
    )
    assert plain.learning_rate < final.learning_rate == options["Hard-sharing-2 + SPL + LS + LRS"].learning_rate
    assert options["Hard-sharing-1"].shared_blocks == 3
    assert options["Soft-sharing"].shared_blocks == 0
    assert options["Hard-sharing-MLP"].joins
    assert "involvement" in options["Hard-sharing-PI"].tasks
    assert not options["Final model without SPL"].self_paced
