"""Which earlier weeks a network sees beside the one that it judges.

A loss that is nothing to a single week is plain beside the week before. BoneMet judges each week alone (section 3.3);
here the weeks are channels of one look: the week itself, the one before it, the first. Where there is none, the nearest
later one stands for it, down to the week itself: nothing has changed then.
"""

from collections.abc import Sequence

from napari_bonemet.scan import Scan


def seen_with(scan: Scan, earlier: Sequence[Scan], together: int) -> tuple[Scan, ...]:
    """The week itself, the one before it, the first one: as many as are seen together.

    Parameters
    ----------
    scan : Scan
        The week that is judged.
    earlier : sequence of Scan
        The weeks before it, on its grid, in their order; there may be none.
    together : int
        1 to 3.
    """
    before = earlier[-1] if earlier else scan
    first = earlier[0] if earlier else scan
    return (scan, before, first)[:together]


def with_earlier_weeks(scans: Sequence[Scan], together: int, beside: Sequence[Scan] = ()) -> list[tuple[Scan, ...]]:
    """Each scan with the earlier ones of its own leg, as :func:`earlier_of_each` finds them."""
    if together == 1:
        return [(scan,) for scan in scans]
    earlier = earlier_of_each(scans, beside)
    return [seen_with(scan, before, together) for scan, before in zip(scans, earlier, strict=True)]


def earlier_of_each(scans: Sequence[Scan], beside: Sequence[Scan] = ()) -> list[list[Scan]]:
    """The weeks before each scan in its own leg, first week first, whatever their order in the lists.

    Parameters
    ----------
    scans : sequence of Scan
        The weeks that are judged.
    beside : sequence of Scan
        Weeks that are not judged, but may be seen; those of `scans` may be among them.
    """
    every = {id(scan): scan for scan in (*scans, *beside)}
    legs: dict[tuple[str | None, str | None], list[Scan]] = {}
    for scan in sorted(every.values(), key=_day):
        legs.setdefault((scan.subject, scan.side), []).append(scan)
    return [[other for other in legs[scan.subject, scan.side] if _day(other) < _day(scan)] for scan in scans]


def _day(scan: Scan) -> float:
    return scan.day if scan.day is not None else -1.0
