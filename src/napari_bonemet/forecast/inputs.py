"""Which scans a network looks at, how much time lies between them, and in how many steps the week is reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.forecast.patches import WEEK_TOLERANCE, inputs_for
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

FEWEST_UNEVEN = 2


@dataclass(frozen=True, eq=False)
class Steps:
    """How a week is reached from those seen.

    Parameters
    ----------
    scans : tuple of Scan
        The weeks that are looked at, oldest first.
    gaps : tuple of float
        Weeks from each to the next, the last one to `weeks[0]`.
    weeks : tuple of float
        The weeks that are drawn one after another, the last one the week that was asked for.
    """

    scans: tuple[Scan, ...]
    gaps: tuple[float, ...]
    weeks: tuple[float, ...]


def steps_to(seen: ScanSeries, week: float, options: NetworkOptions, model: str) -> Steps:
    """How a network of these options reaches `week` from what was seen.

    A network that is told the time takes any two or more scans; where there are fewer than it looks at, the
    oldest stands in for those that are not there, with no time between. A network that is not told it needs
    even steps. A week further ahead than one gap is reached over the weeks between, each drawn as a scan would be
    seen, so that uncertainty grows.

    Raises
    ------
    InputError
        When the scans that it needs are not there.
    """
    last = seen[-1].week or 0.0
    count = max(1, round((week - last) / options.gap_weeks))
    ahead = tuple(last + (week - last) * (n + 1) / count for n in range(count))
    if not options.timed:
        if abs(ahead[0] - last - options.gap_weeks) > WEEK_TOLERANCE:
            count = 1  # an uneven step: the error says which scans would be needed
            ahead = (week,)
        scans = inputs_for(seen, ahead[0], options.weeks_seen, options.gap_weeks, model)
        return Steps(scans, _gaps(scans, ahead[0]), ahead)
    scans = tuple(seen)[-options.weeks_seen :]
    if len(scans) < min(FEWEST_UNEVEN, options.weeks_seen):
        raise InputError(
            f"{model} cannot forecast week {week:g} of {seen.leg}",
            expected=f"at least {FEWEST_UNEVEN} scans before it",
            found="weeks " + ", ".join(f"{w:g}" for w in seen.weeks),
            remedy="Copy-last-week takes a single scan",
        )
    scans = (scans[0],) * (options.weeks_seen - len(scans)) + scans
    return Steps(scans, _gaps(scans, ahead[0]), ahead)


def _gaps(scans: Sequence[Scan], week: float) -> tuple[float, ...]:
    weeks = [scan.week or 0.0 for scan in scans] + [week]
    return tuple(later - earlier for earlier, later in pairwise(weeks))
