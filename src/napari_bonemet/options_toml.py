"""Options as lines of TOML that a person can read and change."""

import json

from napari_bonemet.options import Options, describe


def toml_lines(options: Options, *, without: tuple[str, ...] = ()) -> list[str]:
    """A line for each option, with what it means above it; TOML has no word for "not given", which is left out.

    Parameters
    ----------
    options : Options
        Flat: none nested in it.
    without : tuple of str
        Options that are left out.
    """
    docs = {option.name: option.doc for option in describe(type(options))}
    lines: list[str] = []
    for name, value in options.as_record().items():
        if name not in without:
            lines += [f"# {docs[name]}", f"# {name} =" if value is None else f"{name} = {json.dumps(value)}"]
    return lines
