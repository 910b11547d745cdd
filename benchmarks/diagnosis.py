"""How well the lesion classifier does on unseen synthetic animals: python benchmarks/diagnosis.py [--record].

Prints, week by week, the area under the curve of tumour against control animals (in week 0 nobody has a lesion yet,
so that anything but a half would be something else than a lesion), accuracy, sensitivity and specificity of the
verdict against the true diagnosis of that week, and how often the slice with the highest probability holds true
lesion, beside the share of slices that do. A classifier that only reads the age of a scan gets an area of a half
in every row. Beside it stand two logistic regressions on simple measures, fitted to animals of their own:
bone volume alone, and bone volume with four measures of texture.

With --record the figures are kept in the header of the checkpoint.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage, optimize
from skimage import measure

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.diagnosis import Diagnosis
from napari_bonemet.diagnose.measures import area_under_curve, shares
from napari_bonemet.diagnose.registry import SINGLE, load_classifier
from napari_bonemet.forecast.checkpoint import load_checkpoint, save_checkpoint
from napari_bonemet.forecast.shipped import shipped_checkpoint
from napari_bonemet.io.atomic import write_table
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import LegOptions, make_leg
from napari_bonemet.scan import Scan
from napari_bonemet.torch_import import import_torch

BONE = 75
# Lost voxels from which a slice of a scan counts as one that shows a lesion.
LEAST_VOXELS = 3


@dataclass(frozen=True, eq=False)
class Case:
    """One week of one animal, with what is known of it."""

    tumour: bool
    week: float
    lesion: bool
    lesion_slices: np.ndarray
    measures: np.ndarray
    diagnosis: Diagnosis | None
    posed: float | None


def measured(scan: Scan) -> np.ndarray:
    """Bone volume, mm³; then the Euler number, mean and spread of the bone's grey, and the widest void, voxels."""
    voxels = scan.to_numpy()
    bone = voxels > BONE
    closed = ndimage.binary_closing(bone, np.ones((1, 9, 9)))
    voids = ndimage.distance_transform_edt(closed & ~bone)
    volume = np.count_nonzero(bone) * scan.grid.voxel_volume_mm3
    return np.array([volume, measure.euler_number(bone), voxels[bone].mean(), voxels[bone].std(), voids.max()])


def cases(options: CohortOptions, classifier: LesionClassifier | None) -> list[Case]:
    made = []
    for animal in animals(options):
        leg = make_leg(animal)
        for scan, posed, lost in zip(leg.registered(), leg.series, leg.truth.lesion_labels, strict=True):
            made.append(
                Case(
                    tumour=animal.tumour,
                    week=scan.week or 0.0,
                    lesion=bool((lost > 0).any()),
                    lesion_slices=np.count_nonzero(lost, axis=(1, 2)) >= LEAST_VOXELS,
                    measures=measured(scan),
                    diagnosis=classifier.classify(scan) if classifier else None,
                    posed=classifier.classify(posed).probability if classifier else None,
                )
            )
    return made


@dataclass(frozen=True, eq=False)
class Logistic:
    """A logistic regression on some of the measures."""

    columns: slice
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray

    @classmethod
    def fit(cls, known: Sequence[Case], columns: slice) -> "Logistic":
        """Weights of the least cross-entropy, with a breath of a penalty."""
        table = np.array([case.measures[columns] for case in known])
        sign = np.where([case.lesion for case in known], 1.0, -1.0)
        mean, scale = table.mean(axis=0), table.std(axis=0) + 1e-9
        x = np.column_stack([(table - mean) / scale, np.ones(len(table))])

        def cost(weights: np.ndarray) -> float:
            return float(np.logaddexp(0, -sign * (x @ weights)).mean() + 1e-3 * np.sum(weights[:-1] ** 2))

        return cls(columns, mean, scale, optimize.minimize(cost, np.zeros(x.shape[1])).x)

    def probability(self, case: Case) -> float:
        """Of a lesion."""
        x = (case.measures[self.columns] - self.mean) / self.scale
        return float(1 / (1 + np.exp(-(x @ self.weights[:-1] + self.weights[-1]))))


def of_week(found: Sequence[Case], said: Sequence[float], week: float | None) -> dict[str, Any]:
    """Figures of one week, or of all."""
    chosen = [(case, p) for case, p in zip(found, said, strict=True) if week in (None, case.week)]
    probability = np.array([p for _, p in chosen])
    lesion, tumour = (np.array([getattr(case, name) for case, _ in chosen]) for name in ("lesion", "tumour"))
    weeks = np.array([case.week for case, _ in chosen])
    # Over all weeks, those alone in which anybody has a lesion.
    counted = np.isin(weeks, weeks[lesion]) if week is None else np.ones(len(chosen), dtype=bool)
    curve = area_under_curve(probability[counted], tumour[counted], weeks[counted].tolist())
    return {
        "week": "all" if week is None else f"{week:g}",
        "scans": len(chosen),
        "with_lesion": int(lesion.sum()),
        "auc_tumour_control": round(curve, 3),
        **{name: None if share is None else round(share, 3) for name, share in shares(probability, lesion).items()},
    }


def slices_of_week(found: Sequence[Case], week: float | None) -> dict[str, Any]:
    """How the slices agree with the truth, in scans that hold a lesion."""
    ill = [case for case in found if case.lesion_slices.any() and week in (None, case.week)]
    if not ill:
        return {}
    pairs = [(case.diagnosis, case.lesion_slices) for case in ill if case.diagnosis]
    curves = [area_under_curve(said.per_slice, true) for said, true in pairs if not true.all()]
    every = shares(np.concatenate([said.per_slice for said, _ in pairs]), np.concatenate([true for _, true in pairs]))
    return {
        "top_slice_holds_lesion": round(float(np.mean([true[said.slice_index] for said, true in pairs])), 3),
        "slices_that_do": round(float(np.mean([true.mean() for _, true in pairs])), 3),
        "auc_slices_of_a_scan": round(float(np.mean(curves)), 3) if curves else None,
        "slice_sensitivity": round(every["sensitivity"] or 0.0, 3),
        "slice_specificity": round(every["specificity"] or 0.0, 3),
    }


def table(found: Sequence[Case], others: Sequence[Case]) -> list[dict[str, Any]]:
    weeks = [None, *sorted({case.week for case in found})]
    by_network = [case.diagnosis.probability if case.diagnosis else 0.0 for case in found]
    rows = [{"model": "lesion-slices", **of_week(found, by_network, w), **slices_of_week(found, w)} for w in weeks]
    posed = [case.posed or 0.0 for case in found]
    rows += [{"model": "lesion-slices, not registered", **of_week(found, posed, w)} for w in weeks]
    for name, columns in (("bone volume alone", slice(0, 1)), ("bone volume and texture", slice(0, 5))):
        baseline = Logistic.fit(others, columns)
        said = [baseline.probability(case) for case in found]
        rows += [{"model": name, **of_week(found, said, w)} for w in weeks]
    return rows


def keep(path: Path, rows: Sequence[dict[str, Any]], protocol: str) -> None:
    checkpoint = load_checkpoint(path)
    held_out = {"protocol": protocol, "synthetic": True, "rows": list(rows)}
    save_checkpoint(replace(checkpoint, training={**checkpoint.training, "held_out": held_out}), path)


def show(rows: Sequence[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    print(" | ".join(columns))
    for row in rows:
        print(" | ".join("" if row.get(name) is None else str(row[name]) for name in columns))


def main() -> None:
    parser = argparse.ArgumentParser(description="The lesion classifier on unseen synthetic animals")
    parser.add_argument("--checkpoint", type=Path, help="the one that comes with the package when not given")
    parser.add_argument("--controls", type=int, default=20)
    parser.add_argument("--tumours", type=int, default=20)
    parser.add_argument("--seed", type=int, default=2, help="the shipped classifier learned from those of seed 1")
    parser.add_argument("--strain", choices=("C57BL/6", "BALB/c"), default="C57BL/6")
    parser.add_argument("--spacing", type=float, default=30.0, help="voxel size of the same field of view, µm")
    parser.add_argument("--record", action="store_true", help="keep the figures in the checkpoint's header")
    parser.add_argument("--out", type=Path, help="a CSV")
    given = parser.parse_args()
    import_torch().set_num_threads(1)
    path = given.checkpoint or shipped_checkpoint(SINGLE)
    z, y, x = (round(side * 30 / given.spacing) for side in (48, 100, 100))
    leg = LegOptions(strain=given.strain, spacing_um=given.spacing, shape=(z, y, x))
    unseen = CohortOptions(controls=given.controls, tumours=given.tumours, seed=given.seed, leg=leg)
    found = cases(unseen, load_classifier(path))
    rows = table(found, cases(replace(unseen, seed=given.seed + 1), None))
    show(rows)
    if given.out:
        write_table(given.out, rows)
    if given.record:
        who = f"{given.controls} control and {given.tumours} tumour animals of cohort seed {given.seed}, {given.strain}"
        keep(path, rows, f"{who}, registered unless said otherwise, never seen in training or validation")


if __name__ == "__main__":
    main()
