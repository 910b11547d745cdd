"""Bad input by the docks and the reader: one clear sentence, and what was there before is still there."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QFileDialog

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid
from napari_bonemet.io import write_scan, write_series
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries

WAIT_MS = 30_000
PLUGIN = "napari-bonemet"
Make = Callable[..., ScanSeries]


def study(make_series: Make, folder: Path) -> Path:
    """Two good weeks; gives the folder of the second."""
    write_series(make_series((0, 1)), folder)
    return folder / "871 left tibia" / "week 1"


def middle(week: Path) -> Path:
    return sorted(week.glob("*.png"))[5]


def nothing(make_series: Make, folder: Path) -> str:
    folder.mkdir()
    return "holds no scans"


def slice_missing(make_series: Make, folder: Path) -> str:
    middle(study(make_series, folder)).unlink()
    return "In week 1 a slice is missing between"


def two_sizes(make_series: Make, folder: Path) -> str:
    picture = middle(study(make_series, folder))
    Image.fromarray(np.zeros((20, 21), np.uint8)).save(picture)
    return f"{picture.name} has another size than the other slices of week 1"


def text_as_png(make_series: Make, folder: Path) -> str:
    picture = middle(study(make_series, folder))
    picture.write_text("no picture at all, only words " * 9, encoding="utf-8")
    return f"{picture.name} is no PNG file, whatever its name says"


def nifti_cut_short(make_series: Make, folder: Path) -> str:
    folder.mkdir()
    for week, scan in enumerate(make_series((0, 1))):
        path = write_scan(scan, folder / f"871 left tibia week {week}.nii")
    path.write_bytes(path.read_bytes()[:2000])
    return "week 1.nii is cut short"


def link_outside(make_series: Make, folder: Path) -> str:
    week = study(make_series, folder)
    elsewhere = shutil.move(week, folder.parent / "elsewhere")
    week.symlink_to(elsewhere, target_is_directory=True)
    return "points outside its folder"


SPOILT = (slice_missing, two_sizes, text_as_png, nifti_cut_short, link_outside)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def press(qtbot: Any, button: QAbstractButton, bar: Any) -> None:
    assert button.isEnabled(), button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bar.running, timeout=WAIT_MS)


def check_sentence(text: str, words: str) -> None:
    assert words in text
    assert text.endswith(".")
    assert "\n" not in text
    assert not any(sign in text for sign in ("Traceback", "Error(", ".tmp-", "nobody foresaw")), text


@pytest.mark.parametrize("spoil", [nothing, *SPOILT], ids=lambda spoil: spoil.__name__)
def test_a_folder_that_cannot_be_opened_is_told_in_the_dock(
    spoil: Callable[[Make, Path], str],
    *,
    qtbot: Any,
    make_napari_viewer: Callable[..., Any],
    make_series: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = spoil(make_series, tmp_path / "study")
    before = contents(tmp_path)
    viewer = make_napari_viewer()
    dock = viewer.window.add_plugin_dock_widget(PLUGIN, "Weekly scans")[1]
    open_now = make_series((0, 1, 2), subject="870")
    dock.desk.set_series(open_now)
    layers = list(viewer.layers)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "study"))
    press(qtbot, dock.folder_button, dock.open_bar)
    check_sentence(dock.open_bar.line.text(), words)
    assert dock.desk.series is open_now
    assert list(viewer.layers) == layers
    assert dock.folder_button.isEnabled()
    assert contents(tmp_path) == before


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_a_folder_that_cannot_be_read_is_told_by_the_reader(
    spoil: Callable[[Make, Path], str], make_model: Callable[[], Any], make_series: Make, tmp_path: Path
) -> None:
    words = spoil(make_series, tmp_path / "study")
    viewer = make_model()
    own = viewer.add_image(np.zeros((4, 5, 5)))
    with pytest.raises(InputError) as told:
        viewer.open(tmp_path / "study", plugin=PLUGIN)
    check_sentence(str(told.value), words)
    assert list(viewer.layers) == [own]


def test_weeks_of_different_voxel_sizes_are_registered_in_micrometres_and_it_is_said(
    qtbot: Any, make_napari_viewer: Callable[..., Any]
) -> None:
    leg = make_leg(LegOptions(shape=(32, 64, 64), spacing_um=45.0, weeks=(0, 1), seed=1)).series
    coarse = Grid((24, 48, 48), (60.0, 60.0, 60.0), (7.5, 7.5, 7.5))
    mixed = ScanSeries((leg[0], resample(leg[1], coarse)))
    dock = make_napari_viewer().window.add_plugin_dock_widget(PLUGIN, "Register weeks")[1]
    dock.desk.set_series(mixed)
    dock.form.fields["azimuths"].value = 8
    press(qtbot, dock.run_bar.run_button, dock.run_bar)
    assert "the weeks have different voxel sizes (45 x 45 x 45, 60 x 60 x 60 µm)" in dock.reasons.text()
    assert "registered in micrometres" in dock.reasons.text()
    registered = dock.desk.registered
    assert registered.on_one_grid
    assert registered[1].spacing == (45.0, 45.0, 45.0)
    assert [quality.verdict for quality in dock.desk.registration.quality] == ["good", "good"]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk too small for any picture: a real one for root, else a limit on the size of files."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(small)]
    if os.name == "posix" and os.geteuid() == 0 and not subprocess.run(mount, check=False).returncode:
        yield small
        subprocess.run(["umount", str(small)], check=True)
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    yield small
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_the_old_figure_is_kept(
    qtbot: Any,
    make_napari_viewer: Callable[..., Any],
    make_series: Make,
    full_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = full_disk / "figure.png"
    target.write_text("the old figure", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), "PNG (*.png)"))
    dock = make_napari_viewer(show=True).window.add_plugin_dock_widget(PLUGIN, "Figure")[1]
    dock.desk.set_series(make_series((0, 1), kind=Kind.REGIST))
    press(qtbot, dock.export_button, dock.run_bar)
    check_sentence(dock.run_bar.line.text(), f"{target} could not be written: ")
    assert "disk" in dock.run_bar.line.text()
    press(qtbot, dock.canvas_button, dock.canvas.run_bar)
    check_sentence(dock.canvas_note.text(), f"{target} could not be written: ")
    assert [path.name for path in full_disk.iterdir()] == ["figure.png"]
    assert target.read_text(encoding="utf-8") == "the old figure"
    assert dock.export_button.isEnabled()
