"""Lesions followed through the weeks: one identity each, however they grow, merge and split."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.change.lesion_result import Lesion, Lesions
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import Scan

__all__ = ["FollowedLesion", "LesionHistory", "LesionWeek", "follow_lesions"]


@dataclass(frozen=True)
class LesionWeek:
    """A lesion in one of its weeks.

    Parameters
    ----------
    week : float
        Weeks since inoculation.
    lesion : Lesion
        Size, place and holes in that week; its number is that week's own.
    growth_mm3 : float or None
        How much it grew per week since the scan before, what merged into it counted before as well; None in the week
        of a split, where what was one is not shared out.
    event : str
        "new", "grew", "merged with 2, 3", "split", "split from 1", in words.
    """

    week: float
    lesion: Lesion
    growth_mm3: float | None
    event: str


@dataclass(frozen=True)
class FollowedLesion:
    """One lesion through the weeks.

    Parameters
    ----------
    number : int
        Its identity, from 1, in the order of appearance, the larger first.
    weeks : tuple of LesionWeek
        Every week in which it is there, in order.
    fate : str
        "there in the last week", "merged into 1 in week 3", "gone in week 3".
    """

    number: int
    weeks: tuple[LesionWeek, ...]
    fate: str

    @property
    def first_week(self) -> float:
        """The first week in which it is there."""
        return self.weeks[0].week

    def row(self, entry: LesionWeek) -> dict[str, object]:
        """One of its weeks under names with units."""
        row: dict[str, object] = {"lesion": self.number, "week": entry.week, "first week": self.first_week}
        row |= entry.lesion.as_row()
        return row | {"growth (mm³/week)": entry.growth_mm3, "event": entry.event, "fate": self.fate}


@dataclass(frozen=True, eq=False)
class LesionHistory:
    """The lesions of one leg through the weeks.

    Parameters
    ----------
    lesions : tuple of FollowedLesion
        In the order of their numbers.
    labels : tuple of (week, Scan)
        uint16 per week: the identity of the lesion that each lost voxel belongs to.
    position_from : str
        Where positions are counted from.
    """

    lesions: tuple[FollowedLesion, ...]
    labels: tuple[tuple[float, Scan], ...]
    position_from: str

    def rows(self) -> list[dict[str, object]]:
        """One row per lesion and week, by week."""
        rows = [
            (entry.week, followed.number, followed.row(entry) | {"position from": self.position_from})
            for followed in self.lesions
            for entry in followed.weeks
        ]
        return [row for _, _, row in sorted(rows, key=lambda known: known[:2])]

    def as_record(self) -> list[Json]:
        """Each lesion with its weeks as plain JSON values."""
        return [
            {
                "lesion": followed.number,
                "first_week": followed.first_week,
                "fate": followed.fate,
                "weeks": [
                    {
                        "week": entry.week,
                        "event": entry.event,
                        "growth_mm3_per_week": entry.growth_mm3,
                        **entry.lesion.as_record(),
                    }
                    for entry in followed.weeks
                ],
            }
            for followed in self.lesions
        ]


@dataclass
class _Track:
    number: int
    weeks: list[LesionWeek] = field(default_factory=list)
    fate: str = ""
    merged: bool = False


def follow_lesions(found: Sequence[tuple[float, Lesions]], *, baseline_week: float = 0.0) -> LesionHistory:
    """Follow lesions through the weeks by where they overlap; all are counted since one baseline.

    A lesion keeps its number in the lesion that most of it lies in a week later. Where several lie in one, the one
    with the largest overlap gives its number, and the others end there, merged. Where one lies in several, the part
    that most of it lies in keeps the number, and the others are new, split from it. A lesion that is not there in a
    week and comes back to its place keeps its number.

    Parameters
    ----------
    found : sequence of (week, Lesions)
        Weeks in order, on one grid; gaps between them may be of any length.
    baseline_week : float
        The week that all are compared with.

    Returns
    -------
    LesionHistory

    Raises
    ------
    InputError
        When the weeks are not in order, or lie on different grids.
    """
    _check(found, baseline_week)
    tracks: dict[int, _Track] = {}
    labels = []
    last = np.zeros(found[0][1].labels.shape, np.uint16) if found else np.zeros((0, 0, 0), np.uint16)
    before = baseline_week
    for week, lesions in found:
        overlaps = _overlaps(last, lesions.labels.to_numpy())
        identity = _identify(tracks, lesions, overlaps, (before, week))
        table = np.zeros(len(lesions) + 1, np.uint16)
        table[[*identity]] = [*identity.values()]
        renumbered = table[lesions.labels.to_numpy()]
        # A lesion that is gone is remembered where it was; one that is there, where it is.
        last[np.isin(last, [*identity.values(), *(t.number for t in tracks.values() if t.merged)])] = 0
        last[renumbered > 0] = renumbered[renumbered > 0]
        step = Step("lesion history", {"baseline_week": baseline_week})
        labels.append((week, lesions.labels.with_voxels(renumbered, step=step)))
        before = week
    followed = tuple(FollowedLesion(t.number, tuple(t.weeks), _fate(t, found)) for t in tracks.values())
    return LesionHistory(followed, tuple(labels), found[0][1].position_from if found else "first slice")


def _check(found: Sequence[tuple[float, Lesions]], baseline_week: float) -> None:
    weeks = [baseline_week, *(week for week, _ in found)]
    if sorted(set(weeks)) != weeks:
        raise InputError(
            "The weeks cannot be followed", expected="weeks in order, after the baseline", found=f"{weeks}"
        )
    for _, lesions in found[1:]:
        if not lesions.labels.grid.matches(found[0][1].labels.grid):
            raise InputError("The weeks lie on different grids", remedy="Register the weeks first")


def _overlaps(last: np.ndarray, now: np.ndarray) -> dict[tuple[int, int], int]:
    # Voxels that a lesion known before and one of this week share.
    both = (last > 0) & (now > 0)
    pairs, counts = np.unique(np.stack([last[both], now[both]]), axis=1, return_counts=True)
    return {(int(old), int(new)): int(count) for (old, new), count in zip(pairs.T, counts, strict=True)}


def _identify(
    tracks: dict[int, _Track],
    lesions: Lesions,
    overlaps: dict[tuple[int, int], int],
    weeks: tuple[float, float],
) -> dict[int, int]:
    # This week's numbers and the identities they stand for; the tracks are told.
    before, week = weeks
    heirs: dict[int, list[int]] = {}
    for old in sorted({old for old, _ in overlaps}):
        mine = {new: count for (of, new), count in overlaps.items() if of == old}
        heirs.setdefault(max(mine, key=lambda new: (mine[new], -new)), []).append(old)
    splitting = {old for old, _ in overlaps if sum(of == old for of, _ in overlaps) > 1}
    identity = {}
    for lesion in lesions:
        olds = heirs.get(lesion.number, [])
        if olds:
            keeper = max(olds, key=lambda old: (overlaps[old, lesion.number], -old))
            track = tracks[keeper]
            absorbed = [tracks[old] for old in olds if old != keeper]
            event, growth = _continued(track, absorbed, lesion, week, split=keeper in splitting)
        else:
            parents = {old: count for (old, new), count in overlaps.items() if new == lesion.number}
            track = tracks.setdefault(len(tracks) + 1, _Track(len(tracks) + 1))
            event = f"split from {max(parents, key=lambda old: parents[old])}" if parents else "new"
            growth = None if parents else lesion.volume_mm3 / (week - before)
        track.weeks.append(LesionWeek(week, lesion, growth, event))
        track.fate = ""
        identity[lesion.number] = track.number
    for track in tracks.values():
        if not track.merged and track.weeks[-1].week < week:
            track.fate = track.fate or f"gone in week {week:g}"
    return identity


def _continued(
    track: _Track, absorbed: list[_Track], lesion: Lesion, week: float, *, split: bool
) -> tuple[str, float | None]:
    for other in absorbed:
        other.merged, other.fate = True, f"merged into {track.number} in week {week:g}"
    merged = f"merged with {', '.join(str(other.number) for other in absorbed)}" if absorbed else ""
    if split:
        return ", ".join(filter(None, (merged, "split"))), None
    last = track.weeks[-1]
    was = last.lesion.volume_mm3 + sum(other.weeks[-1].lesion.volume_mm3 for other in absorbed)
    growth = (lesion.volume_mm3 - was) / (week - last.week)
    return merged or ("grew" if growth > 0 else "did not grow"), growth


def _fate(track: _Track, found: Sequence[tuple[float, Lesions]]) -> str:
    return track.fate or f"there in the last week, {found[-1][0]:g}"
