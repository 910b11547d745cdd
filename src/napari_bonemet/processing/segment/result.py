"""What a separation gives back: the parts, where they lie, how sure that is, and corrections by hand."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, Region
from napari_bonemet.processing.segment.options import SeparationOptions
from napari_bonemet.scan import Scan, Side

PartName = Literal["tibia", "femur", "spine"]
_DOUBTFUL = 0.6


@dataclass(frozen=True)
class Part:
    """One bone of the hindlimb.

    Parameters
    ----------
    name : {"tibia", "femur", "spine"}
        Which bone; a tibia carries its fibula.
    side : {"left", "right"}, optional
        None for the spine, and where anatomy does not tell.
    region : tuple of slice
        Its box (z, y, x) in the scan's voxels.
    confidence : float
        0 to 1.
    reason : str
        What was seen, in plain words.
    reversed : bool
        Whether its proximal end lies at the larger z, so that it is turned round when it is cut out.
    by_hand : bool
        Whether the user drew its box.
    """

    name: PartName
    side: Side | None
    region: Region
    confidence: float
    reason: str
    reversed: bool = False
    by_hand: bool = False

    @property
    def title(self) -> str:
        """The part in words: "left tibia"."""
        return f"{self.side} {self.name}" if self.side else self.name

    @property
    def doubtful(self) -> bool:
        """Whether somebody should look at it."""
        return self.confidence < _DOUBTFUL


def needs_review(parts: tuple[Part, ...]) -> bool:
    """Whether a long bone is missing, or a part is doubtful."""
    titles = {part.title for part in parts}
    missing = any(f"{side} {name}" not in titles for side in ("left", "right") for name in ("tibia", "femur"))
    return missing or any(part.doubtful for part in parts)


@dataclass(frozen=True, eq=False)
class SeparationResult:
    """The parts of a hindlimb.

    Parameters
    ----------
    parts : tuple of Part
        Those that were found; what was not found is named in `notes`.
    scan : Scan
        The hindlimb, unchanged; its voxels stay lazy.
    options : SeparationOptions
        How it was done.
    labels : ndarray, (z, y, x) uint8
        Coarse voxels: 0 no part, i + 1 part i.
    labels_grid : Grid
        Where the coarse voxels lie; its first corner is the scan's.
    projections : dict of ndarray
        Maximum of the coarse greys along one axis: "coronal" (z, x) and "sagittal" (z, y).
    notes : tuple of str
        What to look at, in words.
    needs_review : bool
        Whether a part is missing or doubtful.
    bone : ndarray, (z, y, x) bool
        Coarse voxels that hold bone, of any part or none.
    found : ndarray, (z, y, x) uint8
        `labels` before boxes were drawn by hand.
    background : float
        The grey of what lies around the bones.
    """

    parts: tuple[Part, ...]
    scan: Scan
    options: SeparationOptions
    labels: np.ndarray
    labels_grid: Grid
    projections: dict[str, np.ndarray]
    notes: tuple[str, ...]
    needs_review: bool
    bone: np.ndarray = field(repr=False)
    found: np.ndarray = field(repr=False)
    background: float

    @property
    def block(self) -> tuple[int, int, int]:
        """How many voxels of the scan make one coarse voxel, along (z, y, x)."""
        z, y, x = (round(c / s) for c, s in zip(self.labels_grid.spacing, self.scan.spacing, strict=True))
        return (z, y, x)

    def part(self, title: str) -> Part:
        """The part of that title, "left tibia".

        Raises
        ------
        InputError
            When it was not found.
        """
        for part in self.parts:
            if part.title == title:
                return part
        raise InputError(
            f"{self.scan.title} has no {title}",
            expected=", ".join(part.title for part in self.parts) or "a part that was found",
            remedy="Draw its box by hand",
        )

    def as_record(self) -> dict[str, object]:
        """The separation as plain JSON values."""
        return {
            "scan": self.scan.title,
            "options": self.options.as_record(),
            "needs_review": self.needs_review,
            "notes": list(self.notes),
            "parts": [
                {
                    "part": part.title,
                    "region_zyx": [[s.start, s.stop] for s in part.region],
                    "confidence": round(part.confidence, 3),
                    "reason": part.reason,
                    "turned_round": part.reversed,
                    "by_hand": part.by_hand,
                }
                for part in self.parts
            ],
        }


def swap_sides(result: SeparationResult) -> SeparationResult:
    """The same parts with left and right exchanged, as the user says."""
    other: dict[Side | None, Side | None] = {"left": "right", "right": "left", None: None}
    parts = tuple(replace(part, side=other[part.side]) for part in result.parts)
    sides: Literal["auto", "swapped"] = "auto" if result.options.sides == "swapped" else "swapped"
    return replace(result, parts=parts, options=replace(result.options, sides=sides))
