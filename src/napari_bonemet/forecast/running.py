"""Mean, spread, probability of bone and of bone loss over samples that come one by one."""

from dataclasses import dataclass, field

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import Kind, Scan


@dataclass(eq=False)
class RunningSummary:
    """What :func:`~napari_bonemet.forecast.forecaster.summarise` says at the end, known after every sample.

    Mean and spread by Welford's recurrence (Technometrics 1962, 4, 419-420), which needs each sample once and
    does not cancel. What is read is a copy: it stays as it is while further samples come.

    Parameters
    ----------
    last : Scan, (z, y, x)
        The last seen week, greys; bone is lost against it.
    bone_threshold : float
        Bone is above this grey value.
    opening : int
        Shells thinner than 2 x opening + 1 voxels do not count as lost bone (see `newly_lost_bone`).
    model : str
        Named in the history of what is read.
    """

    last: Scan
    bone_threshold: float = 75.0
    opening: int = 1
    model: str = ""
    count: int = field(default=0, init=False)
    lost_mm3: tuple[float, ...] = field(default=(), init=False)
    """Newly lost bone of each sample, cubic millimetres, in the order in which they came."""

    def __post_init__(self) -> None:
        shape = self.last.shape
        self._mean, self._squares = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self._bone, self._lost = np.zeros(shape, np.uint16), np.zeros(shape, np.uint16)
        self._last_bone = self.last.to_numpy() > self.bone_threshold
        self._like: Scan | None = None

    def add(self, sample: Scan) -> None:
        """Take one more sample into account.

        Raises
        ------
        InputError
            When it does not lie on the grid of the last seen week.
        """
        if not sample.grid.matches(self.last.grid):
            raise InputError(
                "A sample does not lie on the grid of the last seen week",
                expected=f"{self.last.shape}",
                found=f"{sample.shape}",
            )
        self._like = sample
        self.count += 1
        bone = np.empty(sample.shape, dtype=bool)
        for z in range(sample.shape[0]):
            greys = np.asarray(sample.voxels[z], dtype=np.float32)
            away = greys - self._mean[z]
            self._mean[z] += away / self.count
            self._squares[z] += away * (greys - self._mean[z])
            bone[z] = greys > self.bone_threshold
        self._bone += bone
        lost = newly_lost_bone(bone, self._last_bone, opening=self.opening)
        self._lost += lost
        voxel_mm3 = self.last.grid.voxel_volume_mm3
        self.lost_mm3 = (*self.lost_mm3, float(np.count_nonzero(lost)) * voxel_mm3)

    @property
    def mean(self) -> Scan:
        """Mean over the samples so far, greys, float32."""
        return self._summary(self._mean.copy(), "mean", Kind.PREDICTION)

    @property
    def spread(self) -> Scan:
        """Standard deviation over the samples so far, divided by n, greys, float32."""
        return self._summary(np.sqrt(self._squares / np.float32(max(self.count, 1))), "spread", Kind.UNCERTAINTY)

    @property
    def bone_probability(self) -> Scan:
        """Share of the samples so far that are bone, 0 to 1, float32."""
        return self._summary(self._share(self._bone), "bone probability", Kind.UNCERTAINTY)

    @property
    def loss_probability(self) -> Scan:
        """Share of the samples so far in which bone of the last seen week is gone, 0 to 1, float32."""
        return self._summary(self._share(self._lost), "loss probability", Kind.UNCERTAINTY)

    def _share(self, number: np.ndarray) -> np.ndarray:
        share: np.ndarray = number.astype(np.float32) / np.float32(max(self.count, 1))
        return share

    def _summary(self, voxels: np.ndarray, what: str, kind: Kind) -> Scan:
        if self._like is None:
            raise InputError("A forecast needs at least one sample")
        parameters: dict[str, Json] = {
            "of": what,
            "samples": self.count,
            "model": self.model,
            "bone_threshold": self.bone_threshold,
        }
        if what == "loss probability":
            parameters["opening"] = self.opening
        return self._like.with_voxels(voxels, step=Step("summarise", parameters), kind=kind)
