"""What was measured in one scan."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from napari_bonemet.morphometry.catalogue import MEASURES
from napari_bonemet.scan import Scan

__all__ = ["ScanMeasures"]


@dataclass(frozen=True, eq=False)
class ScanMeasures:
    """The measures of one leg in one week.

    Parameters
    ----------
    scan : Scan
        What was measured; whose it is, which week, and whether it is synthetic.
    values : mapping of str to float
        By symbol, in the units of :data:`~napari_bonemet.morphometry.catalogue.MEASURES`.
    absent : mapping of str to str
        Symbols that could not be measured, each with the reason.
    slices : mapping of str to ndarray, (n,)
        Cortical measures slice by slice, by symbol; NaN where a slice shows no cortex.
    slice_index : ndarray of int, (n,)
        The slices they are of, counted in the scan.
    maps : mapping of str to Scan
        "Tb.Th", "Tb.Sp", "Ct.Th": local thickness, float32 micrometres, 0 outside; only when asked for.
    labels : Scan or None
        The compartments: 0 outside, 1 cortex, 2 trabecular (bone and marrow).
    notes : tuple of str
        What to look at, in words.
    """

    scan: Scan
    values: Mapping[str, float]
    absent: Mapping[str, str] = field(default_factory=dict)
    slices: Mapping[str, np.ndarray] = field(default_factory=dict)
    slice_index: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    maps: Mapping[str, Scan] = field(default_factory=dict)
    labels: Scan | None = None
    notes: tuple[str, ...] = ()

    def as_row(self) -> dict[str, object]:
        """One row of the table: whose leg, which week, and every measure there is under its symbol and unit."""
        scan = self.scan
        row: dict[str, object] = {"animal": scan.subject, "side": scan.side, "part": scan.part, "week": scan.week}
        row["synthetic"] = scan.synthetic
        return row | {m.column: self.values[m.symbol] for m in MEASURES if m.symbol in self.values}
