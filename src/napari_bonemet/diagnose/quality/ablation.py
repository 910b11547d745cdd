"""The rows of the paper's tables 1 to 4, as options."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from napari_bonemet.diagnose.quality.options import QualityOptions

# A rate that never falls has to be lower than the height of one that does: at 0.1 the last weights are mere luck.
_FLAT_RATE = 0.02
_OFF: Mapping[str, Any] = {
    "learning_rate": _FLAT_RATE,
    "involvement": False,
    "perceptron": False,
    "self_paced": False,
    "label_smoothing": 0.0,
    "schedule": False,
}


@dataclass(frozen=True)
class AblationRow:
    """One row.

    Parameters
    ----------
    name : str
        As in the paper, where it is there.
    changes : mapping
        Options that differ from those of the final model.
    tables : tuple of int
        Where the paper has it; empty where it has not.
    """

    name: str
    changes: Mapping[str, Any]
    tables: tuple[int, ...]

    def options(self, base: QualityOptions, seed: int) -> QualityOptions:
        """The options of this row: the size and the length of the training are those of `base`."""
        changes = dict(self.changes)
        if changes.get("schedule", True):
            changes.pop("learning_rate", None)
        return replace(base, **changes, seed=seed)


SINGLE, FINAL, INVOLVEMENT = "Single-task", "Final model", "Involvement alone"
ROWS: tuple[AblationRow, ...] = (
    AblationRow(FINAL, {}, (1, 2, 4)),
    AblationRow(SINGLE, {**_OFF, "sharing": "single-task"}, (1, 4)),
    AblationRow("Final model without SPL", {"self_paced": False}, (1,)),
    AblationRow("Single-task with SPL", {**_OFF, "sharing": "single-task", "self_paced": True}, (1,)),
    AblationRow("Hard-sharing-2", {**_OFF}, (1, 3)),
    AblationRow("Hard-sharing-PI", {**_OFF, "involvement": True}, (1, 2)),
    AblationRow("Hard-sharing-MLP", {**_OFF, "perceptron": True}, (1,)),
    AblationRow(INVOLVEMENT, {**_OFF, "sharing": "involvement-alone"}, (2,)),
    AblationRow("Hard-sharing-2 + SPL", {**_OFF, "self_paced": True}, (3,)),
    AblationRow("Hard-sharing-2 + SPL + LS", {**_OFF, "self_paced": True, "label_smoothing": 0.1}, (3,)),
    AblationRow(
        "Hard-sharing-2 + SPL + LS + LRS",
        {**_OFF, "self_paced": True, "label_smoothing": 0.1, "schedule": True},
        (3,),
    ),
    AblationRow("Hard-sharing-1", {**_OFF, "sharing": "hard-sharing-1"}, (1,)),
    AblationRow("Soft-sharing", {**_OFF, "sharing": "soft-sharing"}, (1,)),
)
