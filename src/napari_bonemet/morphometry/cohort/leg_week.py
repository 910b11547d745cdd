"""The numbers of one leg in one week: what is left of a measured scan when its voxels are put away."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Triple
from napari_bonemet.morphometry.result import ScanMeasures
from napari_bonemet.provenance import Json
from napari_bonemet.scan import DAYS_PER_WEEK, Side

# Animal, side, part.
Leg = tuple[str, Side | None, str]
# What legs are compared as when nothing is known of them.
NO_GROUP = "all"


@dataclass(frozen=True)
class LegWeek:
    """The measures of one leg in one week.

    Parameters
    ----------
    animal, side, part
        Whose leg.
    week : float
        Weeks since inoculation.
    values : mapping of str to float
        By symbol, in the catalogue's units; only what could be measured.
    absent : mapping of str to str
        What could not, with the reason.
    group : str
        What the leg is compared as.
    spacing : tuple of float
        Voxel size (z, y, x), micrometres.
    layers : int
        Slices of the scan.
    synthetic : bool
        Made by the generator.
    notes : tuple of str
        What to look at.
    """

    animal: str
    side: Side | None
    part: str
    week: float
    values: Mapping[str, float]
    absent: Mapping[str, str] = field(default_factory=dict)
    group: str = NO_GROUP
    spacing: Triple = (0.0, 0.0, 0.0)
    layers: int = 0
    synthetic: bool = False
    notes: tuple[str, ...] = ()

    @property
    def leg(self) -> Leg:
        """Whose leg."""
        return self.animal, self.side, self.part

    @property
    def subject(self) -> str:
        """The animal, as scans call it."""
        return self.animal

    @property
    def name(self) -> str:
        """The leg in words: "871 left tibia"."""
        return " ".join(part for part in self.leg if part)

    @property
    def title(self) -> str:
        """Leg and week in words: "871 left tibia, week 3"."""
        return f"{self.name}, week {self.week:g}"

    @classmethod
    def of(cls, measured: ScanMeasures) -> "LegWeek":
        """The numbers of a measured scan.

        Raises
        ------
        InputError
            When its week is not known.
        """
        scan = measured.scan
        if scan.day is None:
            raise InputError(f"The week of {scan.title} is not known", remedy="Name its folder 'week N'")
        return cls(
            scan.subject or "unnamed",
            scan.side,
            scan.part,
            scan.day / DAYS_PER_WEEK,
            {symbol: float(value) for symbol, value in measured.values.items()},
            dict(measured.absent),
            spacing=scan.spacing,
            layers=scan.shape[0],
            synthetic=scan.synthetic,
            notes=tuple(measured.notes),
        )

    def as_record(self) -> dict[str, Json]:
        """Plain JSON values, the group left out."""
        record = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "group"}
        return {**record, "values": dict(self.values), "absent": dict(self.absent), "notes": list(self.notes)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "LegWeek":
        """The same again from :meth:`as_record`."""
        spacing: Any = tuple(record["spacing"])
        return cls(**{**record, "spacing": spacing, "notes": tuple(record["notes"])})
