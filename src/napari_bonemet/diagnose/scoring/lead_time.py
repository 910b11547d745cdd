"""How early a lesion is called, at a specificity that is fixed beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from napari_bonemet.errors import InputError

Weekly = Mapping[float, float]


@dataclass(frozen=True)
class LeadTime:
    """When ill animals are called.

    Parameters
    ----------
    threshold : float
        Called from the first week whose score is above it.
    specificity : float
        Share of the well animals that are called in no week, on those that the threshold was set on.
    called : mapping of str to (float or None)
        The first week in which each ill animal is called; None where never.
    lead_weeks : mapping of str to float
        By how many weeks that is before its last one; 0 where it is called there or never.
    """

    threshold: float
    specificity: float
    called: Mapping[str, float | None]
    lead_weeks: Mapping[str, float]

    def share_by(self, week: float) -> float:
        """Share of the ill animals that are called by a week."""
        return float(np.mean([first is not None and first <= week for first in self.called.values()]))

    @property
    def mean(self) -> float:
        """Mean lead, weeks."""
        return float(np.mean(list(self.lead_weeks.values())))


def lead_time(ill: Mapping[str, Weekly], well: Mapping[str, Weekly], *, specificity: float = 0.9) -> LeadTime:
    """When each ill animal is first called, where so many of the well ones never are.

    Parameters
    ----------
    ill, well : mapping of animal to {week: score}
        Any score that grows with the suspicion. A well animal that is called once is called wrongly, however often it
        was scanned: the threshold is set on the highest of its weeks.
    specificity : float
        Least share of the well animals that are to be left alone.

    Raises
    ------
    InputError
        When there are no animals of a kind, or the specificity is not within 0 and 1.
    """
    if not ill or not well or not 0 < specificity <= 1:
        raise InputError(
            "A lead time needs ill and well animals, and a specificity within 0 and 1",
            found=f"{len(ill)} ill, {len(well)} well, {specificity:g}",
        )
    highest = np.sort([max(weeks.values()) for weeks in well.values()])
    threshold = float(highest[int(np.ceil(specificity * len(highest))) - 1])
    called, leads = {}, {}
    for animal, weeks in ill.items():
        over = [week for week, score in sorted(weeks.items()) if score > threshold]
        called[animal] = over[0] if over else None
        leads[animal] = max(weeks) - over[0] if over else 0.0
    return LeadTime(threshold, float((highest <= threshold).mean()), called, leads)
