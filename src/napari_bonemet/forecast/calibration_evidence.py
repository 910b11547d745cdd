"""How well calibrated a forecaster is, before and after, on animals that the calibration has not seen."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from napari_bonemet.forecast.calibration_lesions import LesionModel, LostBoneModel
from napari_bonemet.forecast.calibration_options import CalibrationOptions
from napari_bonemet.forecast.calibration_tables import AnimalTable
from napari_bonemet.metrics.events import LesionCase, lesion_reliability
from napari_bonemet.metrics.probabilistic import interval_coverage, scalar_spread_skill
from napari_bonemet.metrics.reliability import Reliability, reliability
from napari_bonemet.provenance import Json

__all__ = ["cross_validate"]

_VARIANCE = 1


class Fitted(Protocol):
    """The part of a calibration that is looked at here."""

    @property
    def lesions(self) -> LesionModel | None:
        """How often lesions come."""

    @property
    def lost_bone(self) -> LostBoneModel | None:
        """How much bone is lost."""

    def of_voxels(
        self, known: np.ndarray, shares: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
        """Spread, lower and upper end as distances from the mean, and probability of resorption of voxels."""


def cross_validate(
    tables: Sequence[AnimalTable], options: CalibrationOptions, fit: Callable[[Sequence[AnimalTable]], Fitted]
) -> dict[str, Json]:
    """Fit on some animals, look at the others, until each has been among the others once; plain JSON values."""
    animals = sorted({table.animal for table in tables})
    folds = min(options.folds, len(animals))
    after = _Sums(options.level)
    for fold in range(folds):
        held = set(animals[fold::folds])
        made = fit([table for table in tables if table.animal not in held])
        for table in tables:
            if table.animal in held:
                after.add_calibrated(table, made)
    before = _Sums(options.level)
    for table in tables:
        before.add_raw(table)
    return {
        "animals": [*animals],
        "folds": folds,
        "level": options.level,
        "samples": max(table.samples for table in tables),
        "voxels": sum(len(table.error) for table in tables),
        "before": before.as_record(),
        "after": after.as_record(),
        "protocol": "voxels drawn over the whole field of each animal; after: each animal by a calibration fitted on "
        "the others; spread/skill: root mean expected squared error over root mean squared error of the samples' mean",
    }


class _Sums:
    """What adds up over legs, and the coverage of each."""

    def __init__(self, level: float) -> None:
        self.level = level
        self.variance = self.squares = 0.0
        self.coverage: list[float] = []
        self.table: Reliability | None = None
        self.cases: list[LesionCase] = []
        self.lost: list[tuple[np.ndarray, float]] = []

    def add_raw(self, table: AnimalTable) -> None:
        n = table.samples
        # From the variance over n to that over n - 1, and for the mean's own error: see metrics.probabilistic.
        correction = (n + 1) / (n - 1) if n > 1 else 0.0
        self._add(table, table.known[:, _VARIANCE] * correction, table.within, table.bone_shares[:, 0])
        if table.leg is not None:
            self.cases += table.leg.cases
            self.lost.append((table.leg.lost, table.leg.true_lost))

    def add_calibrated(self, table: AnimalTable, made: Fitted) -> None:
        spread, lower, upper, _ = made.of_voxels(table.known, None)
        within = (lower <= table.error) & (table.error <= upper)
        said = made.of_voxels(table.bone_known, table.bone_shares)[3]
        self._add(table, np.square(spread), within, np.zeros(0) if said is None else said)
        if table.leg is not None and made.lesions is not None:
            model = made.lesions
            self.cases += [replace(c, probability=float(model.probability(c.probability))) for c in table.leg.cases]
        if table.leg is not None and made.lost_bone is not None:
            self.lost.append((made.lost_bone.calibrated(table.leg.lost), table.leg.true_lost))

    def _add(self, table: AnimalTable, variance: np.ndarray, within: np.ndarray, said: np.ndarray) -> None:
        self.variance += float(variance.sum())
        self.squares += float(np.square(table.error).sum())
        self.coverage.append(float(within.mean()))
        if len(said) and len(said) == len(table.resorbed):
            found = reliability(said, table.resorbed)
            self.table = found if self.table is None else self.table + found

    def as_record(self) -> dict[str, Json]:
        record: dict[str, Json] = {
            "spread_skill": round(float(np.sqrt(self.variance / self.squares)), 4) if self.squares else None,
            "coverage": round(float(np.mean(self.coverage)), 4),
            "least_coverage": round(min(self.coverage), 4),
            "largest_coverage": round(max(self.coverage), 4),
        }
        if self.table is not None:
            record["resorption_error"] = round(self.table.error, 5)
            record["resorption_brier"] = round(self.table.brier, 6)
            record["resorption_table"] = _rounded(self.table)
        lesions = lesion_reliability(self.cases)
        if lesions is not None:
            record["lesions"] = len(self.cases)
            record["lesion_error"] = round(lesions.error, 4)
            record["lesion_brier"] = round(lesions.brier, 4)
            record["lesion_table"] = _rounded(lesions)
        if self.lost:
            fewest = min(len(drawn) for drawn, _ in self.lost)
            drawn, truths = np.stack([d[:fewest] for d, _ in self.lost]), np.array([t for _, t in self.lost])
            record["lost_bone_spread_skill"] = round(scalar_spread_skill(drawn, truths), 4)
            record["lost_bone_coverage"] = round(interval_coverage(drawn, truths, self.level), 4)
        return record


def _rounded(table: Reliability) -> list[Json]:
    return [{name: round(value, 5) for name, value in row.items()} for row in table.table]
