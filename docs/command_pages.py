"""Writes the pages of the reference that the code itself knows: one per room of the package, one per command."""

import os
import re
import subprocess
import sys
from pathlib import Path

import napari_bonemet

GENERATED = Path(__file__).parent / "reference" / "generated"
PACKAGE = Path(napari_bonemet.__file__).parent
ROOMS = {
    "": "Scans, geometry, options and history",
    "io": "Reading and writing",
    "phantom": "The synthetic tibia",
    "phantom/vertebra": "Synthetic vertebrae",
    "processing": "Registration, composites, regions of interest",
    "morphometry": "Bone measures, remodelling, lesions",
    "morphometry/masks": "Bone measures: compartments",
    "morphometry/structure": "Bone measures: thickness and structure",
    "morphometry/change": "Bone measures: remodelling and lesions",
    "morphometry/cohort": "Bone measures: cohorts",
    "metrics": "How close is a prediction",
    "forecast": "Forecasts",
    "forecast/benchmark": "Forecasts: the benchmark",
    "diagnose": "Diagnosis",
    "diagnose/volume": "Diagnosis: training on volumes",
    "diagnose/together": "Diagnosis: weeks together, and futures",
    "diagnose/attention": "Diagnosis: where it looked",
    "diagnose/strangeness": "Diagnosis: strange scans",
    "diagnose/scoring": "Diagnosis: how good it is",
    "diagnose/response": "Diagnosis: response to treatment",
    "diagnose/report": "Diagnosis: reports",
    "diagnose/quality": "Diagnosis: bone quality",
    "figures": "Figures",
    "study": "The whole chain",
    "study/recipes": "Recipes of classifiers",
}
_NETWORKS = (
    "ridge",
    "tvae-gate",
    "tvae-3d-unet",
    "stvae",
    "predrnn",
    "gan-3d",
    "lesion-slices",
    "lesion-weeks",
    "response",
    "bone-quality",
)
WITH_FLAGS_OF_THEIR_OWN = {
    "train": [*(f"train --network {network}" for network in _NETWORKS), "train --recipe FILE"],
    "evaluate": ["evaluate", "evaluate --checkpoint FILE"],
}
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def _write(path: Path, text: str) -> None:
    # Sphinx rebuilds what changed, so a page that did not is left alone.
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _room_page(room: str, title: str) -> str:
    folder = PACKAGE / room
    lines = [f"# {title}", ""]
    for module in sorted(folder.glob("*.py")):
        if module.stem.startswith("_"):
            continue
        name = ".".join(filter(None, ("napari_bonemet", *room.split("/"), module.stem)))
        lines += [f"## {name}", "", "```{eval-rst}", f".. automodule:: {name}", "   :ignore-module-all:", "```", ""]
    return "\n".join(lines)


def _help(*arguments: str) -> str:
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    run = subprocess.run(
        [sys.executable, "-m", "napari_bonemet", *arguments, "--help"],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    return ANSI.sub("", run.stdout).replace(f"{sys.argv[0]} ", "napari-bonemet ").rstrip()


def _commands_page() -> str:
    from napari_bonemet.cli.commands import COMMANDS

    lines = ["# Commands", "", "What `napari-bonemet COMMAND --help` prints.", ""]
    for command in ("", *COMMANDS):
        for words in WITH_FLAGS_OF_THEIR_OWN.get(command, [command]):
            title = f"napari-bonemet {words}".strip()
            lines += [f"## {title}", "", "```text", _help(*words.split()), "```", ""]
    return "\n".join(lines)


def _generate(_app: object) -> None:
    GENERATED.mkdir(parents=True, exist_ok=True)
    for room, title in ROOMS.items():
        _write(GENERATED / f"{room.replace('/', '-') or 'core'}.md", _room_page(room, title))
    _write(GENERATED / "commands.md", _commands_page())


def setup(app: object) -> dict[str, bool]:
    app.connect("builder-inited", _generate)  # type: ignore[attr-defined]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
