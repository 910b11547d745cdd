"""What is told of the remodelling between two weeks, with the formula of each figure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from napari_bonemet.provenance import Json
from napari_bonemet.scan import DAYS_PER_WEEK, Scan

__all__ = ["Change", "Remodelling"]


@dataclass(frozen=True)
class Change:
    """How the bone of a compartment, or at a surface, changed.

    Symbols and their meaning are those of time-lapse morphometry: Birkhold et al., Biomaterials 2014, 35:9290, and
    Bone 2014, 66:15 (MV/BV, EV/BV, MS/BS, ES/BS); Schulte et al., Bone 2011, 48:433, and Christen et al., Nat Commun
    2014, 5:4855 (rates). BV and BS are always those of the baseline; volumes are voxels of the composite after its
    noise rule; where the scans do not overlap nothing is counted.

    Parameters
    ----------
    bone_mm3 : float
        BV: bone of the baseline in the compartment; for a surface that of the compartment it bounds.
    formed_mm3 : float
        MV: no bone in the baseline, bone later.
    resorbed_mm3 : float
        EV: bone in the baseline, none later.
    surface_mm2, mineralised_mm2, eroded_mm2 : float
        BS, MS and ES: the surface of the baseline's bone; the part of it that bone was laid on; the part whose bone
        is gone. Each voxel face counts by the cosine between it and the smooth surface through it, as plain faces
        are up to half more than the surface that they follow; what is left is 2 to 3 % (a sphere).
    mineralised_share, eroded_share : float
        MS/BS and ES/BS, 0 to 1, by plain faces, in which that excess cancels.
    days : float
        Between the two scans.
    """

    bone_mm3: float
    formed_mm3: float
    resorbed_mm3: float
    surface_mm2: float
    mineralised_mm2: float
    eroded_mm2: float
    mineralised_share: float
    eroded_share: float
    days: float

    @property
    def conserved_mm3(self) -> float:
        """RV: bone in both weeks, BV - EV."""
        return self.bone_mm3 - self.resorbed_mm3

    @property
    def formed_percent(self) -> float | None:
        """MV/BV, % of the baseline's bone; None where it has none."""
        return _share(self.formed_mm3, self.bone_mm3, 100.0)

    @property
    def resorbed_percent(self) -> float | None:
        """EV/BV, % of the baseline's bone; None where it has none."""
        return _share(self.resorbed_mm3, self.bone_mm3, 100.0)

    @property
    def formation_rate(self) -> float | None:
        """BFR: MV/BV/days, % per day."""
        return _share(self.formed_mm3, self.bone_mm3 * self.days, 100.0)

    @property
    def resorption_rate(self) -> float | None:
        """BRR: EV/BV/days, % per day."""
        return _share(self.resorbed_mm3, self.bone_mm3 * self.days, 100.0)

    @property
    def apposition_um(self) -> float | None:
        """MAR: MV/MS/days, µm per day, the mean depth of what was laid on; None where nothing was."""
        return _share(self.formed_mm3, self.mineralised_mm2 * self.days, 1000.0)

    @property
    def erosion_um(self) -> float | None:
        """MRR: EV/ES/days, µm per day, the mean depth of what was taken; None where nothing was."""
        return _share(self.resorbed_mm3, self.eroded_mm2 * self.days, 1000.0)

    def columns(self) -> Iterator[tuple[str, float]]:
        """Symbol with unit and value, those left out that cannot be told."""
        told = {
            "BV (mm³)": self.bone_mm3,
            "RV (mm³)": self.conserved_mm3,
            "MV (mm³)": self.formed_mm3,
            "EV (mm³)": self.resorbed_mm3,
            "MV/BV (%)": self.formed_percent,
            "EV/BV (%)": self.resorbed_percent,
            "BS (mm²)": self.surface_mm2,
            "MS (mm²)": self.mineralised_mm2,
            "ES (mm²)": self.eroded_mm2,
            "MS/BS (%)": 100 * self.mineralised_share if self.surface_mm2 else None,
            "ES/BS (%)": 100 * self.eroded_share if self.surface_mm2 else None,
            "BFR (%/day)": self.formation_rate,
            "BRR (%/day)": self.resorption_rate,
            "BFR (%/week)": _times(self.formation_rate, DAYS_PER_WEEK),
            "BRR (%/week)": _times(self.resorption_rate, DAYS_PER_WEEK),
            "MAR (µm/day)": self.apposition_um,
            "MRR (µm/day)": self.erosion_um,
            "MAR (µm/week)": _times(self.apposition_um, DAYS_PER_WEEK),
            "MRR (µm/week)": _times(self.erosion_um, DAYS_PER_WEEK),
        }
        yield from ((name, value) for name, value in told.items() if value is not None)


@dataclass(frozen=True, eq=False)
class Remodelling:
    """What became of the bone between two weeks of a leg.

    Parameters
    ----------
    scan : Scan
        The composite.
    baseline_week, week : float or None
        Weeks since inoculation; None where the composite's day is not known.
    days : float
        Between them.
    whole : Change
        All bone that both weeks saw, the fibula and all that lies outside the compartments included.
    compartments : mapping of str to Change
        "cortex" and "trabecular"; empty without compartments.
    surfaces : mapping of str to Change
        "periosteal", "endosteal", "intracortical" and "trabecular"; a change belongs to the surface of the baseline
        that it lies nearest to, in steps through what changed. Empty without compartments.
    notes : tuple of str
        What to look at, in words.
    """

    scan: Scan
    baseline_week: float | None
    week: float | None
    days: float
    whole: Change
    compartments: Mapping[str, Change]
    surfaces: Mapping[str, Change]
    notes: tuple[str, ...] = ()

    def as_row(self) -> dict[str, object]:
        """One row of the table: whose leg, which weeks, and every figure under its symbol and unit."""
        scan = self.scan
        row: dict[str, object] = {"animal": scan.subject, "side": scan.side, "part": scan.part}
        row |= {"baseline week": self.baseline_week, "week": self.week, "days": self.days, "synthetic": scan.synthetic}
        row |= self.whole.columns()
        for group in (self.compartments, self.surfaces):
            kind = "" if group is self.compartments else " surface"
            for name, change in group.items():
                row |= {f"{name}{kind} {column}": value for column, value in change.columns()}
        return row | {"notes": "; ".join(self.notes)}

    def as_record(self) -> dict[str, Json]:
        """The row as plain JSON values."""
        return dict(self.as_row())  # type: ignore[arg-type]


def _share(part: float, whole: float, factor: float) -> float | None:
    return factor * part / whole if whole > 0 else None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
