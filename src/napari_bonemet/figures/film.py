"""Films: the weeks one after the other, the samples of a forecast, or volumes that turn; frame by frame."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.figures.content import Content
from napari_bonemet.figures.film_options import FilmOptions
from napari_bonemet.figures.montage import draw_rows
from napari_bonemet.figures.notes import title_of
from napari_bonemet.figures.options import Column, MontageOptions
from napari_bonemet.figures.panel import Panel, Row
from napari_bonemet.figures.study import Subject, content_of
from napari_bonemet.figures.style import drawing
from napari_bonemet.figures.table import rows_of_table
from napari_bonemet.figures.volumes import Looks
from napari_bonemet.progress import NO_PROGRESS, Progress

__all__ = ["Film", "Frame", "film_of"]

PANEL_INCHES = 3.0


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture, and how long it is seen.

    Parameters
    ----------
    pixels : ndarray of uint8, (rows, columns, 3)
        Red, green and blue; as many rows and columns in every frame, both even, as H.264 wants them.
    seconds : float
    """

    pixels: np.ndarray
    seconds: float


@dataclass(frozen=True, eq=False)
class Film:
    """Frames that are drawn when they are asked for.

    Parameters
    ----------
    count : int
        How many there are.
    frames : iterator of Frame
        From the first; once.
    slice_index : int
        The slice shown.
    """

    count: int
    frames: Iterator[Frame]
    slice_index: int


def film_of(subject: Subject, *, options: FilmOptions, progress: Progress = NO_PROGRESS) -> Film:
    """The film of a leg.

    Parameters
    ----------
    subject : Subject
        What there is of the leg.
    options : FilmOptions
        The montage's slice is shown; without one, that with the most newly lost bone.
    progress : Progress
        Advanced with each frame; on a request to stop the next frame is not drawn.

    Raises
    ------
    InputError
        When there is nothing to show, or no forecast of several samples for a film of them.
    """
    montage = options.montage
    if montage.panel_inches is None and montage.width_mm is None:
        montage = replace(montage, panel_inches=PANEL_INCHES)
    if options.what == "rotation":
        table: Sequence[Column] = options.turned
        montage = replace(montage, layout="table", show=tuple(table), as_volumes=True, arrows=False, rows=1)
    else:
        montage = replace(montage, layout="overview")
    content = content_of(subject, replace(montage, row_of="slices"))
    index = content.losses.slices[0]
    if options.what == "rotation":
        scenes, count = _turning(content, options), max(2, round(options.turn_seconds * options.fps))
        seconds = options.turn_seconds / count
    else:
        stills = _weeks(content, index) if options.what == "weeks" else _samples(content, index)
        looks = Looks(content) if options.volumes else None
        scenes, count, seconds = _still(stills, looks), len(stills), options.seconds
    rows = (_row(panels, index, content, seen=options.volumes or options.what == "rotation") for panels in scenes)
    return Film(count, _drawn(rows, content, count, seconds, progress), index)


def _weeks(content: Content, index: int) -> list[tuple[Panel, ...]]:
    panels = [*content.weeks("")]
    if content.forecast is not None:
        week = f"week {content.forecast.week:g}"
        title = f"{week}, predicted, {content.forecast.model.replace('-', ' ')}"
        panels += content.mean(index, title=title, group="")
        panels += content.true_week(index, title=f"{week}, true", group="")
    return [(panel,) for panel in panels]


def _samples(content: Content, index: int) -> list[tuple[Panel, ...]]:
    if not content.several or content.forecast is None:
        raise InputError(
            f"{content.seen.leg} has no samples to show",
            expected="a forecast of two samples at least",
            found="none" if content.forecast is None else "one sample",
        )
    true = tuple(content.true_week(index, title=f"week {content.forecast.week:g}, true", group=""))
    by_loss = np.argsort([loss.mm3 for loss in content.losses.samples], kind="stable")
    return [(*true, content.sample_at(int(number), index)) for number in by_loss]


def _still(scenes: Sequence[tuple[Panel, ...]], looks: Looks | None) -> Iterator[tuple[Panel, ...]]:
    for panels in scenes:
        yield panels if looks is None else tuple(looks.panel(panel) for panel in panels)


def _turning(content: Content, options: FilmOptions) -> Iterator[tuple[Panel, ...]]:
    (row,) = rows_of_table([content])
    looks = Looks(content)
    looks.frame()
    count = max(2, round(options.turn_seconds * options.fps))
    for _ in range(count):
        yield tuple(looks.panel(panel, pointed=False) for panel in row.panels)
        looks.turn(360.0 / count)


def _row(panels: tuple[Panel, ...], index: int, content: Content, *, seen: bool) -> Row:
    bare = tuple(replace(panel, note="", bar=False) for panel in panels)
    # A turning bone would grow and shrink if each picture were cut to it.
    whole = seen and content.options.layout == "table"
    return Row(bare, 0 if seen else index, counted_in=panels[0].scan if seen else content.seen.baseline, whole=whole)


def _drawn(rows: Iterator[Row], content: Content, count: int, seconds: float, progress: Progress) -> Iterator[Frame]:
    size: tuple[int, int] | None = None
    options, title = content.options, title_of([content])
    for number, row in enumerate(rows):
        progress.message(f"frame {number + 1} of {count}")
        pixels = _pixels([row], title, options)
        size = size or (pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2)
        yield Frame(_fitted(pixels, size), seconds)
        progress.advance((number + 1) / count)
        progress.check()


def _pixels(rows: Sequence[Row], title: str, options: MontageOptions) -> np.ndarray:
    figure = draw_rows(rows, title=title, options=options).figure
    with drawing(options.font):
        canvas = figure.canvas
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[attr-defined]


def _fitted(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Cut, or filled up with the paper's colour, to the size of the first frame."""
    rows, columns = size
    frame = np.empty((rows, columns, 3), np.uint8)
    frame[...] = pixels[0, 0]
    high, wide = min(rows, pixels.shape[0]), min(columns, pixels.shape[1])
    frame[:high, :wide] = pixels[:high, :wide]
    return frame
