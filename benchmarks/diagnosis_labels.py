"""Few lesions among many scans, and labels that are wrong: python benchmarks/diagnosis_labels.py [--seeds 3].

The BoneMet supplementary, section D, asks what focal loss does where five scans are well for one that is ill, and what
label smoothing does where labels are noisy. The same question here on synthetic legs of 60 µm (a scan of week 3 from
each animal, scanners and tumours varied), with a small network: each row is the mean over trainings of other seeds, all
tested on the same other animals, half of them ill. Weighing both kinds alike (--balance) is the third way, and stands
beside.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.scoring.figures import figures_of
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import LegOptions, make_leg
from napari_bonemet.scan import Scan
from napari_bonemet.torch_import import import_torch

LEG = LegOptions(shape=(24, 50, 50), spacing_um=60.0, weeks=(0, 3))
BASE = ClassifierOptions(
    crop=44, width=8, epochs=40, batch=16, slices=12, learning_rate=0.004, dropout=0.0, looks=0, label_smoothing=0.0,
    focal_gamma=0.0, balance=False,
)  # fmt: skip
WRONG = 0.2


def scans_of(controls: int, tumours: int, seed: int) -> tuple[list[Scan], list[bool]]:
    """A scan of week 3 from each animal, and whether it is ill."""
    every = animals(CohortOptions(controls=controls, tumours=tumours, seed=seed, leg=LEG, variety="wide"))
    return [make_leg(animal).registered()[-1] for animal in every], [animal.tumour for animal in every]


def figures(
    known: tuple[list[Scan], list[bool]], others: tuple[list[Scan], list[bool]], options: ClassifierOptions
) -> Iterator[float]:
    """Accuracy, F1 and area under the curve on other animals, nothing calibrated on them."""
    model = LesionClassifier.fit(*known, options=options)
    said = np.array([model.classify(scan).probability for scan in others[0]])
    found = figures_of(said, np.array(others[1]), [str(number) for number in range(len(said))], draws=1)
    return (found[name].value for name in ("accuracy", "recall", "f1", "roc_area"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    import_torch().set_num_threads(1)
    others = scans_of(60, 60, 71)
    few = scans_of(150, 30, 72)
    even = scans_of(90, 90, 73)
    flipped = np.random.default_rng(0).random(len(even[1])) < WRONG
    noisy = (even[0], [bool(label) != bool(wrong) for label, wrong in zip(even[1], flipped, strict=True)])
    rows: Sequence[tuple[str, tuple[list[Scan], list[bool]], ClassifierOptions]] = (
        ("5:1, plain", few, BASE),
        ("5:1, focal loss, gamma 2", few, replace(BASE, focal_gamma=2.0)),
        ("5:1, both kinds weighed alike", few, replace(BASE, balance=True)),
        ("1:1, plain", even, BASE),
        ("1:1, a fifth of the labels wrong, plain", noisy, BASE),
        ("1:1, a fifth of the labels wrong, smoothing 0.1", noisy, replace(BASE, label_smoothing=0.1)),
        ("1:1, a fifth of the labels wrong, smoothing 0.4", noisy, replace(BASE, label_smoothing=0.4)),
    )
    print("| training | accuracy | recall | F1 | area under ROC |\n| --- | --- | --- | --- | --- |")
    for name, known, options in rows:
        found = np.array([[*figures(known, others, replace(options, seed=seed))] for seed in range(given.seeds)])
        cells = [f"{m:.2f} ± {s:.2f}" for m, s in zip(found.mean(axis=0), found.std(axis=0), strict=True)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
