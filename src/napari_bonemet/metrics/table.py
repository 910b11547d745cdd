"""One row per leg: how good the forecast was, and how good copying the last week would have been."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.metrics.lesions import lesion_overlap, newly_lost_bone
from napari_bonemet.metrics.perceptual import SMALLEST_SLICE, lpips_distance, require_alexnet
from napari_bonemet.metrics.similarity import finite_mean, per_slice, psnr, ssim
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan


@dataclass(frozen=True, eq=False)
class VolumeScores:
    """One volume against the true one.

    Parameters
    ----------
    psnr, psnr_slices : float
        Pooled over the volume, and mean over the slices that differ; decibels.
    ssim, ssim_volume : float
        Mean over slices, and with cubic windows.
    lpips : float or None
        Mean over slices; None where it could not be computed.
    lesion_dice : float or None
        Dice of newly lost bone; None where no bone was lost.
    lost_mm3 : float
        Newly lost bone, cubic millimetres.
    per_slice : mapping of str to ndarray, (z,)
        "psnr", "ssim" and, where computed, "lpips".
    """

    psnr: float
    psnr_slices: float
    ssim: float
    ssim_volume: float
    lpips: float | None
    lesion_dice: float | None
    lost_mm3: float
    per_slice: Mapping[str, np.ndarray]

    def as_row(self) -> dict[str, float | str | None]:
        """The numbers by name, infinite decibels as "inf", which CSV and JSON can both hold."""
        return {
            "psnr_db": _plain(self.psnr),
            "psnr_slices_db": _plain(self.psnr_slices),
            "ssim": self.ssim,
            "ssim_volume": self.ssim_volume,
            "lpips": self.lpips,
            "lesion_dice": self.lesion_dice,
            "lost_mm3": self.lost_mm3,
        }


@dataclass(frozen=True, eq=False)
class ForecastScores:
    """A forecast and the copied last week, both against the true week.

    Parameters
    ----------
    leg : str
        "871 left tibia".
    week : float or None
        The week that was forecast.
    model : str
        What made the forecast.
    synthetic : bool
        Whether the leg was made by the generator.
    forecast, copied : VolumeScores
        The forecast, and copy-last-week.
    true_lost_mm3 : float
        Bone truly lost since the last seen week, cubic millimetres.
    lpips_note : str
        Which weights LPIPS was measured with, or why it was not and what to do.
    """

    leg: str
    week: float | None
    model: str
    synthetic: bool
    forecast: VolumeScores
    copied: VolumeScores
    true_lost_mm3: float
    lpips_note: str

    @property
    def psnr(self) -> float:
        """Pooled PSNR of the forecast, decibels."""
        return self.forecast.psnr

    @property
    def ssim(self) -> float:
        """SSIM of the forecast, mean over slices."""
        return self.forecast.ssim

    @property
    def lpips(self) -> float | None:
        """LPIPS of the forecast, mean over slices."""
        return self.forecast.lpips

    @property
    def lesion_dice(self) -> float | None:
        """Dice of newly lost bone of the forecast."""
        return self.forecast.lesion_dice

    @property
    def per_slice(self) -> Mapping[str, np.ndarray]:
        """Arrays (z,) of the forecast by metric."""
        return self.forecast.per_slice

    @property
    def copy_psnr(self) -> float:
        """Pooled PSNR of copying the last week, decibels."""
        return self.copied.psnr

    @property
    def copy_ssim(self) -> float:
        """SSIM of copying the last week, mean over slices."""
        return self.copied.ssim

    @property
    def copy_lpips(self) -> float | None:
        """LPIPS of copying the last week, mean over slices."""
        return self.copied.lpips

    @property
    def gain_db(self) -> float:
        """Pooled PSNR above copying the last week, decibels; 0 where both are the truth itself."""
        return 0.0 if self.psnr == self.copy_psnr else self.psnr - self.copy_psnr

    def as_row(self) -> dict[str, object]:
        """One row of the table; what copying scored stands beside it, named ``copy_...``."""
        copied = {f"copy_{name}": value for name, value in self.copied.as_row().items() if name != "lost_mm3"}
        return {
            "leg": self.leg,
            "week": self.week,
            "model": self.model,
            "synthetic": self.synthetic,
            **self.forecast.as_row(),
            "true_lost_mm3": self.true_lost_mm3,
            **copied,
            "gain_db": _plain(self.gain_db),
            "lpips_note": self.lpips_note,
        }


def score(
    predicted: Scan,
    truth: Scan,
    last: Scan,
    *,
    model: str = "",
    bone_threshold: float = 75.0,
    data_range: float = 255.0,
    opening: int = 1,
    perceptual: bool = True,
    device: str = "cpu",
    progress: Progress = NO_PROGRESS,
) -> ForecastScores:
    """Score a forecast against the true week, beside copying the last seen week.

    Parameters
    ----------
    predicted, truth, last : Scan
        The forecast (a sample or the mean), the week as it came, and the last seen week; one grid, greys.
    model : str
        Named in the row.
    bone_threshold : float
        Bone is above this grey value.
    data_range : float
        Peak for PSNR and SSIM.
    opening : int
        Shells thinner than 2 x opening + 1 voxels do not count as lost bone (see `newly_lost_bone`).
    perceptual : bool
        Whether to compute LPIPS, the slow one.
    device : str
        Where LPIPS is computed.
    progress : Progress
        Asked to stop between batches of slices.

    Raises
    ------
    InputError
        When the three do not share a grid.
    """
    for scan in (predicted, last):
        if not scan.grid.matches(truth.grid):
            raise InputError(
                f"{scan.title} cannot be compared with {truth.title}",
                expected=f"the truth's grid {truth.grid.shape}",
                found=f"{scan.grid.shape} from {scan.origin}",
                remedy="Register the weeks first",
            )
    shown, true, before = (scan.to_numpy() for scan in (predicted, truth, last))
    note, ready = _lpips_note(perceptual, min(truth.shape[1:]))
    voxel = truth.grid.voxel_volume_mm3
    settings = _Settings(bone_threshold, data_range, opening, device if ready else None, voxel)
    forecast = _score_volume(shown, true, before, settings, PartOf(progress, 0.0, 0.5))
    copied = _score_volume(before, true, before, settings, PartOf(progress, 0.5, 1.0))
    lost = newly_lost_bone(true > bone_threshold, before > bone_threshold, opening=opening)
    return ForecastScores(
        leg=truth.leg,
        week=truth.week,
        model=model,
        synthetic=truth.synthetic,
        forecast=forecast,
        copied=copied,
        true_lost_mm3=float(np.count_nonzero(lost)) * voxel,
        lpips_note=note,
    )


@dataclass(frozen=True)
class _Settings:
    bone_threshold: float
    data_range: float
    opening: int
    lpips_device: str | None
    voxel_mm3: float


def _lpips_note(wanted: bool, side: int) -> tuple[str, bool]:
    """What the table says of LPIPS, and whether it can be computed."""
    if not wanted:
        return "LPIPS was not asked for", False
    if side < SMALLEST_SLICE:
        return f"LPIPS needs slices of {SMALLEST_SLICE} voxels a side", False
    try:
        weights = require_alexnet()
    except InputError as error:
        return str(error), False
    return weights.note, True


def _score_volume(
    volume: np.ndarray, true: np.ndarray, last: np.ndarray, settings: _Settings, progress: Progress
) -> VolumeScores:
    slices = {"psnr": per_slice(psnr, volume, true, data_range=settings.data_range)}
    progress.check()
    slices["ssim"] = per_slice(ssim, volume, true, data_range=settings.data_range)
    progress.advance(0.3)
    if settings.lpips_device is not None:
        slices["lpips"] = lpips_distance(
            volume,
            true,
            device=settings.lpips_device,
            data_range=settings.data_range,
            progress=PartOf(progress, 0.3, 0.8),
        )
    bone, true_bone, last_bone = (array > settings.bone_threshold for array in (volume, true, last))
    lost = newly_lost_bone(bone, last_bone, opening=settings.opening)
    scores = VolumeScores(
        psnr=psnr(volume, true, data_range=settings.data_range),
        psnr_slices=finite_mean(slices["psnr"]),
        ssim=float(slices["ssim"].mean()),
        ssim_volume=ssim(volume, true, data_range=settings.data_range),
        lpips=float(slices["lpips"].mean()) if "lpips" in slices else None,
        lesion_dice=lesion_overlap(bone, true_bone, last_bone, opening=settings.opening),
        lost_mm3=float(np.count_nonzero(lost)) * settings.voxel_mm3,
        per_slice=slices,
    )
    progress.advance(1.0)
    return scores


def _plain(value: float) -> float | str:
    return float(value) if np.isfinite(value) else str(float(value))
