"""What is told of lesions: of each, of a week, and what was asked for."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

from napari_bonemet.geometry import Triple
from napari_bonemet.options import Between, Doc, Options, Unit, record_of
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan

__all__ = ["LESION_FIGURES", "Lesion", "LesionOptions", "Lesions", "Perforation"]

# How tables head the figures of a lesion.
LESION_FIGURES = (
    "volume (mm³)",
    "lost voxels (mm³)",
    "cortex (mm³)",
    "trabecular (mm³)",
    "position (µm)",
    "centre z (µm)",
    "centre y (µm)",
    "centre x (µm)",
    "extent z (µm)",
    "perforations",
    "perforated area (mm²)",
)


@dataclass(frozen=True)
class LesionOptions(Options):
    """What counts as a lesion: connected resorption beyond what legs without a tumour show."""

    least_volume: Annotated[
        float, Doc("Smallest piece that is a lesion where it eats into bone that stays."), Between(0, 100), Unit("mm³")
    ] = 0.0005
    least_contact: Annotated[
        float,
        Doc(
            "Share of a piece's surface that lies against bone that stays; below it the piece is a loose trabecula "
            "that is gone as a whole, as ageing takes them."
        ),
        Between(0, 1),
    ] = 0.1
    least_loose: Annotated[
        float, Doc("A piece without that contact is a lesion only from this volume."), Between(0, 100), Unit("mm³")
    ] = 0.003
    apart: Annotated[
        int, Doc("Pieces with fewer voxels than this between them are one."), Between(1, 20), Unit("voxels")
    ] = 3
    satellite_um: Annotated[
        float, Doc("A small piece this near to a lesion belongs to it."), Between(0, 5000), Unit("µm")
    ] = 200.0
    satellite_share: Annotated[float, Doc("Small is below this share of that lesion's volume."), Between(0, 1)] = 0.2
    bone_threshold: Annotated[float, Doc("Bone is above this grey value.")] = 75.0
    volume_level: Annotated[
        float,
        Doc(
            "Volumes are counted in the weeks' greys: how far from background (0) to full bone (1) a voxel has to be "
            "to count as bone."
        ),
        Between(0, 1),
    ] = 0.43
    least_perforation: Annotated[
        float, Doc("Smallest hole through the cortex that is told."), Between(0, 100), Unit("mm²")
    ] = 0.002


@dataclass(frozen=True)
class Perforation:
    """A hole of a lesion through the cortex, from the medullary space to the outside.

    Parameters
    ----------
    area_mm2 : float
        On the periosteal side.
    centre_um : tuple of float
        The middle of that side, (z, y, x), micrometres.
    """

    area_mm2: float
    centre_um: Triple


@dataclass(frozen=True)
class Lesion:
    """A lesion in one week.

    Parameters
    ----------
    number : int
        Its value in the label volume of that week, the largest first.
    volume_mm3 : float
        Bone lost to it beyond the remodelling of bone that no lesion reaches; see
        :func:`~napari_bonemet.morphometry.change.lesions.find_lesions`.
    lost_mm3 : float
        The voxels of the composite that it holds: the volume of its label.
    cortex_mm3, trabecular_mm3 : float or None
        Of these, in each compartment; None without compartments.
    contact : float
        Share of its surface that lies against bone that stays.
    centre_um : tuple of float
        Its middle, (z, y, x), micrometres.
    position_um : float
        How far its middle lies below the growth plate, or below the first slice where the plate is not known.
    extent_um : tuple of float
        Size of the box around it, (z, y, x).
    perforations : tuple of Perforation
        Largest first.
    """

    number: int
    volume_mm3: float
    lost_mm3: float
    cortex_mm3: float | None
    trabecular_mm3: float | None
    contact: float
    centre_um: Triple
    position_um: float
    extent_um: Triple
    perforations: tuple[Perforation, ...]

    @property
    def perforated_mm2(self) -> float:
        """Area of all its perforations."""
        return sum(hole.area_mm2 for hole in self.perforations)

    def as_row(self) -> dict[str, object]:
        """Its figures under names with units."""
        figures = (self.volume_mm3, self.lost_mm3, self.cortex_mm3, self.trabecular_mm3, self.position_um)
        holes = (len(self.perforations), self.perforated_mm2)
        return dict(zip(LESION_FIGURES, (*figures, *self.centre_um, self.extent_um[0], *holes), strict=True))

    def as_record(self) -> dict[str, Json]:
        """All its figures as plain JSON values."""
        return {name: record_of(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, eq=False)
class Lesions:
    """The lesions of one leg in one week, since the baseline.

    Parameters
    ----------
    lesions : tuple of Lesion
        Largest first, numbered from 1.
    labels : Scan
        uint16: the number of the lesion that each lost voxel belongs to, 0 elsewhere.
    position_from : {"growth plate", "first slice"}
        Where positions are counted from.
    background_share : float
        Part of the trabecular bone that is gone where no lesion is, and was taken off the lesions' volumes.
    left_out : int
        Pieces of lost bone that count as no lesion.
    rule : str
        In words, with its figures.
    """

    lesions: tuple[Lesion, ...]
    labels: Scan
    position_from: str
    background_share: float
    left_out: int
    rule: str

    def __len__(self) -> int:
        return len(self.lesions)

    def __iter__(self) -> Iterator[Lesion]:
        return iter(self.lesions)

    @property
    def volume_mm3(self) -> float:
        """Of all lesions together."""
        return sum(lesion.volume_mm3 for lesion in self.lesions)

    @property
    def largest_mm3(self) -> float:
        """Of the largest lesion; 0 where there is none."""
        return max((lesion.volume_mm3 for lesion in self.lesions), default=0.0)

    @property
    def perforations(self) -> tuple[Perforation, ...]:
        """Of all lesions together."""
        return tuple(hole for lesion in self.lesions for hole in lesion.perforations)

    def as_row(self) -> dict[str, object]:
        """Count, volume, largest and perforations of the week under names with units."""
        return {
            "lesions": len(self.lesions),
            "lesion volume (mm³)": self.volume_mm3,
            "largest lesion (mm³)": self.largest_mm3,
            "perforations": len(self.perforations),
            "perforated area (mm²)": sum(hole.area_mm2 for hole in self.perforations),
        }
