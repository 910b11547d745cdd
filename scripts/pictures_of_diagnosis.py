"""Pictures of the docks that tell: Diagnosis with where it looked, bone quality of a spine, Classifiers by a recipe."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qtpy.QtWidgets import QFileDialog

from napari_bonemet.phantom.cohort import CohortOptions, write_cohort
from napari_bonemet.phantom.options import LegOptions

COHORT = CohortOptions(
    controls=2,
    tumours=0,
    treated=24,
    responders=0.5,
    resistant_strength=0.0,
    seed=5,
    format="zarr",
    leg=LegOptions(shape=(24, 50, 50), spacing_um=60, weeks=(0, 1, 2, 3)),
)


def diagnosed(screen: Any) -> None:
    """Every week and the forecast told; then where the network looked in the last week."""
    diagnosis = screen.dock("Diagnosis")
    screen.press(diagnosis.run_bar.run_button, diagnosis.run_bar)
    diagnosis.table.cellClicked.emit(len(diagnosis.volumes) - 1, 0)
    screen.top(diagnosis)
    screen.settle()
    screen.save("diagnosis")
    ill = [n for n, volume in enumerate(diagnosis.volumes) if not volume.predicted and volume.diagnosis.lesion]
    diagnosis.go_to(ill[-1], diagnosis.volumes[ill[-1]].slice_index)
    diagnosis.looked.box.setChecked(True)
    screen.wait(lambda: not diagnosis.looked.run_bar.running)
    screen.show(diagnosis, diagnosis.table)
    screen.save("diagnosis-looked")
    diagnosis.looked.box.setChecked(False)


def spine(screen: Any) -> None:
    """The synthetic spine in a window of its own, each vertebra told."""
    screen.viewer.open_sample("napari-bonemet", "synthetic-spine")
    diagnosis = screen.dock("Diagnosis")
    screen.press(diagnosis.quality_button)
    box = diagnosis.quality
    box.vertebrae.setCurrentIndex(1)
    screen.show(diagnosis, box.run_bar)
    box.run_bar.run_button.click()
    screen.wait(lambda: not box.run_bar.running and box.said is not None)
    box.table.cellClicked.emit(1, 0)
    screen.show(diagnosis, diagnosis.quality_button)
    screen.save("bone-quality")
    screen.viewer.layers.clear()


def classifiers(screen: Any) -> None:
    """Response to treatment by a recipe, trained and tested on a small cohort."""
    dock = screen.dock("Classifiers")
    with TemporaryDirectory() as folder:
        scans = write_cohort(Path(folder) / "cohort", COHORT).records.parent / "Regist-CT"
        dock.recipe.data.add(scans)
        screen.wait(lambda: not dock.recipe.data.bar.running)
        dock.recipe.own.fields["epochs"].value = 20
        dock.recipe.own.fields["pixel_um"].value = 60
        QFileDialog.getExistingDirectory = staticmethod(lambda *_: str(Path(folder) / "results"))  # type: ignore[method-assign]
        screen.press(dock.run_bar.run_button, dock.run_bar)
        screen.show(dock, dock.run_bar)
        screen.bottom(dock)
        screen.save("classifiers")
