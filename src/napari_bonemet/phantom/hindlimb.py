"""A synthetic scan of a mouse's hindlimbs, whole or slab by slab, with the truth about it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_bonemet.geometry import Triple
from napari_bonemet.phantom.anatomy import FUSION_UM, Anatomy
from napari_bonemet.phantom.hindlimb_body import course, tissue_of
from napari_bonemet.phantom.hindlimb_bones import Laid, bones_of
from napari_bonemet.phantom.hindlimb_options import HINDLIMB_GENERATOR, HINDLIMB_LABELS, HindlimbOptions
from napari_bonemet.phantom.hindlimb_posture import SIDES, LegPosture, Placement, Posture, draw_posture, joints
from napari_bonemet.phantom.options import stream
from napari_bonemet.phantom.scanner import SOFT_TISSUE
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import DAYS_PER_WEEK, Kind, Scan
from napari_bonemet.slabs import over_slabs

if TYPE_CHECKING:
    from napari_bonemet.phantom.hindlimb_kernels import Tissue

__all__ = [
    "HINDLIMB_LABELS",
    "HindlimbField",
    "HindlimbOptions",
    "LegPosture",
    "Placement",
    "Posture",
    "SyntheticHindlimb",
    "hindlimb_slab",
    "make_hindlimb",
    "prepare_hindlimb",
]

# The papers' threshold between bone and the rest, of 255.
BONE_THRESHOLD = 75.0
_SLAB = 16


@dataclass(frozen=True, eq=False)
class HindlimbField:
    """An animal in the scanner, from which any slices can be taken.

    Parameters
    ----------
    options : HindlimbOptions
        What was asked for.
    posture : Posture
        How the animal lies; its placements are in the field's frame, micrometres from the first voxel.
    """

    options: HindlimbOptions
    posture: Posture
    _bones: tuple[Laid, ...] = field(repr=False)
    _tissue: "Tissue" = field(repr=False)

    def fill(self, start: int, grey: np.ndarray, labels: np.ndarray | None = None) -> None:
        """Take slices from number `start`; a slice is the same whichever others it is taken with.

        Parameters
        ----------
        start : int
            The first slice.
        grey : ndarray, (slices, y, x) uint8
            Filled with the scanned greys.
        labels : ndarray, (slices, y, x) uint8, optional
            Zero; filled with the labels.
        """
        from napari_bonemet.phantom.hindlimb_kernels import Piece, add_noise, lay_bone, lay_tissue

        options = self.options
        clean = np.empty(grey.shape, np.float32)
        lay_tissue(clean, start, options.spacing_um, self._tissue)
        named = np.zeros((0, 0, 0), np.uint8) if labels is None else labels
        claims = np.zeros(named.shape, np.float32)
        for bone in self._bones:
            block, names = bone.block, np.array(bone.labels, np.uint8)
            piece = Piece(*bone.voxels(options.grid), block.grey, block.inside, block.parts, names)
            lay_bone(clean, named, claims, (start, BONE_THRESHOLD - SOFT_TISSUE), piece)
        seed = stream(options.seed, "hindlimb noise").integers(2**64, dtype=np.uint64)
        add_noise(clean, start, seed, options.noise_sd, grey)


@dataclass(frozen=True, eq=False)
class SyntheticHindlimb:
    """A synthetic hindlimb scan with its truth.

    Parameters
    ----------
    options : HindlimbOptions
        What was asked for.
    scan : Scan
        Kind.RECON, part "hindlimb", uint8.
    labels : ndarray, (z, y, x) uint8
        :data:`HINDLIMB_LABELS`: all that lies within a bone's outer surface, marrow too, and its blurred rim down to
        the threshold of 75. A tibia in the papers' sense is tibia and fibula, :meth:`mask`.
    posture : Posture
        How the animal lies; ``posture.bones["left tibia"]`` maps points of a left tibia's frame to the scan.
    landmarks_um : dict
        "left knee", "left ankle", "left growth plate", ... (z, y, x), micrometres; they may lie outside the field.
    directions : dict
        Unit vectors (z, y, x) of the scan: "caudal", "dorsal" and "left" of the animal.
    """

    options: HindlimbOptions
    scan: Scan
    labels: np.ndarray = field(repr=False)
    posture: Posture = field(repr=False)
    landmarks_um: dict[str, Triple]
    directions: dict[str, Triple]

    def mask(self, *names: str) -> np.ndarray:
        """Where the labels are one of `names`; "left tibia" holds the left fibula too, as in the papers."""
        wanted = [HINDLIMB_LABELS[name] for name in names]
        wanted += [HINDLIMB_LABELS[name.replace("tibia", "fibula")] for name in names if name.endswith("tibia")]
        return np.isin(self.labels, wanted)


def prepare_hindlimb(options: HindlimbOptions | None = None, *, progress: Progress = NO_PROGRESS) -> HindlimbField:
    """Make the animal's bones and posture, ready for slices to be taken.

    Parameters
    ----------
    options : HindlimbOptions, optional
        The animal, its posture, and how it is scanned.
    progress : Progress
        Told how far it is.
    """
    options = options or HindlimbOptions()
    posture = draw_posture(options)
    chain = course(options, posture)
    bones = bones_of(options, posture, chain, progress)
    return HindlimbField(options, posture, bones, tissue_of(options, posture, chain))


def make_hindlimb(options: HindlimbOptions | None = None, *, progress: Progress = NO_PROGRESS) -> SyntheticHindlimb:
    """Make the hindlimb scan of the animal `options.seed`: the same options give the same voxels.

    Parameters
    ----------
    options : HindlimbOptions, optional
        The animal, its posture, and how it is scanned.
    progress : Progress
        Told how far it is.
    """
    options = options or HindlimbOptions()
    ready = prepare_hindlimb(options, progress=PartOf(progress, 0.0, 0.5))
    grey, labels = np.empty(options.shape, np.uint8), np.zeros(options.shape, np.uint8)

    def work(start: int, stop: int) -> None:
        ready.fill(start, grey[start:stop], labels[start:stop])

    over_slabs(work, options.shape[0], slab=_SLAB, progress=PartOf(progress, 0.5, 1.0))
    return SyntheticHindlimb(
        options,
        scan_of(options, grey),
        labels,
        ready.posture,
        landmarks_of(ready.posture, options),
        directions_of(ready.posture),
    )


def hindlimb_slab(
    options: HindlimbOptions, z_start: int, z_stop: int, *, field: HindlimbField | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Slices `z_start` to `z_stop` of :func:`make_hindlimb`: greys and labels.

    Parameters
    ----------
    options : HindlimbOptions
        The animal, its posture, and how it is scanned.
    z_start, z_stop : int
        Which slices.
    field : HindlimbField, optional
        From :func:`prepare_hindlimb`, when more slabs will be taken of it.

    Returns
    -------
    greys, labels : ndarray, (slices, y, x) uint8
    """
    labels = np.zeros((z_stop - z_start, *options.shape[1:]), np.uint8)
    greys = np.empty_like(labels)
    (field or prepare_hindlimb(options)).fill(z_start, greys, labels)
    return greys, labels


def scan_of(options: HindlimbOptions, voxels: np.ndarray) -> Scan:
    """The scan whose voxels these are."""
    return Scan(
        voxels,
        options.grid.spacing,
        options.grid.origin,
        subject=options.subject,
        day=options.week * DAYS_PER_WEEK,
        kind=Kind.RECON,
        part="hindlimb",
        synthetic=True,
        history=(Step("synthetic", {**options.as_record(), "generator": HINDLIMB_GENERATOR}),),
    )


def landmarks_of(posture: Posture, options: HindlimbOptions) -> dict[str, Triple]:
    """Points of the animal in the scan, (z, y, x), micrometres."""
    points = joints(posture.bones)
    junction = Anatomy.draw(options.seed, options.strain).junction
    along = {"growth plate": 0.0, "tibia-fibula junction": junction, "tibia-fibula fusion": FUSION_UM}
    for side in SIDES:
        for name, depth in along.items():
            points[f"{side} {name}"] = posture.bones[f"{side} tibia"]([depth, 0.0, 0.0])
    return {name: _triple(point) for name, point in points.items()}


def directions_of(posture: Posture) -> dict[str, Triple]:
    """The animal's directions in the scan, unit vectors (z, y, x)."""
    body = posture.bones["body"].linear / posture.size
    return {name: _triple(body[:, axis]) for axis, name in enumerate(("caudal", "dorsal", "left"))}


def _triple(values: np.ndarray) -> Triple:
    z, y, x = (float(value) for value in values)
    return (z, y, x)
