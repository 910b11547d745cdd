"""The house stands: every floor imports only from below, the core knows no screen, and imports are quick."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import napari_bonemet

PACKAGE = Path(napari_bonemet.__file__).parent
SCREEN = {"napari", "qtpy", "magicgui", "superqt", "vispy", "PyQt5", "PyQt6", "PySide2", "PySide6"}
FLOORS = {
    "__main__": 11,  # python -m napari_bonemet, which is the command line
    "cli": 10,
    "widgets": 9,
    "bonemet": 9,  # the published call forms, which nothing of ours needs
    "study": 8,
    "figures": 7,
    "diagnose": 6,
    "mechanics": 6,
    "forecast": 5,
    "morphometry": 4,
    "metrics": 4,
    "processing": 3,
    "phantom": 3,
    "reconstruct": 3,
    "io": 2,
}
MODULES = sorted(PACKAGE.rglob("*.py"))
CORE = [path for path in MODULES if path.relative_to(PACKAGE).parts[0] != "widgets"]
# Files of network layers inherit from torch's classes: they import it at their top, and are imported late themselves.
OF_LAYERS = ("_network", "_losses")
HEAVY = {"torch", "torchvision", "lpips", "SimpleITK", "napari", "matplotlib", "scipy", "skimage", "dask", "zarr"}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_only_from_floors_below(path: Path) -> None:
    own = FLOORS.get(room(path), 1)
    for name in imported(path):
        if name.startswith("napari_bonemet."):
            other = name.split(".")[1]
            assert other == room(path) or FLOORS.get(other, 1) <= own - (own > 1), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", CORE, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_core_knows_no_screen(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & SCREEN


def test_import_is_quick_and_light() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import napari_bonemet; "
        "print(time.perf_counter() - start, *sorted({m.split('.')[0] for m in sys.modules}))"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    seconds = min(float(run.stdout.split()[0]) for run in runs)
    assert seconds < 0.3
    assert not set(runs[0].stdout.split()[1:]) & (HEAVY | SCREEN)


def test_core_modules_import_without_a_screen() -> None:
    names = [
        ".".join(("napari_bonemet", *p.relative_to(PACKAGE).with_suffix("").parts))
        for p in MODULES
        if room(p) != "widgets" and p.name not in ("__main__.py", "__init__.py")
    ]
    layers = [name for name in names if name.endswith(OF_LAYERS)]
    names = [name for name in names if name not in layers]
    code = (
        "import sys, importlib\n"
        f"for name in {sorted(SCREEN)!r}: sys.modules[name] = None\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "assert not {'torch', 'lpips', 'SimpleITK'} & set(sys.modules), 'imported before a step needs it'\n"
        f"for name in {layers!r}: importlib.import_module(name)\n"
        "assert not {'lpips', 'SimpleITK'} & set(sys.modules), 'a network needs torch alone'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
