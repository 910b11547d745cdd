"""What the Compare dock can put into a cell: the weeks, a forecast, and the difference of any two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Scan
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.futures_run import weeks_beside

if TYPE_CHECKING:
    from napari_bonemet.forecast.forecaster import Forecast

PREDICTED = "predicted"
SPREAD = "spread"
PROBABILITY = "bone probability"
MAPS = (SPREAD, PROBABILITY)
COPY = "copy-last-week"


@dataclass(frozen=True, eq=False)
class Item:
    """One volume that a cell can show.

    Parameters
    ----------
    key : str
        Stays the same while weeks and forecasts come and go: "week 3", "predicted", "sample 2", "spread".
    label : str
        What the dock calls it, short.
    title : str
        The cell's title, which says what is predicted; that data are synthetic stands in the canvas's mark.
    scan : Scan
        The volume.
    usual : bool
        Whether it is shown unless the user chooses otherwise.
    one_of_many : bool
        Whether it is one of the samples, which are listed apart.
    make : callable, optional
        Makes the volume where it is still to be made, beside the screen; `scan` then only says on which grid.
    """

    key: str
    label: str
    title: str
    scan: Scan
    usual: bool
    one_of_many: bool = False
    make: Callable[[Progress], Scan] | None = None

    @property
    def is_true(self) -> bool:
        """Whether it is the week that was forecast, as it came."""
        return self.is_week and self.title.startswith("true")

    @property
    def is_last_seen(self) -> bool:
        """Whether it is the last week that the forecast was made from."""
        return self.title.startswith("last seen")

    @property
    def is_week(self) -> bool:
        """Whether it is a week as scanned, and no sample, map or forecast."""
        return self.key.startswith("week ") and self.make is None

    def made(self, progress: Progress = NO_PROGRESS) -> "Item":
        """The same with its volume."""
        return self if self.make is None else replace(self, scan=self.make(progress), make=None)

    @property
    def is_map(self) -> bool:
        """Whether it says something of the samples that is no grey value, or no grey value of bone."""
        return self.key in MAPS


@dataclass(frozen=True, eq=False)
class Difference:
    """One volume minus another.

    Parameters
    ----------
    title : str
        "predicted − true".
    scan : Scan
        Signed, in grey values.
    """

    title: str
    scan: Scan


def items_on(desk: Desk) -> tuple[Item, ...]:
    """What lies on the desk on one grid, in the order of the cells.

    Raises
    ------
    InputError
        When no leg is open, or its weeks do not share a grid.
    """
    series = desk.working or desk.series
    if series is None:
        raise InputError("There is nothing to compare yet", remedy="Open a leg in Weekly scans first")
    series.require_one_grid("Comparing")
    forecast = desk.forecast
    if forecast is None:
        return tuple(_week(scan, f"week {scan.week:g}", usual=True) for scan in series)
    series = weeks_beside(series, forecast)
    last = max((week for week in series.weeks if week < forecast.week), default=None)
    items = [_week(scan, _role(scan.week, last, forecast.week), scan.week in (last, forecast.week)) for scan in series]
    return (*items, *_futures(forecast))


def _futures(forecast: "Forecast") -> list[Item]:
    # A narrow cell cuts its title off at the end: what must be said stands first.
    many, week = len(forecast.samples), f"week {forecast.week:g}"
    if many == 1:
        short = "copied" if forecast.model == COPY else forecast.model
        title = f"predicted, {week}"
        return [Item(PREDICTED, f"{title}, {forecast.model}", f"{title}, {short}", forecast.mean, usual=True)]
    mean = f"predicted, mean of {many}"
    bone, spread = f"bone, share of {many} samples", f"spread of {many} samples, greys"
    samples = [
        Item(f"sample {n}", f"sample {n}", f"predicted, sample {n} of {many}", scan, n == 1, one_of_many=True)
        for n, scan in enumerate(forecast.samples, start=1)
    ]
    return [
        Item(PREDICTED, f"{mean}, {forecast.model}", mean, forecast.mean, usual=True),
        *samples,
        Item(PROBABILITY, bone, bone, forecast.bone_probability, usual=True),
        Item(SPREAD, spread, spread, forecast.spread, usual=False),
    ]


def registered_note(desk: Desk) -> str:
    """A warning where the weeks lie on one grid by chance of scanning only, otherwise nothing."""
    if desk.working is None and desk.series is not None and desk.series.on_one_grid:
        return "These weeks are not registered: a difference shows how the leg lay as well as what changed."
    return ""


def _role(week: float | None, last: float | None, target: float) -> str:
    if week == target:
        return f"true, week {week:g}"
    return f"last seen, week {week:g}" if week == last else f"week {week:g}"


def _week(scan: Scan, title: str, usual: bool) -> Item:
    return Item(f"week {scan.week:g}", title, title, scan, usual)


def usual_pair(items: Sequence[Item]) -> tuple[str, str] | None:
    """Keys of what is usually subtracted: predicted minus true, else the last week minus the first."""
    keys = [item.key for item in items if not (item.is_map or item.one_of_many or item.make)]
    true = [item.key for item in items if item.is_true]
    if PREDICTED in keys:
        seen = [key for key in keys if key != PREDICTED]
        return (PREDICTED, (true or seen[-1:])[0])
    return (keys[-1], keys[0]) if len(keys) > 1 else None


def subtract(first: Item, second: Item, progress: Progress = NO_PROGRESS) -> Difference:
    """`first` minus `second`.

    Raises
    ------
    InputError
        When they do not share a grid.
    """
    if not first.scan.grid.matches(second.scan.grid):
        raise InputError(
            f"{_short(first)} and {_short(second)} do not lie on one grid",
            expected=f"{second.scan.shape}",
            found=f"{first.scan.shape}",
            remedy="Register the weeks first",
        )
    progress.message("reading")
    one, other = first.scan.to_numpy(), second.scan.to_numpy()
    bytes_only = one.dtype == np.uint8 and other.dtype == np.uint8
    progress.advance(0.4)
    voxels = np.subtract(one, other, dtype=np.int16 if bytes_only else np.float32)
    progress.advance(1.0)
    step = Step("difference", {"minus": _short(second)})
    scan = first.scan.with_voxels(voxels, step=step, grid=second.scan.grid)
    return Difference(f"{_short(first)} − {_short(second)}", scan)


def _short(item: Item) -> str:
    """Enough to tell the two of a difference apart: "predicted", "true", "week 3"."""
    return "true" if item.is_true else item.key
