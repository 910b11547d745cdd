"""The Train dock: a network of one's own, with its curves as it learns, its scores beside copying, and its file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton

from napari_bonemet.errors import BoneMetError
from napari_bonemet.forecast.training_options import EpochReport, TrainingOptions
from napari_bonemet.progress import Progress
from napari_bonemet.study.training import TrainedNetwork, TrainingPlan, epoch_words
from napari_bonemet.widgets.copy_command import CopyCommandButton, CopyPythonButton, beside
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.forms import OptionsForm
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.script_steps import train_script
from napari_bonemet.widgets.settings import PLUGIN, device_setting, start_in
from napari_bonemet.widgets.tables import SmallTable
from napari_bonemet.widgets.train_network import NetworkChoice
from napari_bonemet.widgets.train_plot import TrainingCurves, best_epoch
from napari_bonemet.widgets.train_run import (
    Kept,
    Said,
    TrainOptions,
    held_out_rows,
    plan_of,
    result_words,
    train,
    train_commands,
)
from napari_bonemet.widgets.train_source import TrainingSource
from napari_bonemet.widgets.worker import STOPPED

ABOUT = (
    "A network of your own learns from animals whose weeks are known, and is scored on others, beside copying the "
    "last week."
)
_KINDS = "Checkpoints (*.safetensors)"
_UNSAVED = "The network that was trained is not saved. Save it, or press Train again to give it up."
_ENDING = "Ending after the step at hand…"


class TrainDock(Dock):
    """Trains a network beside the screen, and gives its file to the Futures dock.

    Attributes
    ----------
    source : TrainingSource
        What it learns from.
    network : NetworkChoice
        The network, and its layers.
    form, training : OptionsForm
        What is asked first, and how it learns.
    run_bar, finish_button : RunBar, QPushButton
        Train and Cancel; end now, and keep the best network so far.
    curves : TrainingCurves
        Loss, and gain over copying.
    table : SmallTable
        Scores on the animals held out.
    save_button, draw_button : QPushButton
        Save the network; draw futures by it.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.heading(ABOUT)
        self.model: Any = None
        self.saved: Path | None = None
        self._warned = False
        self._build_form()
        self._build_curves()
        self._build_result()
        self.copy_button = CopyCommandButton(lambda: train_commands(self.plan()), self.run_bar.say)
        self.python_button = CopyPythonButton(lambda: train_script(self.plan()), self.run_bar.say)
        self.column.addWidget(beside(self.copy_button, self.python_button))
        self.column.addStretch(1)

    def _build_form(self) -> None:
        box = self.box("Train a network, research use")
        self.source = TrainingSource()
        self.network = NetworkChoice()
        self.form = OptionsForm(
            TrainOptions(device=device_setting()),
            basic=("minutes", "weeks_seen", "target_week", "held_out", "seed", "device"),
        )
        self.training = OptionsForm(TrainingOptions, basic=(), hidden=("minutes", "seed"))
        for form, words in ((self.form, "Animals held out by name"), (self.training, "How it learns")):
            if form.more is not None:
                form.more.setText(words)
        self.run_bar = RunBar("Train")
        self.run_bar.cancel_button.setToolTip("Stop; nothing of the network is kept.")
        self.finish_button = QPushButton("Finish now, keep the best so far")
        self.finish_button.setToolTip(
            "Ends after the step at hand; the best network so far is scored and can be saved."
        )
        self.finish_button.hide()
        self._connect()
        for widget in (self.source, self.network, self.form, self.training, self.run_bar, self.finish_button):
            box.addWidget(widget)

    def _connect(self) -> None:
        runner = self.run_bar.runner
        self.run_bar.run_button.clicked.connect(self.train)
        self.run_bar.lock(self.source, self.network, self.form, self.training)
        self._batch = self.network.usual_batch
        self.network.changed.connect(self._other_network)
        runner.reported.connect(self._reported)
        runner.failed.connect(self._failed)
        runner.finished.connect(self.finish_button.hide)
        self.finish_button.clicked.connect(self._finish)

    def _other_network(self) -> None:
        """A batch that the user has not changed is that of the network."""
        before, self._batch = self._batch, self.network.usual_batch
        if self.training.fields["batch"].value == before:
            self.training.fields["batch"].value = self._batch

    def _build_curves(self) -> None:
        box = self.box("How it goes")
        self.said, self.state = QLabel(), QLabel()
        self.curves = TrainingCurves()
        for label in (self.said, self.state):
            label.setWordWrap(True)
        for widget in (self.said, self.curves, self.state):
            box.addWidget(widget)
        self.progress_box = box.parentWidget()
        self.progress_box.hide()

    def _build_result(self) -> None:
        box = self.box("On animals held out")
        self.table = SmallTable(["", "forecast", "copied", "true"])
        self.table.horizontalHeader().setToolTip(
            "Means over the legs held out. forecast: the mean of several futures; copied: the last seen week, unchanged"
        )
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.save_button, self.draw_button = QPushButton("Save checkpoint…"), QPushButton("Draw futures with it")
        self.save_button.setToolTip("Write the network as a .safetensors file; Futures then offers it.")
        self.draw_button.setToolTip("Open Futures with this network; it is saved first.")
        self.save_button.clicked.connect(self.save)
        self.draw_button.clicked.connect(self.open_futures)
        buttons = QHBoxLayout()
        buttons.addWidget(self.save_button)
        buttons.addWidget(self.draw_button)
        box.addWidget(self.table)
        box.addWidget(self.words)
        box.addLayout(buttons)
        self.result = box.parentWidget()
        self.result.hide()

    def plan(self) -> TrainingPlan:
        """What is filled in.

        Raises
        ------
        InputError
            When a value cannot be used.
        """
        chosen = self.form.options()
        training = replace(self.training.options(), minutes=chosen.minutes, seed=chosen.seed)
        return plan_of(
            self.network.name,
            chosen,
            self.source.animals.options() if self.source.synthetic else None,
            () if self.source.synthetic else self.source.folders,
            None if self.source.synthetic else self.source.voxel_size,
            options=self.network.options(),
            training=training,
        )

    def train(self) -> None:
        """Train what is filled in, beside the screen."""
        if self.model is not None and self.saved is None and not self._warned:
            self._warned = True
            self.run_bar.say(_UNSAVED)
            return
        try:
            plan = self.plan()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        self._forget()

        def work(progress: Progress) -> TrainedNetwork:
            return train(plan, progress)

        self.run_bar.start(f"Training {plan.network}", work, self._keep)

    def _forget(self) -> None:
        self.model, self.saved, self._warned = None, None, False
        self.curves.clear()
        for label in (self.said, self.state):
            label.clear()
        self.progress_box.hide()
        self.result.hide()

    def _reported(self, item: object, _doing: str) -> None:
        match item:
            case Said(text=text):
                told = self.said.text()
                self.said.setText(f"{told}\n{text}" if told else text)
                self.progress_box.show()
            case EpochReport():
                self.curves.add(item)
                self.state.setText(self._epoch_line(item))
                self.finish_button.setVisible(self.run_bar.running)
            case Kept(model=model):
                self.model = model
                self.finish_button.hide()

    def _epoch_line(self, epoch: EpochReport) -> str:
        line = f"Epoch {epoch.epoch}: {epoch_words(epoch)}."
        best = best_epoch(self.curves.epochs)
        if best is not None and best is not epoch:
            line += f" Best {best.validation_gain_db:+.3f} dB after epoch {best.epoch}."
        return line

    def _finish(self) -> None:
        self.run_bar.runner.end_early()
        self.finish_button.hide()
        self.state.setText(f"{self.state.text()} {_ENDING}")

    def _failed(self, sentence: str) -> None:
        if self.model is None:
            return
        # Stopped or failed while it was scored: the training itself was over.
        why = "Stopped" if sentence == STOPPED else sentence.rstrip(".")
        self.run_bar.say(f"{why}. The network is trained and can be saved; it was not scored.")
        self.table.hide()
        self.words.setText("Not scored: nothing is known of how good it is.")
        self.result.show()

    def _keep(self, made: TrainedNetwork) -> None:
        self.model = made.model
        self.table.setVisible(bool(made.scores))
        self.table.fill(held_out_rows(made.scores))
        self.words.setText(result_words(made))
        self.result.show()
        self.run_bar.say("Trained. Save it to use it again.")

    def save(self) -> None:
        """Ask for a file, write the network, and hand it to the Futures dock."""
        if self.model is None:
            return
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Save the network", start_in(f"{self.model.name}.safetensors"), _KINDS
        )
        if not chosen:
            return
        path = Path(chosen)
        path = path if path.suffix == ".safetensors" else path.with_name(f"{path.name}.safetensors")
        try:
            self.model.save(path)
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        self.saved = path
        self.desk.set_checkpoint(path)
        self.run_bar.say(f"Saved as {path.name}; Futures draws by it.")

    def open_futures(self) -> None:
        """Bring the Futures dock to the front, with this network chosen."""
        if self.saved is None:
            self.save()
        if self.saved is None:
            return
        frame, _ = self.viewer.window.add_plugin_dock_widget(PLUGIN, "Futures")
        frame.show()
        frame.raise_()
