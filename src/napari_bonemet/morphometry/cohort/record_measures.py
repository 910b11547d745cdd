"""Which columns of medical records hold a measure, and in which unit."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from napari_bonemet.io.record_columns import Column
from napari_bonemet.morphometry.catalogue import MEASURES, Measure

_LENGTHS_MM = {"mm": 1.0, "um": 1e-3, "cm": 10.0, "m": 1e3, "nm": 1e-6}
_MINERAL = {"mgha/cm3": 1.0, "mg/cm3": 1.0, "gha/cm3": 1e3, "g/cm3": 1e3, "mgha/ccm": 1.0, "gha/ccm": 1e3}
_MINERAL |= {"mghydroxyapatite/cm3": 1.0, "mgha/cc": 1.0, "mg/cc": 1.0, "g/cc": 1e3, "mg/ccm": 1.0}
_SHARE = {"%": 1.0, "percent": 1.0, "fraction": 100.0, "ratio": 100.0, "1": 100.0, "-": 100.0}
_WORDS = {"trabecular": "tb", "trab": "tb", "cortical": "ct", "cort": "ct"}
# Other words for the same, as tables of CTAn, of Scanco and of papers have them.
_ALSO: dict[str, tuple[str, ...]] = {
    "Tt.BV": ("bone volume", "total bone volume", "bone volume total"),
    "BV/TV": ("bone volume fraction", "trabecular bone volume fraction", "percent bone volume"),
    "Tb.Th": ("trabecular thickness",),
    "Tb.Sp": ("trabecular separation", "trabecular spacing", "trab spacing"),
    "Tb.N": ("trabecular number", "trab number"),
    "Conn.D": ("connectivity density", "conn dens"),
    "DA": ("degree of anisotropy",),
    "SMI": ("structure model index",),
    "Tb.BMD": ("trabecular bmd",),
    "Ct.Ar": ("cortical area", "cortical bone area", "b ar"),
    "Tt.Ar": ("total area", "t ar"),
    "Ma.Ar": ("marrow area", "medullary area", "m ar"),
    "Ct.Ar/Tt.Ar": ("cortical area fraction",),
    "Ct.Th": ("cortical thickness",),
    "Ct.Po": ("cortical porosity",),
    "pMOI": ("polar moment of inertia", "cortical polar moment of inertia", "mmi polar", "mmi (polar)", "pmi"),
    "Ct.BMD": ("cortical bmd",),
    "Ct.TMD": ("cortical tmd",),
}


@dataclass(frozen=True)
class MeasureColumn:
    """A column of the records that holds a measure.

    Parameters
    ----------
    column : Column
        Of the records.
    measure : Measure
        What it holds.
    factor : float
        A value of the column times this is in the measure's unit.
    """

    column: Column
    measure: Measure
    factor: float


def measure_columns(columns: Iterable[Column]) -> tuple[dict[str, MeasureColumn], tuple[str, ...]]:
    """The columns that hold measures by their symbol, and what could not be used, in words.

    Of two columns of one measure neither is used; nor is one whose unit is not known.
    """
    found: dict[str, list[MeasureColumn]] = {}
    notes = []
    for column in columns:
        measure = None if column.role else measure_of(column)
        if measure is None:
            continue
        factor = unit_factor(column.unit, measure.unit)
        if factor is None:
            notes.append(
                f"{column.header}: the unit {column.unit} is not known ({measure.unit or 'none'} was expected)"
            )
        else:
            found.setdefault(measure.symbol, []).append(MeasureColumn(column, measure, factor))
    for symbol, several in found.items():
        if len(several) > 1:
            notes.append(f"Several columns hold {symbol}: {', '.join(each.column.header for each in several)}")
    return {symbol: several[0] for symbol, several in found.items() if len(several) == 1}, tuple(notes)


def measure_of(column: Column) -> Measure | None:
    """The measure that a column's header names, by itself or with what stands above it ("Trabecular" over "Th")."""
    names = _names()
    for text in (column.name, f"{column.above} {column.name}"):
        if measure := names.get(_key(text)):
            return measure
    return None


def unit_factor(written: str, ours: str) -> float | None:
    """What a value in the unit `written` is multiplied with to be in `ours`; None for a unit that is not known.

    No unit is taken for ours, those of the dataset's own records.
    """
    unit, wanted = _plain_unit(written), _plain_unit(ours)
    if not unit or unit == wanted:
        return 1.0
    if wanted == "%":
        return _SHARE.get(unit)
    if wanted in _MINERAL:
        return _MINERAL.get(unit)
    one, other = _length_power(unit), _length_power(wanted)
    if one is None or other is None or one[1] != other[1]:
        return None if wanted else _SHARE.get(unit) and 1.0
    return float((one[0] / other[0]) ** one[1])


@cache
def _names() -> Mapping[str, Measure]:
    return dict(_each_name())


def _each_name() -> Iterator[tuple[str, Measure]]:
    for measure in MEASURES:
        for name in (measure.symbol, measure.record, measure.meaning, *_ALSO.get(measure.symbol, ())):
            if name:
                yield _key(name), measure


def _key(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().replace("_", " ")
    words = re.sub(r"[^a-z0-9/ ]+", " ", text).split()
    return "".join(_WORDS.get(word, word) for word in words if word != "mean")


def _plain_unit(unit: str) -> str:
    text = unicodedata.normalize("NFKC", unit).replace("μ", "u").replace("−", "-").casefold()
    text = re.sub(r"[\s^{}*.·]|\\mathrm|\\mu", "", text)
    return "" if text in ("au", "none") else text


def _length_power(unit: str) -> tuple[float, int] | None:
    """A power of a length as millimetres and exponent: "um3" is 0.001 and 3, "1/mm" is 1 and -1."""
    inverse = re.fullmatch(r"(?:1/)([a-z]+)(\d?)", unit)
    plain = re.fullmatch(r"([a-z]+)(-?\d?)", unit)
    found = inverse or plain
    if not found or found[1] not in _LENGTHS_MM:
        return None
    power = int(found[2] or 1)
    return _LENGTHS_MM[found[1]], -power if inverse else power
