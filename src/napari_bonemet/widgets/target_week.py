"""The week to be forecast: the arrows go from scan to scan and on into the future, and any week can be typed."""

from qtpy.QtWidgets import QDoubleSpinBox, QWidget

from napari_bonemet.series import ScanSeries

__all__ = ["TargetWeek", "target_weeks"]

# How far ahead a week may be asked for; how far a model reaches, it says itself.
_FURTHEST = 26.0
_NEAR = 0.006


def target_weeks(series: ScanSeries) -> tuple[float, ...]:
    """Weeks that are offered first: every one after the first, and the one that comes next."""
    weeks = series.weeks
    return (*weeks[1:], weeks[-1] + _gap(series))


def _gap(series: ScanSeries) -> float:
    weeks = series.weeks
    return weeks[-1] - weeks[-2] if len(weeks) > 1 else 1.0


class TargetWeek(QDoubleSpinBox):
    """A week, and in words whether it was scanned.

    Without a series it is empty, and :attr:`week` is None.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._series: ScanSeries | None = None
        self.setDecimals(2)
        self.setPrefix("week ")
        self.setKeyboardTracking(False)
        self.setToolTip("The week to forecast; weeks that are to come, or lie between two scans, can be typed.")
        self.valueChanged.connect(self._tell)
        self.offer(None)

    @property
    def week(self) -> float | None:
        """The week chosen, exactly that of the scan where it was scanned."""
        if self._series is None:
            return None
        return next((week for week in self._series.weeks if abs(week - self.value()) < _NEAR), float(self.value()))

    def offer(self, series: ScanSeries | None) -> None:
        """Let weeks of this leg be chosen; the last one scanned unless the one that stands there can stay."""
        before, self._series = self.week, series
        self.setEnabled(series is not None)
        self.blockSignals(True)
        if series is None:
            self.setSpecialValueText(" ")
            self.setRange(0, _FURTHEST)
            self.setValue(0)
        else:
            offered = target_weeks(series)
            self.setSpecialValueText("")
            self.setRange(series.weeks[0] + 0.01, series.weeks[-1] + _FURTHEST)
            self.setValue(before if before in offered else offered[-2] if len(offered) > 1 else offered[0])
        self.blockSignals(False)
        self._tell()

    def stepBy(self, steps: int) -> None:  # noqa: N802 - Qt's name
        """To the next scan, or the one before; past the last one by the leg's own interval."""
        series = self._series
        if series is None:
            return
        last, gap = series.weeks[-1], _gap(series)
        ahead = int(_FURTHEST / gap)
        stops = [*series.weeks[1:], *(last + gap * number for number in range(1, ahead + 1))]
        for _ in range(abs(steps)):
            now = self.value()
            further = [stop for stop in stops if (stop - now) * steps > _NEAR]
            if further:
                self.setValue(min(further, key=lambda stop: abs(stop - now)))

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        """No digits that say nothing."""
        return f"{value:g}"

    def _tell(self) -> None:
        series, week = self._series, self.week
        if series is None or week is None:
            self.setSuffix("")
        elif week > series.weeks[-1]:
            self.setSuffix(" (to come)")
        else:
            self.setSuffix("" if week in series.weeks else " (not scanned)")
