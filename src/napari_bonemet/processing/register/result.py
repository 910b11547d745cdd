"""What registration is asked for, and what it hands back."""

from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from napari_bonemet.geometry import Triple
from napari_bonemet.options import Between, Doc, Options, Unit, Unset, record_of
from napari_bonemet.provenance import Json
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform

Verdict = Literal["good", "check", "failed"]


@dataclass(frozen=True)
class RegistrationOptions(Options):
    """How later weeks are brought onto the baseline week (BoneMet supplementary, sections A and C.2)."""

    metric: Annotated[
        Literal["robust", "mi"],
        Doc("robust: edges of the bone, lesions left out, fast; mi: mutual information of the greys, as published."),
    ] = "robust"
    baseline_week: Annotated[
        float | None, Doc("The week that the others are brought onto; the earliest when not given."), Unset("earliest")
    ] = None
    bone_threshold: Annotated[float, Doc("Bone is above this grey value.")] = 75.0
    around_bone: Annotated[
        float | None,
        Doc("Weeks are laid on the bone's box, a tenth of it and this much more; the whole field when not given."),
        Between(0, 10**6),
        Unit("µm"),
        Unset("whole field"),
    ] = None
    azimuths: Annotated[
        int, Doc("Turns about the long axis tried first; 32 are steps of pi/16, as published."), Between(1, 180)
    ] = 32
    tilt: Annotated[
        float, Doc("Tilts of the long axis by this much either way are tried first, too."), Between(0, 45), Unit("°")
    ] = 12.0
    starts: Annotated[int, Doc("How many of the best coarse poses are followed up."), Between(1, 20)] = 3
    levels: Annotated[int, Doc("Resolutions, each twice as fine as the one before."), Between(1, 6)] = 3
    iterations: Annotated[int, Doc("Most steps of gradient descent per resolution."), Between(1, 2000)] = 100
    sampling: Annotated[int, Doc("Voxels at which the metric is sampled."), Between(1000, 10**8), Unit("voxels")] = (
        60_000
    )
    bins: Annotated[int, Doc("Bins of the joint histogram."), Between(8, 256)] = 48
    seed: Annotated[int, Doc("Which voxels are sampled; the same seed gives the same pose."), Between(0, 2**31 - 2)] = 0
    turns: Annotated[
        tuple[float, ...],
        Doc("Turns about the long axis that mi tries first, in place of equal steps; the whole circle when empty."),
        Between(-360, 360),
        Unit("°"),
    ] = ()


@dataclass(frozen=True)
class RegistrationQuality:
    """How well one week lies on the baseline.

    Parameters
    ----------
    week : float
        Weeks since inoculation.
    angles_degrees : tuple of float
        Rotation vector (z, y, x), degrees.
    shift_um : tuple of float
        How far the centre of the bone moved (z, y, x), micrometres.
    metric : float
        At the end: the robust standard deviation of the greys' differences as a share of the bone's contrast, or
        mutual information in nats.
    metric_trace : tuple of float
        The same after every step, coarse to fine.
    overlap : float
        Dice overlap of the bone of both weeks, 0 to 1.
    correlation : float
        Pearson correlation of the greys around the bone.
    residual : float
        Robust standard deviation of the greys' differences at the edges, beyond noise, as a share of the bone's
        contrast.
    agreement : float
        How the greys of the edges correlate, median over stretches of the bone: near 1 for one bone, low for two.
    verdict : {"good", "check", "failed"}
        The above in one word.
    reason : str
        Why, in plain words.
    """

    week: float
    angles_degrees: Triple
    shift_um: Triple
    metric: float
    metric_trace: tuple[float, ...]
    overlap: float
    correlation: float
    residual: float
    agreement: float
    verdict: Verdict
    reason: str

    def as_record(self) -> dict[str, Json]:
        """The figures as plain JSON values, units in the names."""
        return {name: record_of(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, eq=False)
class RegistrationResult:
    """Weeks on one grid, and how they came there.

    Parameters
    ----------
    series : ScanSeries
        Every week on the grid of the baseline (or of the reference).
    transforms : tuple of RigidTransform
        Per week: maps points of that grid to points of the week as scanned; identity for the baseline.
    quality : tuple of RegistrationQuality
        Per week.
    mirrored : bool
        Whether the reference was mirrored, because it is of the other side.
    """

    series: ScanSeries
    transforms: tuple[RigidTransform, ...]
    quality: tuple[RegistrationQuality, ...]
    mirrored: bool = False
