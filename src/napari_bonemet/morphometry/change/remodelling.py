"""Remodelling between two weeks: bone conserved, formed and resorbed, by volume and by surface.

The composite tells bone lost, kept and formed apart; here it is counted, split by compartment (cortex, trabecular)
and by surface (periosteal, endosteal, intracortical, trabecular). Every formula stands at
:class:`~napari_bonemet.morphometry.change.remodelling_result.Change`.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from napari_bonemet.coverage import covered
from napari_bonemet.errors import InputError
from napari_bonemet.io.composite_codes import CODES, FORMED, KEPT, LOST
from napari_bonemet.morphometry.change.remodelling_result import Change, Remodelling
from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.processing.composite_result import CompositeResult
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import DAYS_PER_WEEK, Scan
from napari_bonemet.slabs import from_slabs

__all__ = ["Change", "Remodelling", "RemodellingOptions", "measure_remodelling"]

_SLAB = 16
_MOST_REACH = 12
_NONE = np.zeros((1, 1, 1), np.uint8)
_COMPARTMENTS = {"cortex": 1, "trabecular": 2}
_SURFACES = {"periosteal": 1, "endosteal": 2, "intracortical": 3, "trabecular": 4}
# Which compartment each surface bounds.
_BOUNDS = {"periosteal": "cortex", "endosteal": "cortex", "intracortical": "cortex", "trabecular": "trabecular"}


@dataclass(frozen=True)
class RemodellingOptions(Options):
    """How surfaces are told apart."""

    surface_reach_um: Annotated[
        float,
        Doc(
            "A gap within the cortex belongs to the periosteal or endosteal surface, whichever is nearer, when that "
            "is no farther than this; else to a pore."
        ),
        Between(0, 1000),
        Unit("µm"),
    ] = 45.0


def measure_remodelling(
    composite: CompositeResult | Scan,
    labels: np.ndarray | None = None,
    days: float | None = None,
    *,
    options: RemodellingOptions | None = None,
    progress: Progress = NO_PROGRESS,
) -> Remodelling:
    """Measure what became of the bone between two registered weeks.

    Parameters
    ----------
    composite : CompositeResult or Scan
        From :func:`~napari_bonemet.processing.composite.make_composite`, or a composite that was read.
    labels : ndarray of uint8, (z, y, x), optional
        Compartments on its grid: 0 outside, 1 cortex, 2 trabecular (bone and marrow). Without them only the whole
        is told.
    days : float, optional
        Between the two scans; taken as the composite's own day, a baseline of day 0, when None.
    options : RemodellingOptions, optional
        The defaults when None.

    Returns
    -------
    Remodelling

    Raises
    ------
    InputError
        When the scan is no composite, the labels do not fit it, the days are not known or not positive, or the
        baseline shows no bone.
    """
    options = options or RemodellingOptions()
    scan = composite.scan if isinstance(composite, CompositeResult) else composite
    codes = codes_of(scan)
    days = _days(scan, days)
    parts = check_labels(labels, scan)
    seen = covered(scan)
    volumes = _volumes(codes, parts, seen) * scan.grid.voxel_volume_mm3
    if not volumes[:, [0, 2]].sum():
        raise InputError(f"The baseline of {scan.title} shows no bone", remedy="Lower the bone threshold")
    progress.advance(0.2)
    faces, areas = _faces(codes, parts, seen, scan, options)
    progress.advance(0.7)
    changes = _by_surface(codes, parts, scan, options) * scan.grid.voxel_volume_mm3
    progress.advance(1.0)
    start = None if scan.week is None else scan.week - days / DAYS_PER_WEEK
    tally = _Tally(volumes, faces, areas * 1e-6, changes, days)
    compartments = {name: tally.compartment(name) for name in _COMPARTMENTS} if parts is not None else {}
    surfaces = {name: tally.surface(name) for name in _SURFACES} if parts is not None else {}
    return Remodelling(scan, start, scan.week, days, tally.whole(), compartments, surfaces, _notes(codes, seen, parts))


def codes_of(scan: Scan) -> np.ndarray:
    """The codes of a composite, (z, y, x) uint8, contiguous.

    Raises
    ------
    InputError
        When a voxel holds another value than a composite's.
    """
    voxels = np.ascontiguousarray(scan.to_numpy())
    known = np.isin(np.arange(256), CODES)
    strange = voxels.dtype != np.uint8 or not all(known[voxels[z]].all() for z in range(len(voxels)))
    if strange:
        raise InputError(
            f"{scan.title} is no composite",
            expected="the values 0, 60, 180 and 240, in bytes",
            found=f"{voxels.dtype} from {voxels.min():g} to {voxels.max():g}",
            remedy="Make one of two registered weeks first",
        )
    return voxels


def check_labels(labels: np.ndarray | None, scan: Scan) -> np.ndarray | None:
    """Compartments as contiguous uint8, once they fit the scan.

    Raises
    ------
    InputError
        When the shape differs, or a value is none of 0, 1 and 2.
    """
    if labels is None:
        return None
    parts = np.asarray(labels)
    if parts.shape != scan.shape:
        raise InputError(
            f"The compartments do not fit {scan.title}", expected=f"shape {scan.shape}", found=f"shape {parts.shape}"
        )
    if parts.min() < 0 or parts.max() > 2:
        raise InputError(
            "The compartments cannot be used",
            expected="0 outside, 1 cortex, 2 trabecular",
            found=f"values from {parts.min()} to {parts.max()}",
        )
    return np.ascontiguousarray(parts, dtype=np.uint8)


def _days(scan: Scan, days: float | None) -> float:
    days = scan.day if days is None else days
    if days is None or days <= 0:
        raise InputError(
            f"The days between the two scans of {scan.title} are not known",
            expected="a positive number of days",
            found=str(days),
            remedy="Give them, or the day of the later scan",
        )
    return float(days)


def _volumes(codes: np.ndarray, parts: np.ndarray | None, seen: np.ndarray | None) -> np.ndarray:
    # Voxels by compartment (rows) and lost, formed, kept (columns).
    table = np.zeros(256, np.uint8)
    table[[LOST, FORMED, KEPT]] = 1, 2, 3
    counts = np.zeros(12, np.int64)
    for start in range(0, len(codes), _SLAB):
        slab = slice(start, start + _SLAB)
        key = table[codes[slab]]
        if parts is not None:
            key = key + 4 * parts[slab]
        counts += np.bincount((key if seen is None else key[seen[slab]]).ravel(), minlength=12)
    return counts.reshape(3, 4)[:, 1:].astype(float)


def reach_of(scan: Scan, um: float) -> tuple:
    """A distance as compiled code takes it: voxels along each axis, the voxel size, and the distance, µm."""
    voxels = tuple(min(_MOST_REACH, int(um // size)) for size in scan.spacing)
    return (voxels, tuple(float(size) for size in scan.spacing), float(um))


def _faces(
    codes: np.ndarray,
    parts: np.ndarray | None,
    seen: np.ndarray | None,
    scan: Scan,
    options: RemodellingOptions,
) -> tuple[np.ndarray, np.ndarray]:
    from napari_bonemet.morphometry.change.change_kernels import SURFACES, count_faces

    labels, watched = _NONE if parts is None else parts, _NONE.astype(bool) if seen is None else seen
    spacing, reach = np.asarray(scan.spacing, float), reach_of(scan, options.surface_reach_um)

    def work(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        faces, areas = np.zeros((SURFACES, 3)), np.zeros((SURFACES, 3))
        count_faces(codes, labels, watched, (start, stop, spacing, reach), faces, areas)
        return faces, areas

    faces, areas = np.sum(from_slabs(work, len(codes), slab=_SLAB), axis=0)
    return faces, areas


def _by_surface(codes: np.ndarray, parts: np.ndarray | None, scan: Scan, options: RemodellingOptions) -> np.ndarray:
    from napari_bonemet.morphometry.change.change_kernels import SURFACES, share_out

    counts = np.zeros((SURFACES, 2), np.int64)
    if parts is not None:
        share_out(codes.copy(), parts, reach_of(scan, options.surface_reach_um), counts)
    return counts.astype(float)


@dataclass(frozen=True)
class _Tally:
    """All that was counted: mm³ by compartment and class, faces and mm² by surface, mm³ of change by surface."""

    volumes: np.ndarray
    faces: np.ndarray
    areas: np.ndarray
    changes: np.ndarray
    days: float

    def whole(self) -> Change:
        return self._change(self.volumes.sum(axis=0), list(range(len(self.faces))))

    def compartment(self, name: str) -> Change:
        surfaces = [_SURFACES[surface] for surface, of in _BOUNDS.items() if of == name]
        return self._change(self.volumes[_COMPARTMENTS[name]], surfaces)

    def surface(self, name: str) -> Change:
        lost, formed = self.changes[_SURFACES[name]]
        before = self.volumes[_COMPARTMENTS[_BOUNDS[name]]]
        bone = before[0] + before[2]
        return self._change(np.array([lost, formed, bone - lost]), [_SURFACES[name]])

    def _change(self, volumes: np.ndarray, surfaces: list[int]) -> Change:
        lost, formed, kept = (float(volume) for volume in volumes)
        every, eroded, mineralised = self.faces[surfaces].sum(axis=0)
        smooth = [float(area) for area in self.areas[surfaces].sum(axis=0)]
        return Change(
            bone_mm3=lost + kept,
            formed_mm3=formed,
            resorbed_mm3=lost,
            surface_mm2=smooth[0],
            mineralised_mm2=smooth[2],
            eroded_mm2=smooth[1],
            mineralised_share=float(mineralised / every) if every else 0.0,
            eroded_share=float(eroded / every) if every else 0.0,
            days=self.days,
        )


def _notes(codes: np.ndarray, seen: np.ndarray | None, parts: np.ndarray | None) -> tuple[str, ...]:
    notes = []
    if seen is not None:
        bone = (codes == KEPT) | (codes == LOST)
        unseen = int(np.count_nonzero(bone & ~seen)) / int(np.count_nonzero(bone))
        if unseen > 0:
            notes.append(f"{unseen:.1%} of the baseline's bone lies outside the later field of view and is left out")
    if parts is None:
        notes.append("no compartments were given: the whole bone alone is told")
    return tuple(notes)
