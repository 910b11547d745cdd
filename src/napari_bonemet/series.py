"""The weeks of one leg, in order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Region
from napari_bonemet.scan import Scan


@dataclass(frozen=True, eq=False)
class ScanSeries:
    """Scans of one leg, ordered by day. A week without a scan is simply not there.

    Parameters
    ----------
    scans : sequence of Scan
        At least one; each with a day, no day twice, all of one leg. Sorted here.

    Raises
    ------
    InputError
        When a day is missing or there twice, or the scans are of different legs.
    """

    scans: tuple[Scan, ...]

    def __post_init__(self) -> None:
        if not self.scans:
            raise InputError("A series needs at least one scan")
        for scan in self.scans:
            if scan.day is None:
                raise InputError(
                    f"The week of {scan.title} is not known", remedy="Name its folder 'week N', or give its week"
                )
        ordered = tuple(sorted(self.scans, key=lambda scan: scan.day or 0.0))
        legs = sorted({scan.leg for scan in ordered})
        if len(legs) > 1:
            raise InputError("A series holds the weeks of one leg", found=", ".join(legs))
        for earlier, later in pairwise(ordered):
            if earlier.day == later.day:
                raise InputError(f"{later.title} is there twice", remedy="Keep one scan per leg and week")
        object.__setattr__(self, "scans", ordered)

    def __len__(self) -> int:
        return len(self.scans)

    def __iter__(self) -> Iterator[Scan]:
        return iter(self.scans)

    def __getitem__(self, index: int) -> Scan:
        return self.scans[index]

    @property
    def leg(self) -> str:
        """The leg in the dataset's words: "871 left tibia"."""
        return self.scans[0].leg

    @property
    def weeks(self) -> tuple[float, ...]:
        """Weeks since inoculation of the scans that are there."""
        return tuple(scan.week for scan in self.scans if scan.week is not None)

    @property
    def baseline(self) -> Scan:
        """The earliest scan."""
        return self.scans[0]

    @property
    def synthetic(self) -> bool:
        """Whether any week was made by the generator."""
        return any(scan.synthetic for scan in self.scans)

    @property
    def on_one_grid(self) -> bool:
        """Whether voxel i is the same place in every week."""
        return all(scan.grid.matches(self.baseline.grid) for scan in self.scans)

    def require_one_grid(self, purpose: str) -> None:
        """Raise InputError unless the weeks share a grid, saying what for."""
        if not self.on_one_grid:
            raise InputError(f"{purpose} needs the weeks of {self.leg} on one grid", remedy="Register the weeks first")

    def at_week(self, week: float) -> Scan:
        """The scan of `week`.

        Raises
        ------
        InputError
            When there is none; the weeks that are there are named.
        """
        for scan in self.scans:
            if scan.week == week:
                return scan
        there = ", ".join(f"{w:g}" for w in self.weeks)
        raise InputError(f"{self.leg} has no scan of week {week:g}", found=f"weeks {there}")

    def select(self, weeks: Sequence[float]) -> "ScanSeries":
        """The series of `weeks` alone."""
        return ScanSeries(tuple(self.at_week(week) for week in weeks))

    def until(self, week: float) -> "ScanSeries":
        """The scans before `week`, which is what a forecast of `week` may see.

        Raises
        ------
        InputError
            When there is none.
        """
        seen = tuple(scan for scan in self.scans if scan.week is not None and scan.week < week)
        if not seen:
            raise InputError(f"{self.leg} has no scan before week {week:g}")
        return ScanSeries(seen)

    def map(self, change: Callable[[Scan], Scan]) -> "ScanSeries":
        """The series with `change` applied to every scan."""
        return ScanSeries(tuple(change(scan) for scan in self.scans))

    def crop(self, region: Region) -> "ScanSeries":
        """Every week cropped to the same voxels; the weeks must share a grid."""
        self.require_one_grid("Cropping")
        return self.map(lambda scan: scan.crop(region))
