"""The ablation of Peng et al. on synthetic vertebrae: python benchmarks/bone_quality.py --out build/bone-quality.

Trains the rows of their tables 1 to 4, each from nothing on the same slices, and measures them on other patients.
Started again, it does what is left. One seed of every row comes first, then the other seeds of the two ends of the
ablation (single task and final model). Each row is kept in OUT/rows as it is done; at the end OUT/table.csv holds all,
and with --page a page of the documentation. --rows "Final model" --seeds 1 --ship FILE makes the network that comes
with the package.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.diagnose.folds import require_apart
from napari_bonemet.diagnose.quality.ablation import FINAL, ROWS, SINGLE, AblationRow
from napari_bonemet.diagnose.quality.classifier import BoneQualityClassifier
from napari_bonemet.diagnose.quality.figures_of import figures_of, threshold_of
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.pages import page
from napari_bonemet.diagnose.quality.slices import LabelledSlices, balanced
from napari_bonemet.diagnose.quality.synthetic import mislabelled, slices_of_patients
from napari_bonemet.diagnose.quality.training import train_quality
from napari_bonemet.forecast.benchmark.pool import over
from napari_bonemet.forecast.checkpoint import load_checkpoint, save_checkpoint
from napari_bonemet.io.atomic import atomic_file, write_json, write_table
from napari_bonemet.io.names import safe_name
from napari_bonemet.phantom.vertebra.cohort import SpineCohortOptions, patients
from napari_bonemet.phantom.vertebra.options import GENERATOR
from napari_bonemet.progress import NO_PROGRESS
from napari_bonemet.torch_import import import_torch

PROTOCOL = (
    "synthetic patients of seed 4, never seen; those of seed 1 were learned from, those of seed 2 chose the votes"
)
# To learn from, to choose the votes on, to measure on; batch and learning rate were once tried on those of seed 3.
SEEDS = (1, 2, 4)
Sets = tuple[LabelledSlices, LabelledSlices, LabelledSlices]
_COLUMNS = ("squares", "quality", "involvement", "patient", "segment")


def made(given: argparse.Namespace, options: QualityOptions) -> Sets:
    """Slices to learn from, to choose the votes on, and to measure on; of patients of three seeds."""
    sets = []
    for seed, name, count in zip(SEEDS, ("learn", "choose", "measure"), given.patients, strict=True):
        path = given.out / f"{name}-{count}.npz"
        if not path.is_file():
            began = time.process_time()
            slices = slices_of_patients(patients(SpineCohortOptions(patients=count, seed=seed)), options)
            keep(slices, path)
            print(
                f"{path.name}: {len(slices)} slices {time.process_time() - began:.0f} s",
                flush=True,
            )
        sets.append(kept(path))
    require_apart(*(each.patients for each in sets))
    rng = np.random.default_rng(0)
    learn = mislabelled(balanced(sets[0], given.slices, rng), given.wrong_labels, rng)
    return learn, sets[1], sets[2]


def keep(slices: LabelledSlices, path: Path) -> None:
    named = np.array(json.dumps(slices.segment_quality))
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, named=named, **{name: getattr(slices, name) for name in _COLUMNS})


def kept(path: Path) -> LabelledSlices:
    with np.load(path) as file:
        columns: Any = {name: file[name] for name in _COLUMNS}
        return LabelledSlices(**columns, segment_quality=json.loads(str(file["named"])))


def wanted(seeds: int) -> Iterator[tuple[AblationRow, int]]:
    yield from ((row, 0) for row in ROWS)
    yield from ((row, seed) for seed in range(1, seeds) for row in ROWS if row.name in (SINGLE, FINAL))


@dataclass(frozen=True)
class Run:
    """A row to train with a seed, and where what is found is kept."""

    row: AblationRow
    seed: int
    base: QualityOptions
    path: Path
    wrong_labels: float

    def measure(self, sets: Sets) -> None:
        """Train, measure, and keep it, where it learned quality as a checkpoint too."""
        learn, choose, measure = sets
        import_torch().set_num_threads(1)
        options = self.row.options(self.base, self.seed)
        began = time.process_time()
        trained = train_quality(learn, options)
        seconds = time.process_time() - began
        threshold = threshold_of(trained.network, choose)
        record: dict[str, Any] = {
            "row": self.row.name,
            "seed": self.seed,
            "synthetic": True,
            "options": options.as_record(),
            "weights": sum(weight.numel() for weight in trained.network.parameters()),
            "epochs": len(trained.epochs),
            "slices": len(learn),
            "learn": {"patients": len(learn.patients), **learn.counts()},
            "processor_seconds": round(seconds, 1),
            "minutes": round(trained.minutes, 2),
            "figures": figures_of(trained.network, measure, threshold),
        }
        if "slices" in record["figures"]:
            told = {"of": "vertebrae", "generator": GENERATOR, "wrong_labels": self.wrong_labels, **record}
            told["held_out"] = {"protocol": PROTOCOL, **record["figures"]}
            for name in ("options", "figures", "synthetic"):
                del told[name]
            made = BoneQualityClassifier(options, trained.network, threshold, told, synthetic=True)
            made.save(self.path.with_suffix(".safetensors"))
        write_json(self.path, record)


def flat(record: dict[str, Any]) -> dict[str, Any]:
    line = {name: record[name] for name in ("row", "seed", "epochs", "slices", "processor_seconds", "minutes")}
    for level in ("slices", "segments", "involvement"):
        scores = record["figures"].get(level, {})
        line |= {f"{level}_{name}": value for name, value in scores.items() if name != "confusion"}
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description="The ablation of bone quality on synthetic vertebrae")
    parser.add_argument("--out", type=Path, default=Path("build/bone-quality"))
    parser.add_argument("--patients", type=int, nargs=3, default=(100, 20, 40), help="to learn, to choose, to measure")
    parser.add_argument("--slices", type=int, default=1500, help="to learn from, at most")
    parser.add_argument("--wrong-labels", type=float, default=0.05, help="share of labels drawn anew, training alone")
    parser.add_argument("--epochs", type=int, default=90)
    parser.add_argument("--seeds", type=int, default=5, help="of the two ends")
    parser.add_argument("--workers", type=int, default=1, help="rows at a time, a processor core each")
    parser.add_argument("--only-slices", action="store_true", help="make the slices, and stop")
    parser.add_argument("--rows", nargs="+", help="these alone, by name")
    parser.add_argument("--ship", type=Path, help="where the final model of seed 0 goes, as a checkpoint")
    parser.add_argument("--page", type=Path, help="a page in Markdown")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    base = QualityOptions(epochs=given.epochs)
    sets = made(given, base)
    if given.only_slices:
        return
    rows = given.out / "rows"
    rows.mkdir(exist_ok=True)
    chosen = [(row, seed) for row, seed in wanted(given.seeds) if not given.rows or row.name in given.rows]
    runs = [
        Run(row, seed, base, rows / f"{safe_name(row.name)}-{seed}.json", given.wrong_labels) for row, seed in chosen
    ]
    left = [run for run in runs if not run.path.is_file()]
    work = partial(Run.measure, sets=sets)
    for run, _ in over(work, left, workers=given.workers, words="training", progress=NO_PROGRESS):
        print(json.dumps(flat(json.loads(run.path.read_text(encoding="utf-8")))), flush=True)
    done = [json.loads(run.path.read_text(encoding="utf-8")) for run in runs]
    write_table(given.out / "table.csv", [flat(record) for record in done], overwrite=True)
    if given.ship:
        made_of = given.out / "rows" / f"{safe_name(FINAL)}-0.safetensors"
        save_checkpoint(load_checkpoint(made_of), given.ship)
    if given.page:
        with atomic_file(given.page) as temporary:
            temporary.write_text(page(done, wrong_labels=given.wrong_labels), encoding="utf-8")


if __name__ == "__main__":
    main()
