"""torch and a software OpenGL in one process: two LLVMs would meet, so triton stays outside."""

import ast
import sys
from pathlib import Path

import pytest

import napari_bonemet
from napari_bonemet import torch_import


@pytest.fixture
def maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "maps"
    monkeypatch.setattr(torch_import, "_MAPS", path)
    monkeypatch.setitem(sys.modules, "triton", None)
    monkeypatch.delitem(sys.modules, "triton")
    return path


def test_triton_is_kept_out_beside_a_software_renderer(maps: Path) -> None:
    maps.write_text("7f00-7f01 r-xp 0 08:01 1  /usr/lib/x86_64-linux-gnu/libLLVM-15.so.1\n")
    assert torch_import.import_torch().__name__ == "torch"
    assert sys.modules["triton"] is None


def test_triton_is_left_alone_elsewhere(maps: Path) -> None:
    maps.write_text("7f00-7f01 r-xp 0 08:01 1  /usr/lib/x86_64-linux-gnu/libc.so.6\n")
    torch_import.import_torch()
    assert sys.modules.get("triton", "never imported") is not None
    maps.unlink()
    torch_import.import_torch()
    assert sys.modules.get("triton", "never imported") is not None


def test_nothing_imports_torch_past_it() -> None:
    package = Path(napari_bonemet.__file__).parent
    for path in package.rglob("*.py"):
        if path.name == "torch_import.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {"torch", "torchvision"} & {name.split(".")[0] for name in names}, path
