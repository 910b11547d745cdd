"""What a session keeps of a comparison: what was asked to be seen, which is asked again."""

from collections.abc import Mapping
from typing import Any

from napari_bonemet.study.session_check import read_as
from napari_bonemet.widgets.compare.arrangement import Arrangement

__all__ = ["arrangement_from", "kept_of"]

CELLS = "cells"


def kept_of(asked: Arrangement, *, shown: bool, volume: bool) -> dict[str, Any]:
    """An arrangement, and whether it was on the canvas, as plain values."""
    return {
        "shown": (asked.mode or CELLS) if shown else None,
        "layout": asked.layout,
        "keys": list(asked.keys),
        "difference": asked.difference,
        "pair": list(asked.pair),
        "volume": volume,
    }


def arrangement_from(values: Mapping[str, Any]) -> tuple[Arrangement, str | None, bool]:
    """The arrangement, what of it was on the canvas, and whether as volumes.

    Raises
    ------
    InputError
        When a value is of another type.
    """
    shown = read_as(str | None, values.get("shown"), "Compare.shown")  # type: ignore[arg-type]
    asked = Arrangement(
        None if shown in (None, CELLS) else shown,
        read_as(str, values.get("layout", ""), "Compare.layout"),
        read_as(tuple[str, ...], values.get("keys", []), "Compare.keys"),
        read_as(bool, values.get("difference", False), "Compare.difference"),
        read_as(tuple[str, str], values.get("pair", ["", ""]), "Compare.pair"),
    )
    return asked, shown, read_as(bool, values.get("volume", False), "Compare.volume")
