"""Draw the pictures of synthetic.md and the plot of measure-a-cohort.md: python scripts/synthetic_pictures.py."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from napari_bonemet.bone_quality import Involvement, Quality
from napari_bonemet.phantom.leg import LegOptions, SyntheticLeg, continue_leg, make_leg
from napari_bonemet.phantom.sample import SAMPLES
from napari_bonemet.phantom.vertebra.cohort import SpineCohortOptions, patients
from napari_bonemet.phantom.vertebra.spine import SyntheticSpine, make_spine
from napari_bonemet.scan import Scan

IMAGES = Path(__file__).parents[1] / "docs" / "images"
FINE_UM = 10.6


def show(axes: plt.Axes, picture: np.ndarray, title: str) -> None:
    axes.imshow(picture, cmap="gray", vmin=0, vmax=180, interpolation="nearest")
    axes.set_title(title, fontsize=9)
    axes.axis("off")


def save(figure: plt.Figure, name: str) -> None:
    figure.text(0.995, 0.005, "synthetic", ha="right", va="bottom", fontsize=9, color="0.4")
    figure.tight_layout()
    IMAGES.mkdir(parents=True, exist_ok=True)
    figure.savefig(IMAGES / f"synthetic-{name}.png", dpi=110)
    plt.close(figure)


def depths() -> None:
    figure, rows = plt.subplots(2, 5, figsize=(12, 5))
    strains = ("C57BL/6", "BALB/c")
    for axes, strain in zip(rows, strains, strict=True):
        field = LegOptions(
            seed=3,
            strain=strain,  # type: ignore[arg-type]
            tumour=False,
            weeks=(0,),
            spacing_um=FINE_UM,
            shape=(8, 250, 270),
        )
        for place, depth in zip(axes, (150, 350, 700, 1200, 2200), strict=True):
            scan = make_leg(replace(field, start_um=depth)).series[0]
            show(place, scan.to_numpy()[4], f"{strain}, {depth / 1000:g} mm below the growth plate")
            place.title.set_fontsize(7)
    save(figure, "depths")


def lengthwise() -> None:
    field = LegOptions(seed=3, tumour=False, weeks=(0,), spacing_um=FINE_UM, shape=(330, 250, 270))
    scan = make_leg(field).series[0].to_numpy()
    figure, axes = plt.subplots(1, 3, figsize=(11, 4.6))
    show(axes[0], scan[:, :, 130], "sagittal")
    show(axes[1], scan[:, 120], "coronal")
    show(axes[2], scan.max(axis=1), "brightest along the view from in front")
    save(figure, "lengthwise")


def slice_of(leg: SyntheticLeg) -> int:
    before, last = leg.truth.lesion_labels[-2:]
    return int(((last > 0) & (before == 0)).sum(axis=(1, 2)).argmax())


def weeks() -> None:
    tumour = make_leg(SAMPLES["synthetic-1"])
    control = make_leg(replace(tumour.options, tumour=False))
    treated = make_leg(replace(tumour.options, treatment_week=1, treatment_strength=1.0))
    figure, rows = plt.subplots(4, 4, figsize=(10, 9.6))
    z = slice_of(tumour)
    named = {"tumour": tumour, "treated from week 1": treated, "control": control}
    for axes, (name, leg) in zip(rows, named.items(), strict=False):
        for place, scan in zip(axes, leg.registered(), strict=True):
            show(place, scan.to_numpy()[z, 8:85, 15:90], f"{name}, week {scan.week:g}")
    lost = int((tumour.truth.lesion_labels[-1] > 0).sum(axis=(0, 2)).argmax())
    for place, scan in zip(rows[3], tumour.registered(), strict=True):
        show(place, scan.to_numpy()[:, lost, 15:90], f"tumour, coronal, week {scan.week:g}")
    save(figure, "weeks")


def futures() -> None:
    leg = make_leg(SAMPLES["synthetic-1"])
    z = slice_of(leg)

    def part(scan: Scan) -> np.ndarray:
        return scan.to_numpy()[z, 8:85, 15:90]

    figure, rows = plt.subplots(2, 4, figsize=(10, 5))
    others = [continue_leg(leg, 2, seed) for seed in range(6)]
    show(rows[0, 0], part(leg.registered()[2]), "week 2, the past of all")
    for place, (number, other) in zip(rows.flat[1:7], enumerate(others, start=1), strict=True):
        show(place, part(other.registered()[3]), f"week 3, future {number}")
    share = np.mean([other.truth.bone[3][z, 8:85, 15:90] for other in others], axis=0)
    rows[1, 3].imshow(share, cmap="magma", vmin=0, vmax=1)
    rows[1, 3].set_title("share of futures with bone", fontsize=9)
    rows[1, 3].axis("off")
    save(figure, "futures")


def kinds() -> None:
    """The last week of one tibia, its lesions of each kind, and a slice of vertebrae with each."""
    figure, rows = plt.subplots(2, 4, figsize=(12, 6.2))
    legs = [make_leg(LegOptions(seed=5, lesion_kind=kind)) for kind in ("lytic", "blastic", "mixed")]
    for place, leg in zip(rows[0, 1:], legs, strict=True):
        show(place, leg.registered()[-1].to_numpy()[22], f"tibia, {leg.options.lesion_kind}, week 3")
    show(rows[0, 0], legs[0].registered()[0].to_numpy()[22], "tibia, week 0")
    spines = [make_spine(patient) for patient in patients(SpineCohortOptions(patients=8, seed=4))]
    for place, quality in zip(rows[1], (Quality.NORMAL, Quality.LYTIC, Quality.BLASTIC, Quality.MIXED), strict=True):
        spine, z = most_of(spines, quality)
        side = Involvement(int(spine.involvement[z])).word
        show(place, spine.scan.to_numpy()[z, 8:88, 8:88], f"vertebra, {quality.word}, involvement {side}")
        place.images[0].set_clim(-150, 900)
    save(figure, "lesion-kinds")


def most_of(spines: list[SyntheticSpine], quality: Quality) -> tuple[SyntheticSpine, int]:
    """The slice of that kind with the most bone lost and added; of normal ones that with the most bone and neither."""
    found = []
    for spine in spines:
        lesion = (spine.lytic | spine.blastic).sum(axis=(1, 2))
        bone = (spine.scan.to_numpy() > 300).sum(axis=(1, 2))
        shown = np.where(lesion == 0, bone, -1) if quality is Quality.NORMAL else lesion
        shown = np.where((spine.quality == quality) & (spine.vertebra > 0), shown, -1)
        found.append((shown.max(), spine, int(shown.argmax())))
    _, spine, z = max(found, key=lambda each: each[0])
    return spine, z


def cohort() -> None:
    """BV/TV of the cohort that the how-to measures, by the commands that it names."""
    animals = "cohort --controls 4 --tumours 4 --treated 4 --seed 1 --out cohort"
    measures = "measure cohort/Regist-CT --records cohort/MiceMediRec.csv --out measured"
    with tempfile.TemporaryDirectory() as place:
        for words in (animals, measures):
            subprocess.run([sys.executable, "-m", "napari_bonemet", *words.split()], cwd=place, check=True)
        shutil.copy(Path(place) / "measured" / "plots" / "BV-TV.png", IMAGES / "measures-cohort.png")


if __name__ == "__main__":
    depths()
    lengthwise()
    weeks()
    futures()
    kinds()
    cohort()
