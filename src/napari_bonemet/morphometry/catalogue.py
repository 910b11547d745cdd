"""The measures by name: symbol, unit, meaning, and the column of the medical records that holds the same.

Symbols and units are those of Bouxsein et al., J Bone Miner Res 2010, 25:1468-1486, tables 2 and 3.
"""

from dataclasses import dataclass
from typing import Literal

Where = Literal["whole bone", "trabecular", "cortical"]


@dataclass(frozen=True)
class Measure:
    """One measure.

    Parameters
    ----------
    symbol : str
        "Tb.Th".
    unit : str
        "mm"; empty for a number without one.
    meaning : str
        In a few words.
    where : str
        The compartment it is measured in.
    record : str
        The column of MiceMediRec that holds it (BoneMet supplementary, table 2), or empty.
    """

    symbol: str
    unit: str
    meaning: str
    where: Where
    record: str = ""

    @property
    def column(self) -> str:
        """Symbol and unit, as tables head their columns: "Tb.Th (mm)"."""
        return f"{self.symbol} ({self.unit})" if self.unit else self.symbol


MEASURES = (
    Measure("Tt.BV", "mm³", "bone volume of the whole scan", "whole bone", "Bone volume"),
    Measure("TV", "mm³", "volume of the trabecular region", "trabecular"),
    Measure("BV", "mm³", "volume of trabecular bone", "trabecular"),
    Measure("BV/TV", "%", "trabecular bone volume fraction", "trabecular", "Trab. BV/TV"),
    Measure("BS", "mm²", "trabecular bone surface", "trabecular"),
    Measure("BS/BV", "1/mm", "bone surface per bone volume", "trabecular"),
    Measure("BS/TV", "1/mm", "bone surface per region volume", "trabecular"),
    Measure("Tb.Th", "mm", "trabecular thickness, mean", "trabecular", "Trab. Th"),
    Measure("Tb.Th.SD", "mm", "trabecular thickness, spread within the region", "trabecular"),
    Measure("Tb.Sp", "mm", "trabecular separation, mean", "trabecular", "Trab. Sp"),
    Measure("Tb.Sp.SD", "mm", "trabecular separation, spread within the region", "trabecular"),
    Measure("Tb.N", "1/mm", "trabecular number", "trabecular", "Trab. N"),
    Measure("Tb.N.SD", "1/mm", "trabecular number, spread within the region", "trabecular"),
    Measure("Eu.N", "", "Euler characteristic", "trabecular"),
    Measure("Conn.D", "1/mm³", "connectivity density", "trabecular"),
    Measure("DA", "", "degree of anisotropy, 0 isotropic to 1", "trabecular"),
    Measure("SMI", "", "structure model index: plate 0, rod 3, sphere 4", "trabecular"),
    Measure("Tb.BMD", "mg HA/cm³", "mineral density of the trabecular region", "trabecular"),
    Measure("Tb.TMD", "mg HA/cm³", "mineral density of trabecular bone", "trabecular"),
    Measure("Ct.Ar", "mm²", "cortical bone area, mean of the slices", "cortical", "Cort. Ar"),
    Measure("Tt.Ar", "mm²", "total area inside the periosteum, mean of the slices", "cortical"),
    Measure("Ma.Ar", "mm²", "marrow area, mean of the slices", "cortical"),
    Measure("Ct.Ar/Tt.Ar", "%", "cortical area fraction", "cortical"),
    Measure("Ct.Th", "mm", "cortical thickness, mean", "cortical", "Cort. Th"),
    Measure("Ct.Th.SD", "mm", "cortical thickness, spread", "cortical"),
    Measure("Ct.Po", "%", "cortical porosity", "cortical"),
    Measure("Imin", "mm⁴", "smallest second moment of area, mean of the slices", "cortical"),
    Measure("Imax", "mm⁴", "largest second moment of area, mean of the slices", "cortical"),
    Measure("pMOI", "mm⁴", "polar moment of inertia, mean of the slices", "cortical", "Cort. pMOI"),
    Measure("Ps.Pm", "mm", "periosteal perimeter, mean of the slices", "cortical"),
    Measure("Ec.Pm", "mm", "endocortical perimeter, mean of the slices", "cortical"),
    Measure("Ct.Ecc", "", "eccentricity, 0 round to 1, mean of the slices", "cortical"),
    Measure("Ct.BMD", "mg HA/cm³", "mineral density of the cortical compartment", "cortical"),
    Measure("Ct.TMD", "mg HA/cm³", "mineral density of cortical bone", "cortical"),
)

BY_SYMBOL = {measure.symbol: measure for measure in MEASURES}
