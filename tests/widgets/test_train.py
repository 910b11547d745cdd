"""The Train dock by its buttons: curves as it learns, Cancel, ending early, the file, futures drawn by it."""

import shlex
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QFileDialog

from napari_bonemet.cli import main
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import load_checkpoint
from napari_bonemet.forecast.models.catalogue import ARCHITECTURES, options_for
from napari_bonemet.forecast.training import EpochReport
from napari_bonemet.metrics.table import score
from napari_bonemet.phantom.cohort import write_cohort
from napari_bonemet.progress import Progress
from napari_bonemet.study import training
from napari_bonemet.study.holding_out import Split
from napari_bonemet.study.training_legs import SyntheticAnimals, legs_of_cohort
from napari_bonemet.widgets.train import TrainDock
from napari_bonemet.widgets.train_plot import TrainingCurves, best_epoch
from napari_bonemet.widgets.train_run import TrainOptions, plan_of, result_words, train_commands

WAIT_MS = 120_000
ANIMALS = SyntheticAnimals(animals=4, voxel_size=60.0, slices=8, side=48)
SMALL = {"crop": 48, "size": 32, "width": 4, "g_dim": 8, "hidden": 8, "z_dim": 4}


class Screen:
    """A napari window with the Train dock, set to the least that learns."""

    def __init__(self, viewer: Any, qtbot: Any) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        self.train: TrainDock = viewer.window.add_plugin_dock_widget("napari-bonemet", "Train")[1]
        self.train.source.animals.set_options(ANIMALS)
        for name, value in SMALL.items():
            self.train.network.form.fields[name].value = value
        self.set(batch=16, epochs=2)

    def set(self, **values: Any) -> None:
        for name, value in values.items():
            form = self.train.form if name in self.train.form.fields else self.train.training
            form.fields[name].value = value

    def press(self, button: QAbstractButton) -> None:
        assert button.isEnabled(), f"{button.text()!r} is disabled"
        assert not button.isHidden(), f"{button.text()!r} is hidden"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, ready: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(ready, timeout=WAIT_MS)

    def finish(self) -> None:
        self.wait(lambda: not self.train.run_bar.running)

    def run(self) -> str:
        self.press(self.train.run_bar.run_button)
        self.finish()
        return str(self.train.run_bar.line.text())

    def save_as(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
        self.press(self.train.save_button)


@pytest.fixture
def screen(make_napari_viewer: Callable[..., Any], qtbot: Any) -> Screen:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 700)
    return Screen(viewer, qtbot)


def epoch(number: int, gain: float | None) -> EpochReport:
    return EpochReport(number, 0.01 / number, 0.01, 9.0, gain)


def test_a_network_is_trained_saved_and_draws_futures(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dock = screen.train
    assert dock.result.isHidden()
    assert dock.progress_box.isHidden()
    screen.run()
    assert [epoch.epoch for epoch in dock.curves.epochs] == [1, 2]
    assert dock.said.text() == (
        "Training tvae-gate on 3 legs (synthetic legs); of other animals 1 leg held out, on cpu."
    )
    assert dock.state.text().startswith("Epoch 2: loss 0.0")
    rows = {row[0]: row[1:] for row in dock.table.rows()}
    assert set(rows) == {"PSNR, dB", "SSIM", "lesion Dice", "lost, mm³"}
    assert rows["PSNR, dB"][0] != rows["PSNR, dB"][1]
    assert float(rows["PSNR, dB"][1]) > 10
    assert "On 1 leg held out, the mean of 4 futures is" in dock.words.text()
    screen.save_as(tmp_path / "mine", monkeypatch)
    path = tmp_path / "mine.safetensors"
    checkpoint = load_checkpoint(path)
    assert (checkpoint.name, checkpoint.synthetic, checkpoint.training["epochs"]) == ("tvae-gate", True, 2)
    screen.press(dock.draw_button)
    futures = screen.viewer.window.add_plugin_dock_widget("napari-bonemet", "Futures")[1]
    assert futures.form.fields["model"].value == "checkpoint"
    assert Path(futures.form.fields["checkpoint"].value) == path
    leg = legs_of_cohort(ANIMALS.cohort((0, 1, 2, 3), 7), bone_threshold=75)[0]
    dock.desk.set_series(leg)
    futures.form.fields["samples"].value = 2
    futures.form.fields["perceptual"].value = False
    screen.press(futures.run_bar.run_button)
    screen.wait(lambda: not futures.run_bar.running and not futures.canvas.layers.busy)
    assert dock.desk.forecast is not None
    assert "from the file mine.safetensors" in futures.model_note.text()
    # A network saved later takes its place in a dock that stands open.
    dock.desk.set_checkpoint(tmp_path / "other.safetensors")
    assert Path(futures.form.fields["checkpoint"].value).name == "other.safetensors"


def test_cancel_stops_within_two_seconds_and_keeps_nothing(screen: Screen) -> None:
    dock = screen.train
    screen.set(epochs=5000, patience=5000)
    screen.press(dock.run_bar.run_button)
    screen.wait(lambda: len(dock.curves.epochs) >= 1)
    assert not dock.source.isEnabled()
    screen.press(dock.run_bar.cancel_button)
    pressed = time.monotonic()
    screen.finish()
    assert time.monotonic() - pressed < 2
    assert dock.model is None
    assert dock.result.isHidden()
    assert dock.finish_button.isHidden()
    assert dock.source.isEnabled()
    assert "Stopped" in dock.run_bar.line.text()


def test_finish_now_keeps_the_best_network(screen: Screen) -> None:
    dock = screen.train
    screen.set(epochs=5000, patience=5000)
    assert dock.finish_button.isHidden()
    screen.press(dock.run_bar.run_button)
    screen.wait(lambda: len(dock.curves.epochs) >= 2)
    screen.press(dock.finish_button)
    assert "Ending" in dock.state.text()
    assert dock.finish_button.isHidden()
    screen.finish()
    record, best = dock.model.training, best_epoch(dock.curves.epochs)
    assert 2 <= record["epochs"] == len(dock.curves.epochs) < 5000
    assert best is not None
    assert record["best_epoch"] == best.epoch
    assert not dock.table.isHidden()
    assert dock.finish_button.isHidden()


def test_each_network_has_a_form_of_its_own(screen: Screen) -> None:
    choice = screen.train.network
    names = [choice.combo.itemData(at) for at in range(choice.combo.count())]
    assert set(names) == set(ARCHITECTURES)
    for at, name in reversed(list(enumerate(names))):
        choice.combo.setCurrentIndex(at)
        assert choice.options() == options_for(name)
        assert not {"weeks_seen", "gap_weeks"} & set(choice.form.fields)
    batch = screen.train.training.fields["batch"]
    choice.combo.setCurrentIndex(names.index("stvae"))
    assert batch.value == 16, "what the user chose stays"
    batch.value = 2
    choice.combo.setCurrentIndex(names.index("tvae"))
    assert batch.value == 48
    choice.combo.setCurrentIndex(names.index("stvae"))
    assert batch.value == 2
    choice.combo.setCurrentIndex(names.index("tvae"))
    choice.form.fields["width"].value = 8
    assert screen.train.plan().options == replace(options_for("tvae"), width=8)


def test_cancel_while_it_is_scored_keeps_the_network(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(*_: Any, progress: Progress, **__: Any) -> None:
        while True:
            progress.message("scoring")
            time.sleep(0.02)

    monkeypatch.setattr(training, "score_held_out", wait)
    dock = screen.train
    screen.press(dock.run_bar.run_button)
    screen.wait(lambda: dock.run_bar.line.text() == "scoring")
    screen.press(dock.run_bar.cancel_button)
    screen.finish()
    assert dock.run_bar.line.text() == "Stopped. The network is trained and can be saved; it was not scored."
    assert dock.save_button.isVisibleTo(dock)
    assert dock.table.isHidden()


@pytest.mark.slow
def test_an_unsaved_network_is_not_lost_by_a_slip(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dock = screen.train
    screen.set(epochs=1)
    screen.run()
    first = dock.model
    assert "is not saved" in screen.run()
    assert dock.model is first
    # The dialog closed without a name: nothing is written, and the Futures dock is not opened.
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    screen.press(dock.draw_button)
    assert dock.saved is None
    screen.run()
    assert dock.model is not first
    screen.save_as(tmp_path / "mine.safetensors", monkeypatch)
    assert "is not saved" not in screen.run()


def test_folders_are_looked_into_and_the_same_command_trains_the_same(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dock = screen.train
    cohort = write_cohort(tmp_path / "cohort", ANIMALS.cohort((0, 1, 2, 3), 0))
    screen.press(dock.copy_button)
    synthetic = QGuiApplication.clipboard().text()
    assert synthetic.startswith("napari-bonemet cohort --controls 1 --tumours 3 ")
    dock.source.kind.setCurrentIndex(1)
    assert "nothing to learn from yet" in screen.run()
    screen.press(dock.copy_button)
    assert "nothing to learn from yet" in dock.run_bar.line.text()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "nothing"))
    screen.press(dock.source.add_button)
    screen.wait(lambda: not dock.source.bar.running)
    assert "is not there" in dock.source.bar.line.text()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(cohort.scans))
    for _ in range(2):
        screen.press(dock.source.add_button)
        screen.wait(lambda: not dock.source.bar.running)
    assert [dock.source.list.item(row).text() for row in range(dock.source.list.count())] == [
        "Regist-CT: 4 legs, weeks 0, 1, 2, 3"
    ]
    # Without a limit in minutes, so that the clock has no say in how fast it learns.
    screen.set(animals_held_out="synthetic-0t1", seed=3, minutes=0)
    screen.run()
    assert dock.model.training["validation_animals"] == ["synthetic-0t1"]
    screen.press(dock.copy_button)
    words = shlex.split(QGuiApplication.clipboard().text())
    monkeypatch.chdir(tmp_path)
    assert main(words[1:]) == 0
    again, ours = load_checkpoint(tmp_path / "tvae-gate.safetensors"), dock.model.checkpoint()
    assert all(np.array_equal(again.tensors[name], ours.tensors[name]) for name in ours.tensors)
    screen.press(dock.source.remove_button)
    assert dock.source.folders == ()


def test_what_cannot_be_trained_is_said(screen: Screen) -> None:
    dock = screen.train
    screen.set(weeks_seen="0 1", target_week=3)
    assert "even steps" in screen.run()
    screen.set(weeks_seen="nought")
    assert "weeks seen cannot be used" in screen.run()
    screen.set(weeks_seen="0 0.5 1", target_week=1.5)
    assert "whole weeks" in screen.run()
    screen.set(weeks_seen="0 1 2", target_week=3, device="mps")
    assert "'mps' is not there" in screen.run()
    assert dock.result.isHidden()


@pytest.mark.slow
def test_without_animals_held_out_nothing_is_said_to_be_good(screen: Screen) -> None:
    screen.set(held_out=0, epochs=1)
    screen.run()
    assert screen.train.table.isHidden()
    assert "nothing is known of how good it is" in screen.train.words.text()
    assert best_epoch(screen.train.curves.epochs) is None


@pytest.mark.parametrize(("lost", "said"), [((0.0, 0.0), True), ((0.0, 0.01), False)])
def test_held_out_animals_without_a_loss_are_said_to_show_nothing(lost: tuple[float, ...], said: bool) -> None:
    leg = legs_of_cohort(ANIMALS.cohort((2, 3), 0), bone_threshold=75)[0]
    one = score(leg[0], leg[1], leg[0], model="made", bone_threshold=75, perceptual=False)
    scores = tuple(replace(one, true_lost_mm3=value) for value in lost)
    split = Split((leg,), (leg, leg))
    record = {"best_epoch": 1, "epochs": 2, "kl_nats": 0.1}
    model = SimpleNamespace(name="tvae", training=record)
    words = result_words(training.TrainedNetwork(model, split, scores, "cpu", options_for("tvae")))
    assert ("None of them lost bone" in words) is said
    assert "Its latent holds 0.10 nats" in words


def test_curves_hold_what_was_told(qapp: Any) -> None:
    curves = TrainingCurves()
    for number, gain in enumerate((-1.0, 0.5, 0.25), start=1):
        curves.add(epoch(number, gain))
    curves.draw()
    loss, gained = curves._figure.axes
    assert list(loss.lines[0].get_ydata()) == pytest.approx([10, 5, 10 / 3])
    assert list(gained.lines[1].get_ydata()) == [-1.0, 0.5, 0.25]
    assert list(gained.lines[2].get_xdata()) == [2]
    assert best_epoch(curves.epochs) is curves.epochs[1]
    curves.clear()
    curves.add(epoch(1, None))
    curves.draw()
    assert len(curves._figure.axes) == 1


def test_commands_name_the_cohort_and_one_seed() -> None:
    animals = replace(ANIMALS, animals=8)
    chosen = TrainOptions(seed=5, held_out=25, minutes=2.0, device="cpu")
    plan = plan_of(
        "tvae",
        chosen,
        animals,
        (),
        None,
        options=replace(options_for("tvae"), **SMALL),
        training=training.TrainingOptions(minutes=2.0, seed=5, batch=16),
    )
    cohort, train = (" ".join(command) for command in train_commands(plan))
    assert "--controls 2 --tumours 6 --seed 5 " in f"{cohort} "
    assert "--shape 8 48 48 --spacing-um 60.0" in cohort
    assert train == (
        "napari-bonemet train --network tvae --data cohort/Regist-CT --inputs 0 1 2 --target 3 --validation-share 0.25 "
        "--minutes 2.0 --batch 16 --crop 48 --size 32 --z-dim 4 --g-dim 8 --hidden 8 --width 4 --seed 5 --device cpu "
        "--out tvae.safetensors"
    )
    with pytest.raises(InputError, match="nothing to learn from"):
        train_commands(replace(plan, cohort=None))
