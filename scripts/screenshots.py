"""Pictures for the documentation: clicks through the docks on the sample, and saves what stands on the screen.

Needs a display; on a machine without one::

    xvfb-run -a -s "-screen 0 1600x1100x24" python scripts/screenshots.py

Every picture is of a real run: buttons are pressed, and runs are waited for.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QFileDialog, QScrollArea, QWidget

from napari_bonemet.widgets.glass import canvas_in
from pictures_of_diagnosis import classifiers, diagnosed, spine

PLUGIN = "napari-bonemet"
LIMIT_BYTES = 300_000
WINDOW = (1280, 860)
PATIENCE_S = 300


class Screen:
    """A napari window that is worked by its buttons, and photographed."""

    def __init__(self, out: Path, dock_width: int) -> None:
        import napari

        self.out, self.dock_width = out, dock_width
        self.viewer = napari.Viewer(show=True)
        self.viewer.window.resize(*WINDOW)
        self._docks: dict[str, Any] = {}

    def wait(self, ready: Callable[[], bool]) -> None:
        """Keep the window alive until it is ready."""
        end = time.monotonic() + PATIENCE_S
        while not ready():
            QApplication.processEvents()
            time.sleep(0.02)
            if time.monotonic() > end:
                raise SystemExit("The step did not end in time")
        self.settle()

    def settle(self, seconds: float = 0.6) -> None:
        """Let the window draw itself."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.02)

    def dock(self, name: str) -> Any:
        """A dock of the plugin, opened where it is not yet, in front."""
        if name not in self._docks:
            frame, widget = self.viewer.window.add_plugin_dock_widget(PLUGIN, name)
            self._docks[name] = (frame, widget)
        frame, widget = self._docks[name]
        frame.show()
        frame.raise_()
        frame.setFixedWidth(self.dock_width)
        self.settle()
        return widget

    def canvas(self) -> QWidget:
        """The widget that holds the picture."""
        window = next(iter(self._docks.values()))[1].window()
        canvas = canvas_in(window)
        if canvas is None:
            raise SystemExit("The window has no canvas")
        return canvas

    def press(self, button: QAbstractButton, bar: Any = None) -> None:
        """Click a button, and wait for the run of its bar to end."""
        if not button.isEnabled():
            raise SystemExit(f"The button {button.text()!r} is disabled")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        if bar is not None:
            self.wait(lambda: not bar.running)
            print(f"{button.text()}: {bar.line.text() or 'done'}")
        self.settle()

    def save(self, name: str) -> None:
        """Photograph the whole window."""
        path = self.out / f"{name}.png"
        self.viewer.window.screenshot(str(path), canvas_only=False, flash=False)
        shrink(path)

    def show(self, dock: Any, part: Any) -> None:
        """Scroll a dock until a part of it stands at its top."""
        self.settle()
        for area in dock.findChildren(QScrollArea):
            if area.widget() is not None and area.widget().isAncestorOf(part):
                area.verticalScrollBar().setValue(part.mapTo(area.widget(), part.rect().topLeft()).y() - 30)
        self.settle()

    def top(self, dock: Any) -> None:
        """Scroll a dock to its top."""
        for area in dock.findChildren(QScrollArea):
            area.verticalScrollBar().setValue(0)

    def bottom(self, dock: Any) -> None:
        """Scroll a dock to its bottom."""
        for area in dock.findChildren(QScrollArea):
            area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
        self.settle()


def shrink(path: Path) -> None:
    """Write the picture again, only as much smaller as the limit needs.

    Fewer pixels before fewer colours: a palette loses the rare ones, which in a legend are the ones that matter.
    """
    picture = Image.open(path).convert("RGB")
    for scale in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5):
        size = (round(picture.width * scale), round(picture.height * scale))
        picture.resize(size, Image.Resampling.LANCZOS).save(path, optimize=True)
        if path.stat().st_size < LIMIT_BYTES:
            break
    print(f"  {path.name}: {path.stat().st_size / 1000:.0f} kB at {scale:g}")


def walk(screen: Screen) -> None:
    weekly = screen.dock("Weekly scans")
    screen.press(weekly.sample_button, weekly.open_bar)
    screen.save("weekly-scans")

    register = screen.dock("Register weeks")
    screen.press(register.run_bar.run_button, register.run_bar)
    screen.top(register)
    screen.save("register-weeks")
    correct(screen, register)

    composite = screen.dock("Composite and RoI")
    screen.press(composite.run_bar.run_button, composite.run_bar)
    screen.top(composite)
    screen.save("composite-and-roi")
    composite.roi_form.fields["slices"].value = 20
    screen.press(composite.roi.find_button, composite.roi_run)
    screen.bottom(composite)
    screen.save("junction-plane")
    screen.press(composite.roi_run.run_button, composite.roi_run)
    screen.bottom(composite)
    screen.save("region-of-interest")
    screen.press(composite.whole_button, composite.roi_run)

    measure(screen)

    forecast(screen)
    train(screen)
    compared(screen)
    annotated(screen)

    diagnosed(screen)

    draw(screen)

    separate(screen)


def forecast(screen: Screen) -> None:
    """Futures, and their maps: outlines, perforation, risk on the bone."""
    futures = screen.dock("Futures")
    screen.press(futures.run_bar.run_button, futures.run_bar)
    screen.wait(lambda: not futures.canvas.layers.busy)
    risky_slice(screen, futures)
    screen.top(futures)
    screen.save("futures")
    maps = futures.maps
    for what in ("outlines", "perforation probability"):
        screen.press(maps.buttons[what], maps.run_bar)
    screen.show(futures, futures.canvas)
    screen.save("futures-maps")
    screen.press(maps.buttons["risk surface"], maps.run_bar)
    screen.show(futures, futures.canvas)
    screen.save("futures-risk")
    for button in reversed(list(maps.buttons.values())):
        screen.press(button)


def compared(screen: Screen) -> None:
    """Cells of a named layout, the same in 3D, and a wipe."""
    compare = screen.dock("Compare")
    screen.press(compare.run_bar.run_button, compare.run_bar)
    compare.plot.picked.emit(telling_slice(compare))
    screen.settle()
    QTest.mouseMove(screen.canvas(), QPoint(90, 150))
    screen.settle(0.3)
    screen.save("compare")
    screen.press(compare.volumes)
    screen.save("compare-3d")
    screen.press(compare.slices)
    screen.press(compare.single_box.buttons["Wipe"], compare.run_bar)
    compare.single_box.edge.setValue(620)
    screen.settle()
    screen.save("compare-wipe")
    screen.press(compare.back_button)


def annotated(screen: Screen) -> None:
    """A distance drawn with the mouse, and arrows on the lesions of the forecast."""
    dock = screen.dock("Annotate")
    screen.press(dock.run_bar.run_button, dock.run_bar)
    screen.press(dock.tools["distance"])
    canvas = screen.canvas()
    start, end = (
        QPoint(canvas.width() // 3, canvas.height() * 2 // 5),
        QPoint(canvas.width() * 2 // 3, canvas.height() // 2),
    )
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 9):
        QTest.mouseMove(canvas, start + (end - start) * step / 8)
        screen.settle(0.03)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    screen.settle()
    screen.save("annotate")
    shapes = dock.sheets.shapes
    screen.viewer.layers.remove(shapes)


def correct(screen: Screen, register: Any) -> None:
    """A week on the bench, pushed aside."""
    register.desk.set_week(2)
    screen.press(register.nudge.start_button, register.nudge.run_bar)
    register.nudge.fields.shifts[2].setValue(120)
    register.nudge.fields.turns[0].setValue(-8)
    screen.bottom(register)
    screen.save("correct-by-hand")
    screen.press(register.nudge.stop_button)


def measure(screen: Screen) -> None:
    """The measures of the weeks among a synthetic cohort, a map on the bone, and a lesion flown to."""
    dock = screen.dock("Measures")
    screen.press(dock.run_bar.run_button, dock.run_bar)
    with TemporaryDirectory() as folder:
        dock.cohort.add(synthetic_cohort(Path(folder) / "synthetic cohort.csv"))
        screen.wait(lambda: not dock.cohort.bar.running)
    dock.result.table.choose("BV/TV")
    dock.result.table.picked.emit("BV/TV", 3)
    dock.on_bone.choose("Tb.Sp")
    screen.show(dock, dock.result)
    screen.save("measures")
    dock.result.table.choose("Ct.Ar")
    dock.result.table.picked.emit("Ct.Ar", 3)
    dock.on_bone.choose("compartments")
    screen.show(dock, dock.result.meaning)
    screen.save("measures-compartments")
    screen.press(dock.lesions.run_bar.run_button, dock.lesions.run_bar)
    dock.lesions.table.cellClicked.emit(0, 0)
    screen.wait(lambda: not dock.flight.flying)
    screen.show(dock, dock.lesions)
    screen.save("measures-lesions")
    dock.on_bone.choose("nothing")
    screen.viewer.reset_view()


def train(screen: Screen) -> None:
    """A small network on small synthetic scans: seconds, and enough to see what a training looks like."""
    dock = screen.dock("Train")
    small = {"animals": 12, "voxel_size": 60.0, "slices": 24, "side": 50}
    layers = {"crop": 48, "size": 48, "width": 16, "g_dim": 64, "hidden": 64}
    forms = (dock.source.animals, dock.network.form, dock.training, dock.form)
    for form, values in zip(forms, (small, layers, {"epochs": 15}, {"seed": 3}), strict=True):
        for name, value in values.items():
            form.fields[name].value = value
    QTest.mouseClick(dock.run_bar.run_button, Qt.MouseButton.LeftButton)
    screen.wait(lambda: len(dock.curves.epochs) >= 6 or not dock.run_bar.running)
    screen.top(dock)
    screen.save("train")
    screen.wait(lambda: not dock.run_bar.running)
    print(f"Train: {dock.words.text()}")
    screen.bottom(dock)
    screen.save("train-done")


def synthetic_cohort(path: Path) -> Path:
    """Four synthetic legs with a tumour and four without, measured as the sample is."""
    from napari_bonemet.io.atomic import write_table
    from napari_bonemet.morphometry.cohort.weekly import weekly_table
    from napari_bonemet.morphometry.measure import measure_series
    from napari_bonemet.phantom.leg import make_leg
    from napari_bonemet.phantom.options import LegOptions

    rows: list[dict[str, object]] = []
    for seed in range(8):
        tumour = seed % 2 == 0
        leg = make_leg(LegOptions(seed=100 + seed, tumour=tumour, subject=f"synthetic-{100 + seed}"))
        table = weekly_table(measure_series(leg.registered()))
        rows += [row | {"tumour": "yes" if tumour else "no"} for row in table.as_rows()]
    return write_table(path, rows)


def separate(screen: Screen) -> None:
    """The boxes of the limbs on the synthetic hindlimb."""
    screen.dock("Weekly scans").desk.set_series(None)
    screen.viewer.layers.clear()
    dock = screen.dock("Separate limbs")
    screen.press(dock.sample_bar.run_button, dock.sample_bar)
    screen.press(dock.run_bar.run_button, dock.run_bar)
    screen.top(dock)
    screen.save("separate-limbs")


def risky_slice(screen: Screen, futures: Any) -> None:
    """Go to the slice in which the samples lose most bone."""
    share = futures.canvas.layers.drawn.loss_probability
    most = int(share.to_numpy().sum(axis=(1, 2)).argmax())
    screen.viewer.dims.set_point(0, share.grid.to_um((most, 0, 0))[0])
    screen.settle()


def telling_slice(compare: Any) -> int:
    """The slice with the lowest PSNR away from the ends, where slices are cut off by the field of view."""
    values = compare.plot.values
    edge = len(values) // 8
    return edge + int(values[edge : len(values) - edge].argmin())


def draw(screen: Screen) -> None:
    """The figure of the leg, and the paper's figure 3 of it."""
    figure = screen.dock("Figure")
    screen.press(figure.run_bar.run_button, figure.run_bar)
    screen.wait(lambda: not figure.live.busy)
    screen.save("figure")
    export(screen, figure)
    paper_figure(screen, figure, 3)
    screen.top(figure)
    screen.save("figure-builder")


def paper_figure(screen: Screen, figure: Any, number: int) -> None:
    """One of the paper's figures, by its button."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "figure.png"
        QFileDialog.getSaveFileName = staticmethod(lambda *_: (str(path), "PNG (*.png)"))
        screen.press(figure.builder.paper[f"paper figure {number}"])
        screen.wait(lambda: not figure.live.busy)
        screen.press(figure.export_button, figure.run_bar)
        target = screen.out / f"paper-figure-{number}.png"
        target.write_bytes(path.read_bytes())
        shrink(target)


def export(screen: Screen, figure: Any) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "figure.png"

        def chosen(*_: object) -> tuple[str, str]:
            return str(path), "PNG (*.png)"

        QFileDialog.getSaveFileName = staticmethod(chosen)
        screen.press(figure.export_button, figure.run_bar)
        target = screen.out / "exported-figure.png"
        target.write_bytes(path.read_bytes())
        shrink(target)


def keep(screen: Screen) -> None:
    """The session saved, and the log of all that was pressed."""
    session = screen.dock("Session")
    with TemporaryDirectory() as folder:
        session.save_to(Path(folder) / "871, first look.bonemet.json")
        screen.wait(lambda: not session.save_bar.running)
        screen.save("session")
    log = screen.dock("Log")
    log.tree.topLevelItem(log.tree.topLevelItemCount() - 2).setExpanded(True)
    screen.save("log")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "docs" / "images")
    words.add_argument("--dock-width", type=int, default=360, help="width of the docks in pixels")
    words.add_argument("--only", choices=("the chain", "classifiers"), help="some of them alone")
    chosen = words.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    walks = {"the chain": (walk, keep), "classifiers": (spine, classifiers)}
    for name, parts in walks.items():
        if chosen.only in (None, name):
            screen = Screen(chosen.out, chosen.dock_width)
            for part in parts:
                part(screen)
            screen.viewer.close()


if __name__ == "__main__":
    main()
