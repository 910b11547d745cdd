"""Animals made of real bone: a block is week 0, and lesions that a program lays into it grow through the weeks."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from napari_bonemet.forecast.benchmark.animal import SEEN, TARGET, Animal
from napari_bonemet.forecast.benchmark.options import controls_among
from napari_bonemet.forecast.benchmark.real_blocks import AROUND, BONES, Part, block, whole_bone
from napari_bonemet.forecast.benchmark.real_edits import EDITS, Growth
from napari_bonemet.forecast.benchmark.settings import Setting
from napari_bonemet.geometry import Shape
from napari_bonemet.phantom.options import stream_key
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import DAYS_PER_WEEK, Kind, Scan
from napari_bonemet.series import ScanSeries

_WEEKS = 4
# The scan's own noise is in every week alike; this is what a scanner adds anew each week.
_NOISE_SD = 4.0
_BONE = 75.0


@dataclass(frozen=True)
class RealAnimals:
    """The animals of one set, blocks of one part of a real bone.

    Parameters
    ----------
    bone : str
        "femur" or "lhdl".
    data : Path
        The folder of real scans.
    part : str
        Which slices: "training", "validation" or "test".
    setting : Setting
        The misregistration of its weeks.
    shape : tuple of int
        Voxels of each week, (z, y, x).
    count : int
        How many animals, a quarter of them controls.
    seed : int
        Which.
    """

    bone: str
    data: Path
    part: Part
    setting: Setting
    shape: Shape
    count: int
    seed: int

    @property
    def names(self) -> tuple[str, ...]:
        """The animals, controls first."""
        controls = controls_among(self.count)
        numbered = [f"c{n + 1}" for n in range(controls)] + [f"t{n + 1}" for n in range(self.count - controls)]
        return tuple(f"{self.bone}-{self.seed}{name}" for name in numbered)

    @property
    def record(self) -> dict[str, Json]:
        """What makes them what they are, but for which of them there are."""
        slabs = [list(slab) for slab in BONES[self.bone].slabs[self.part]]
        return {
            "bone": self.bone, "part": self.part, "slabs": slabs, "edits": EDITS, "jitter": self.setting.jitter,
            "shape": list(self.shape), "seed": self.seed,
        }  # fmt: skip

    def make(self, name: str) -> Animal:
        """One of them."""
        weeks = self._weeks(name, None)
        scans = tuple(self._scan(name, week, made.scanned) for week, made in enumerate(weeks))
        bone = weeks[0].still > _BONE
        lost = [bone & (made.share > 0.5) for made in weeks]
        lesions = np.stack([lost[-1] & ~lost[SEEN], lost[-1]])
        clean, still = (replace(scans[-1], voxels=_as_greys(v)) for v in (weeks[-1].laid, weeks[-1].still))
        return Animal(name, "t" in name.rsplit("-", 1)[1], ScanSeries(scans), clean, still, lesions)

    def future(self, name: str, seed: int) -> Scan:
        """Another last week of the same past."""
        return self._scan(name, int(TARGET), self._weeks(name, seed)[-1].scanned)

    def _weeks(self, name: str, future: int | None) -> "list[_Week]":
        key = stream_key(self.seed, f"{self.bone} {name}")

        def stream(purpose: int, week: int = 0) -> np.random.Generator:
            anew = (future + 1,) if future is not None and week > SEEN else ()
            return np.random.default_rng([*key, purpose, week, *anew])

        slabs = BONES[self.bone].slabs[self.part]
        base = block(whole_bone(self.bone, self.data), slabs, self.shape, stream(0)).astype(np.float32)
        bone = base > _BONE
        shares = [np.zeros(base.shape, dtype=np.float32)] * _WEEKS
        if "t" in name.rsplit("-", 1)[1]:
            shares = Growth.of(bone, stream(1)).lost([stream(2, week) for week in range(_WEEKS)])
        marrow = float(np.median(base[~bone]))
        jitter = float(self.setting.jitter)
        return [
            _scanned(base - share * np.maximum(base - marrow, 0), share, jitter if week else 0.0, stream(3, week))
            for week, share in enumerate(shares)
        ]

    def _scan(self, name: str, week: int, voxels: np.ndarray) -> Scan:
        return Scan(
            voxels,
            (BONES[self.bone].spacing_um,) * 3,
            subject=name,
            part=self.bone,
            day=week * DAYS_PER_WEEK,
            kind=Kind.REGIST,
            synthetic=True,
            history=(Step("real bone with edits", self.record),),
        )


@dataclass(frozen=True, eq=False)
class _Week:
    """A week of a block: as scanned, without noise, without noise and shift; and the share that lesions took."""

    scanned: np.ndarray
    laid: np.ndarray
    still: np.ndarray
    share: np.ndarray


def _scanned(greys: np.ndarray, share: np.ndarray, jitter: float, rng: np.random.Generator) -> _Week:
    inner = (slice(AROUND, -AROUND),) * 3
    shift = np.clip(rng.standard_normal(3) * jitter, 1 - AROUND, AROUND - 1)
    laid = ndimage.shift(greys, shift, order=3, mode="nearest")[inner] if jitter else greys[inner]
    noisy = laid + _NOISE_SD * rng.standard_normal(laid.shape, dtype=np.float32)
    return _Week(_as_greys(noisy), laid, greys[inner], share[inner])


def _as_greys(voxels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(voxels), 0, 255).astype(np.uint8)
