"""Templates: all options of a figure under a name, in a file that a person can read and change."""

import json
from dataclasses import dataclass
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.paper import PAPER
from napari_bonemet.io.atomic import atomic_file
from napari_bonemet.options_toml import toml_lines
from napari_bonemet.strict import read_record, strict_options

__all__ = ["FORMAT", "Template", "find_template", "read_template", "write_template"]

FORMAT = "napari-bonemet figure template 1"
SUFFIXES = (".json", ".toml")


@dataclass(frozen=True)
class Template:
    """Options of a figure under a name."""

    name: str
    options: MontageOptions


def find_template(name: str) -> Template:
    """One of the first paper's figures by its name, else what a file holds.

    Raises
    ------
    InputError
        When there is neither, or the file cannot be used.
    """
    key = " ".join(name.lower().replace("-", " ").replace("_", " ").split())
    if key in PAPER:
        return Template(key, PAPER[key])
    if Path(name).suffix.lower() not in SUFFIXES:
        raise InputError(
            f"There is no template {name[:80]!r}", expected=f"{', '.join(PAPER)}, or a file that ends in .json or .toml"
        )
    return read_template(name)


def read_template(path: str | Path) -> Template:
    """Read a template; nothing in it is trusted.

    Raises
    ------
    InputError
        When it is not there, is no template, or a value in it is of another type or out of range.
    """
    path = Path(path)
    record = read_record(path, "figure template")
    if record.get("format") != FORMAT:
        raise InputError(f"{path} is no figure template", expected=FORMAT, found=str(record.get("format"))[:80])
    strangers = sorted(str(name)[:40] for name in set(record) - {"format", "name", "options"})
    if strangers:
        raise InputError(f"{path} holds what no template has", found=", ".join(strangers[:8]))
    name = record.get("name", path.stem)
    if not isinstance(name, str):
        raise InputError(f"The name in {path} cannot be used", expected="text")
    return Template(name[:200], strict_options(MontageOptions, record.get("options", {}), path.name))


def write_template(template: Template, path: str | Path, *, overwrite: bool = True) -> Path:
    """Write a template as JSON or TOML, whole or not at all; what :func:`read_template` reads.

    Raises
    ------
    InputError
        When the name ends otherwise.
    OutputError
        When a file is there and may not be replaced, or the disk refuses.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"A template cannot be saved as {path.name}", expected=" or ".join(SUFFIXES))
    if path.suffix.lower() == ".toml":
        lines = [f"format = {json.dumps(FORMAT)}", f"name = {json.dumps(template.name)}", "", "[options]"]
        text = "\n".join([*lines, *toml_lines(template.options)]) + "\n"
    else:
        record = {"format": FORMAT, "name": template.name, "options": template.options.as_record()}
        text = json.dumps(record, indent=2) + "\n"
    with atomic_file(path, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path
