"""Films: the right frames in the right order, of one size, and what is said when they cannot be made."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_bonemet.errors import InputError
from napari_bonemet.figures.arrows import ARROW_COLOURS
from napari_bonemet.figures.film import film_of
from napari_bonemet.figures.film_file import save_film
from napari_bonemet.figures.film_options import FilmOptions
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.study import Subject
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

SMALL = MontageOptions(dpi=72)


@pytest.fixture
def subject(weeks: ScanSeries, several: Forecast, truth: Scan) -> Subject:
    return Subject(weeks, None, several, truth)


def frames(subject: Subject, what: str, **more: Any) -> list[np.ndarray]:
    film = film_of(subject, options=FilmOptions(what=what, montage=SMALL, **more))  # type: ignore[arg-type]
    made = [frame.pixels for frame in film.frames]
    assert len(made) == film.count
    assert len({pixels.shape for pixels in made}) == 1
    assert made[0].shape[0] % 2 == made[0].shape[1] % 2 == 0
    return made


def test_weeks_then_forecast_then_truth(subject: Subject) -> None:
    made = frames(subject, "weeks")
    assert len(made) == 5
    middle = [pixels[60:-60, 20:-20].mean() for pixels in made]
    # The ring is whole in the three weeks seen, and has holes in forecast and truth.
    assert max(middle[:3]) - min(middle[:3]) < 0.5
    assert abs(middle[4] - middle[0]) > 0.5


def test_every_sample_from_the_least_bone_lost(subject: Subject) -> None:
    made = frames(subject, "samples")
    assert len(made) == 4
    right = [pixels[:, pixels.shape[1] // 2 + 20 :] for pixels in made]
    blue = [is_colour(pixels, ARROW_COLOURS["lesion"]).sum() for pixels in right]
    red = [is_colour(pixels[:-60], ARROW_COLOURS["wrong"]).sum() for pixels in right]
    assert blue[0] == red[0] == 0, "the sample that loses no bone comes first"
    assert blue[3] > 0
    assert red[3] > 0


def is_colour(pixels: np.ndarray, colour: str) -> np.ndarray:
    wanted = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)])
    return np.abs(pixels.astype(int) - wanted).max(axis=-1) < 40


def test_a_turn_ends_where_it_began_and_the_bone_keeps_its_size(subject: Subject) -> None:
    montage = MontageOptions(dpi=72, azimuth=0.0, elevation=0.0)
    options = FilmOptions(what="rotation", turned=("truth",), turn_seconds=1.0, fps=8, montage=montage)
    made = [frame.pixels for frame in film_of(subject, options=options).frames]
    assert len(made) == 8
    shades = [pixels[60:-40, 15:-15].astype(int) for pixels in made]
    assert np.abs(shades[4] - shades[0]).mean() > 2, "it does not turn"
    heights = []
    for pixels in shades:
        rows = np.nonzero((pixels.max(axis=-1) > 30).mean(axis=1) > 0.2)[0]
        heights.append(int(np.ptp(rows)))
    assert max(heights) - min(heights) <= 2


def test_no_samples_no_film_of_them(weeks: ScanSeries, forecast: Forecast) -> None:
    for made in (None, forecast):
        with pytest.raises(InputError, match="no samples to show"):
            film_of(Subject(weeks, None, made), options=FilmOptions(what="samples"))


def test_what_has_no_surface_cannot_turn() -> None:
    with pytest.raises(InputError, match="cannot be turned"):
        FilmOptions(turned=("probability",))


def test_a_gif_holds_every_frame_its_time_and_the_colour_of_its_arrows(subject: Subject, tmp_path: Path) -> None:
    options = FilmOptions(what="samples", seconds=0.4, montage=SMALL)
    paths = [tmp_path / f"{n}.gif" for n in "ab"]
    for path in paths:
        save_film(film_of(subject, options=options), path, {}, fps=options.fps)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    gif = Image.open(paths[0])
    assert gif.n_frames == 4  # type: ignore[attr-defined]
    gif.seek(3)
    assert gif.info["duration"] == 400
    last = np.asarray(gif.convert("RGB"))
    assert is_colour(last, ARROW_COLOURS["wrong"]).sum() > 20


def test_an_mp4_holds_every_frame(subject: Subject, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="the writer of MP4 is an extra")
    import imageio_ffmpeg

    options = FilmOptions(what="weeks", seconds=0.5, fps=8, montage=SMALL)
    path = save_film(film_of(subject, options=options), tmp_path / "f.mp4", {}, fps=8)
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert count == 5 * 4
    assert seconds == pytest.approx(2.5, abs=0.2)
    assert (tmp_path / "f.mp4.json").is_file()
    assert {p.name for p in tmp_path.iterdir()} == {"f.mp4", "f.mp4.json"}


def test_without_the_writer_the_remedy_is_named(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(InputError, match="pip install"):
        save_film(film_of(subject, options=FilmOptions()), tmp_path / "f.mp4", {}, fps=8)
    with pytest.raises(InputError, match=r"\.mp4 or \.gif"):
        save_film(film_of(subject, options=FilmOptions()), tmp_path / "f.avi", {}, fps=8)


class Stops:
    """Cancel is pressed at the second frame."""

    def __init__(self) -> None:
        self.seen = 0

    def advance(self, fraction: float) -> None:
        self.seen += fraction > 0
        self.check()

    def message(self, text: str) -> None: ...

    def check(self) -> None:
        if self.seen >= 2:
            raise Cancelled


def test_cancelled_leaves_nothing(subject: Subject, tmp_path: Path) -> None:
    film = film_of(subject, options=FilmOptions(montage=SMALL), progress=Stops())
    with pytest.raises(Cancelled):
        save_film(film, tmp_path / "f.gif", {}, fps=8)
    assert not list(tmp_path.iterdir())
