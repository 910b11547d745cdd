"""What the Figure dock draws beside the screen, and the canvas with a title and what it has to admit."""

import io
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from napari_bonemet.errors import InputError
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.study import StudyFigure, Subject, subjects_figure
from napari_bonemet.figures.style import drawing
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import __version__
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.figure_job import FigureOptions, subject_of, worked_out_for
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.figure_data import FigureData, Models, figure_options, gather
from napari_bonemet.widgets.futures_run import weeks_beside
from napari_bonemet.widgets.layers import record_of_layer

PREVIEW_DPI = 110
LEAST_CELL_PIXELS = 600
_BAND_INCHES = 0.34
_SCREEN_DPI = 150


class Drawing:
    """Draws what lies on the desk; what was worked out for the last figure serves the next one of the same data."""

    def __init__(self) -> None:
        self._last: tuple[tuple[Any, ...], tuple[Subject, ...]] | None = None

    def draw(
        self, data: FigureData, options: FigureOptions, *, hashed: bool, progress: Progress = NO_PROGRESS
    ) -> StudyFigure:
        """The figure, with its record where it is `hashed`.

        Raises
        ------
        InputError
            When weeks are not on one grid, or the slice is not there.
        """
        subjects = self._subjects(data, options, PartOf(progress, 0.0, 0.6))
        made = subjects_figure(subjects, options=options.montage, hashed=hashed, progress=PartOf(progress, 0.6, 1.0))
        progress.advance(1.0)
        return made

    def _subjects(self, data: FigureData, options: FigureOptions, progress: Progress) -> tuple[Subject, ...]:
        key = (*((leg.series, *leg.forecasts) for leg in data.legs), worked_out_for(options))
        if self._last is None or self._last[0] != key:
            steps = [PartOf(progress, n / len(data.legs), (n + 1) / len(data.legs)) for n in range(len(data.legs))]
            made = (subject_of(leg, options=options, progress=step) for leg, step in zip(data.legs, steps, strict=True))
            self._last = (key, tuple(made))
        return self._last[1]


def draw_study(desk: Desk, options: MontageOptions, progress: Progress = NO_PROGRESS) -> StudyFigure:
    """The figure of what lies on the desk: weeks, composite, forecast, truth and difference, as far as they are there.

    Raises
    ------
    InputError
        When no leg is open, its weeks are not on one grid, or the slice is not there.
    """
    data = gather(desk, Models(desk), options, progress)
    return Drawing().draw(data, figure_options(desk, options), hashed=True, progress=progress)


def drawn_weeks(desk: Desk) -> ScanSeries:
    """The weeks that the figure shows, and in whose slices its slice is counted.

    Raises
    ------
    InputError
        When no leg is open.
    """
    series = desk.working or desk.series
    if series is None:
        raise InputError("There is nothing to draw yet", remedy="Open a leg in Weekly scans first")
    # What not every week saw is left out beside a forecast, so the figure's first slice need not be the canvas's.
    return series if desk.forecast is None else weeks_beside(series, desk.forecast)


def as_png(figure: Figure, dpi: int) -> bytes:
    """The figure as the bytes of a PNG."""
    stream = io.BytesIO()
    with drawing():
        figure.savefig(stream, format="png", dpi=dpi, facecolor=figure.get_facecolor())
    return stream.getvalue()


def usual_title(viewer: Any) -> str:
    """The legs that are seen, and where the slice lies."""
    records = [record_of_layer(layer) or {} for layer in viewer.layers if layer.visible]
    legs = list(dict.fromkeys(str(record["leg"]) for record in records if record.get("leg")))
    place = ""
    if viewer.dims.ndisplay == 2 and viewer.dims.ndim >= 3:
        place = f"z = {viewer.dims.point[-3] / 1000:.2f} mm"
    return ", ".join(part for part in (*legs, place) if part)


def scale_of_whole(viewer: Any) -> float:
    """So much larger than its voxels that titles in cells fit.

    Counted as napari counts, in the smallest step of all layers: a layer of micrometres among voxels of ten makes a
    pixel of each micrometre.
    """
    seen = viewer.layers.extent
    count = (seen.world[1] - seen.world[0]) / seen.step
    side = max((float(count[axis]) for axis in viewer.dims.displayed if np.isfinite(count[axis])), default=1.0)
    return float(np.clip(LEAST_CELL_PIXELS / max(side, 1.0), 0.05, 50.0))


def picture_of(viewer: Any, *, whole: bool) -> np.ndarray:
    """The canvas as an image, in the main thread.

    Parameters
    ----------
    whole : bool
        The whole layers, large enough that titles in cells fit, rather than the view as it is.

    Returns
    -------
    ndarray of uint8, (rows, columns, 4)
    """
    if not whole:
        return np.asarray(viewer.screenshot(canvas_only=True, flash=False))
    return np.asarray(viewer.export_figure(scale_factor=scale_of_whole(viewer), flash=False))


def annotated(image: np.ndarray, title: str, footer: str, admission: str) -> Figure:
    """The picture with a title above, and below it the footer and what has to be admitted.

    Parameters
    ----------
    image : ndarray of uint8, (rows, columns, 4)
        Kept pixel by pixel.
    title, footer : str
        The user's words; may be empty.
    admission : str
        "synthetic data", "predicted, research use"; printed whatever the footer says.
    """
    rows, columns = image.shape[:2]
    width, height = columns / _SCREEN_DPI, rows / _SCREEN_DPI
    top, bottom = (_BAND_INCHES if title else 0.06), _BAND_INCHES
    full = height + top + bottom
    with drawing():
        figure = Figure(figsize=(width, full), dpi=_SCREEN_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, bottom / full, 1, height / full))
        axes.imshow(image, interpolation="none", aspect="auto")
        axes.set_axis_off()
        side = 0.08 / width
        figure.text(side, 1 - top / 2 / full, title, ha="left", va="center", fontsize=10, fontweight="bold")
        low = bottom / 2 / full
        left = " · ".join(text for text in (footer, admission) if text)
        figure.text(side, low, left, ha="left", va="center", fontsize=7, color="#a00000" if admission else "#444444")
        maker = f"napari-bonemet {__version__}"
        figure.text(1 - side, low, maker, ha="right", va="center", fontsize=7, color="#777777")
    return figure
