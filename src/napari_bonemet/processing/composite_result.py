"""What a composite is asked for, and what it hands back."""

from dataclasses import asdict, dataclass
from typing import Annotated

from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan


@dataclass(frozen=True)
class CompositeOptions(Options):
    """How bone formed and resorbed is told from noise."""

    bone_threshold: Annotated[float, Doc("Bone is above this grey value.")] = 75.0
    noise_rule: Annotated[
        bool, Doc("Leave out what noise and partial volume fake; off: every voxel that crosses the threshold counts.")
    ] = True
    least_voxels: Annotated[
        int, Doc("Smallest cluster of changed voxels that counts."), Between(1, 10**6), Unit("voxels")
    ] = 8
    core_loss: Annotated[
        float,
        Doc("A core's voxels each lose (or gain) at least this share of what they have above the background."),
        Between(0, 1),
    ] = 0.7
    core_contrast: Annotated[
        float,
        Doc("And at least this share of the contrast between bone and background."),
        Between(0, 1),
    ] = 0.5
    core_voxels: Annotated[int, Doc("Touching voxels that make a core."), Between(1, 10**6), Unit("voxels")] = 4
    reach: Annotated[int, Doc("How far from its core a cluster extends at most."), Between(0, 1000), Unit("voxels")] = 2


@dataclass(frozen=True)
class RemodellingVolumes:
    """Volumes of bone in cubic millimetres.

    Parameters
    ----------
    conserved_mm3, formed_mm3, resorbed_mm3 : float
        Bone in both weeks, in the later one alone, in the baseline alone.
    baseline_mm3, later_mm3 : float
        Bone of each week: conserved and resorbed, conserved and formed.
    """

    conserved_mm3: float
    formed_mm3: float
    resorbed_mm3: float
    baseline_mm3: float
    later_mm3: float

    def as_record(self) -> dict[str, Json]:
        """The volumes as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class CompositeResult:
    """Two weeks laid over each other.

    Parameters
    ----------
    scan : Scan
        Kind composite: 0 neither, 60 lost, 180 kept, 240 formed, after the noise rule where that was asked for.
    raw : RemodellingVolumes
        Volumes of the plain thresholds, before the noise rule.
    volumes : RemodellingVolumes
        Volumes after it; without it the same.
    rule : str
        The rule in words, with its figures.
    """

    scan: Scan
    raw: RemodellingVolumes
    volumes: RemodellingVolumes
    rule: str
