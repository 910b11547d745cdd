"""The Classifiers dock: train and test a classifier by a recipe, and read its report."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QFileDialog, QPushButton

from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.progress import Progress
from napari_bonemet.study.device import choose_device
from napari_bonemet.study.recipes.recipe import Recipe, read_recipe, write_recipe
from napari_bonemet.study.recipes.run import Done, evaluate_recipe, train_recipe
from napari_bonemet.widgets.copy_command import CopyCommandButton, CopyPythonButton, beside
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.recipes.form import RecipeForm
from napari_bonemet.widgets.recipes.result import RecipeResult
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.script import Script
from napari_bonemet.widgets.settings import device_setting, start_in

__all__ = ["ClassifiersDock"]

ABOUT = (
    "A classifier learns from folders of weekly scans and a column of the medical records (bone quality: from folders "
    "with labels.csv); add a folder, or open a recipe. Each animal is judged by networks that never saw it."
)
RECIPES, CHECKPOINTS = "Recipes (*.toml)", "Checkpoints (*.safetensors)"


class ClassifiersDock(Dock):
    """A recipe as a form; the command line reads the same file.

    Attributes
    ----------
    recipe : RecipeForm
        What is learned from what, and how.
    run_bar : RunBar
        Train and test, and Cancel.
    test_button : QPushButton
        Ask a trained classifier about the recipe's animals.
    result : RecipeResult
        How it did.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Nothing on it is changed.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.heading(ABOUT)
        self._file: tuple[Path, Recipe] | None = None
        self._build_recipe()
        self._build_result()
        self.column.addStretch(1)

    def _build_recipe(self) -> None:
        box = self.box("Recipe, research use")
        self.open_button, self.save_button = QPushButton("Open recipe…"), QPushButton("Save recipe…")
        self.save_button.setToolTip("A TOML file that `napari-bonemet train --recipe` takes as it is.")
        self.open_button.clicked.connect(self.open_recipe)
        self.save_button.clicked.connect(self.save_recipe)
        self.recipe = RecipeForm()
        self.run_bar = RunBar("Train and test")
        self.run_bar.run_button.setToolTip("Asks for the folder of the results first.")
        self.run_bar.run_button.clicked.connect(self.train)
        self.test_button = QPushButton("Test a trained one…")
        self.test_button.setToolTip("Asks a checkpoint about these animals, which it must not have learned from.")
        self.test_button.clicked.connect(self.test)
        self.run_bar.lock(self.recipe, self.open_button, self.test_button)
        self.copy_button = CopyCommandButton(self._command, self.run_bar.say)
        self.python_button = CopyPythonButton(self._script, self.run_bar.say)
        files, copies = beside(self.open_button, self.save_button), beside(self.copy_button, self.python_button)
        for widget in (files, self.recipe, self.run_bar, self.test_button, copies):
            box.addWidget(widget)

    def _build_result(self) -> None:
        box = self.box("On animals held out")
        self.result = RecipeResult()
        box.addWidget(self.result)
        self._shown = box.parentWidget()
        self._shown.hide()

    def open_recipe(self) -> None:
        """Ask for a recipe, and fill the form from it."""
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a recipe", start_in(), RECIPES)
        if not chosen:
            return
        try:
            recipe = read_recipe(chosen)
            self.recipe.show_recipe(recipe)
            self._file = (Path(chosen), self.recipe.recipe())
            self.run_bar.say(f"{Path(chosen).name}: {len(recipe.data)} folders.")
        except BoneMetError as error:
            self.run_bar.say(str(error))

    def save_recipe(self) -> None:
        """Ask for a name, and write the recipe that is filled in."""
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the recipe", start_in("recipe.toml"), RECIPES)
        if not chosen:
            return
        try:
            recipe = self.recipe.recipe()
            saved = write_recipe(recipe, Path(chosen).with_suffix(".toml"), overwrite=True)
            self._file = (saved, recipe)
            self.run_bar.say(f"Saved {saved}")
        except BoneMetError as error:
            self.run_bar.say(str(error))

    def train(self) -> None:
        """Ask for the folder of the results, then train and test beside the screen."""
        self._run(
            "Training",
            lambda recipe, device, say, progress: train_recipe(recipe, device=device, warn=say, progress=progress),
        )

    def test(self) -> None:
        """Ask for a checkpoint and the folder of the results, then test it beside the screen."""
        chosen, _ = QFileDialog.getOpenFileName(self, "A trained classifier", start_in(), CHECKPOINTS)
        if chosen:
            self._run(
                f"Testing {Path(chosen).name}",
                lambda recipe, device, say, progress: evaluate_recipe(
                    recipe, chosen, device=device, warn=say, progress=progress
                ),
            )

    def _run(self, what: str, work: Callable[[Recipe, str, Callable[[str], None], Progress], Done]) -> None:
        try:
            if not self.recipe.data.folders:
                raise InputError("There is nothing to learn from yet", remedy="Add a folder of weekly scans")
            self.recipe.recipe()
            device = choose_device(device_setting())
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        chosen = QFileDialog.getExistingDirectory(self, "Folder for network and report", start_in())
        if not chosen:
            return
        recipe = self.recipe.recipe(Path(chosen))
        left_out: list[str] = []

        def done(made: Done) -> None:
            self.result.take(made)
            self._shown.show()
            self.run_bar.say(". ".join([f"The report is {made.report.page}", *left_out]))

        self.run_bar.start(what, lambda progress: work(recipe, device, left_out.append, progress), done)

    def _script(self) -> str:
        script, recipe = Script(), self.recipe.recipe(Path("results"))
        made = f"{script.use(train_recipe)}({script.code(recipe)}, warn=print)"
        return script.add(f"done = {made}", "print(done.report.page)").text()

    def _command(self) -> list[str]:
        if self._file is None or self._file[1] != self.recipe.recipe():
            raise InputError("The command reads the recipe from a file", remedy="Save the recipe first")
        return ["napari-bonemet", "train", "--recipe", str(self._file[0]), "--out", "results"]
