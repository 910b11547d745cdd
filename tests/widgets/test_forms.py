from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication

from napari_bonemet.errors import InputError
from napari_bonemet.options import Between, Doc, Options, Unit, Unset, as_flags
from napari_bonemet.widgets.copy_command import CopyCommandButton
from napari_bonemet.widgets.forms import OptionsForm


@dataclass(frozen=True)
class Inner(Options):
    depth: Annotated[int, Doc("Depth.")] = 3


@dataclass(frozen=True)
class Example(Options):
    """Every type of option."""

    bone_threshold: Annotated[float, Doc("Bone is above this."), Between(0, 255), Unit("grey")] = 75.0
    metric: Annotated[Literal["mi", "robust"], Doc("Metric.")] = "mi"
    week: Annotated[float | None, Doc("Week.")] = None
    first: Annotated[int | None, Doc("First slice."), Between(0, 1000)] = None
    quick: Annotated[bool, Doc("Quick.")] = False
    name: Annotated[str, Doc("Name.")] = "leg"
    region: Annotated[tuple[int, int, int], Doc("Region.")] = (1, 2, 3)
    weeks: Annotated[tuple[float, ...], Doc("Weeks.")] = (0.0, 1.0)
    plane: Annotated[Literal["a", "b"] | None, Doc("Plane.")] = None
    around: Annotated[float | None, Doc("Around."), Between(0, 1000), Unit("µm"), Unset("whole field")] = None
    path: Annotated[Path | None, Doc("File.")] = None
    iterations: Annotated[int, Doc("Steps."), Between(1, 2000)] = 100
    learning: Annotated[float, Doc("Rate."), Between(0, 1)] = 0.001
    inner: Inner = Inner()


@pytest.fixture
def form(qtbot):
    form = OptionsForm(Example, basic=("bone_threshold", "metric"))
    qtbot.addWidget(form)
    return form


def test_untouched_form_gives_the_defaults(form):
    assert form.options() == Example()
    assert as_flags(form.options()) == []


def test_every_value_goes_there_and_back(form):
    other = Example(
        bone_threshold=80.5,
        metric="robust",
        week=2.0,
        first=0,
        quick=True,
        name="x",
        region=(4, 5, 6),
        weeks=(0.0, 2.5, 3.0),
        plane="b",
        around=0.0,
        path=Path("a/b").resolve(),
        iterations=7,
        learning=0.005,
    )
    form.set_options(other)
    assert form.options() == other
    form.reset()
    assert form.options() == Example()


def test_labels_tooltips_ranges_and_units_come_from_the_options(form):
    box = form.fields["bone_threshold"]
    assert (box.min, box.max) == (0, 255)
    assert box.native.suffix() == " grey"
    assert box.native.toolTip() == "Bone is above this."
    assert form.fields["week"].native.text() == "automatic"
    assert form.fields["around"].native.text() == "whole field"
    assert form.fields["metric"].choices == ("mi", "robust")
    assert form.fields["quick"].native.text() == ""


def test_what_few_need_is_folded_away(qtbot, form):
    form.show()
    assert form.fields["metric"].native.isVisible()
    assert form.fields["iterations"].native.visibleRegion().isEmpty()
    qtbot.mouseClick(form.more.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not form.fields["iterations"].native.visibleRegion().isEmpty())


def test_what_cannot_be_used_is_said(form):
    form.fields["region"].value = "1 2"
    with pytest.raises(InputError, match="region cannot be used: expected 3 numbers"):
        form.options()


def test_change_is_heard(qtbot, form):
    with qtbot.waitSignal(form.changed):
        form.fields["bone_threshold"].native.stepUp()
    assert form.options().bone_threshold > 75


def test_command_is_copied(qtbot, form):
    said = []
    form.fields["name"].value = "two words"
    button = CopyCommandButton(lambda: ["napari-bonemet", "x", *as_flags(form.options())], said.append)
    qtbot.addWidget(button)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "napari-bonemet x --name 'two words'"
    form.fields["weeks"].value = "one"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "weeks cannot be used" in said[-1]


def test_a_number_that_is_deleted_stands_for_none(form, qtbot):
    field = form.fields["around"]
    field.value = 12.0
    field.native.selectAll()
    qtbot.keyClick(field.native, Qt.Key.Key_Backspace)
    assert form.options().around is None
    qtbot.keyClicks(field.native, "34")
    assert form.options().around == 34
    field.native.selectAll()
    qtbot.keyClick(field.native, Qt.Key.Key_Delete)
    assert field.native.text() == "whole field"


def test_a_unit_is_not_said_twice_and_a_rate_keeps_its_digits(qtbot):
    @dataclass(frozen=True)
    class Rates(Options):
        length_um: Annotated[float | None, Doc("Length."), Between(0, 100), Unit("µm")] = None
        slope: Annotated[float | None, Doc("Slope."), Between(-10, 10), Unit("mg per grey")] = None
        kl_weight: Annotated[float, Doc("Weight."), Between(0, 1)] = 0.5

    form = OptionsForm(Rates)
    qtbot.addWidget(form)
    assert form._fields["length_um"].label == "Length"
    assert form._fields["kl_weight"].label == "KL weight"
    form.fields["slope"].value = 1.76123
    form.fields["length_um"].value = 10.5
    assert form.options() == Rates(10.5, 1.76123)
