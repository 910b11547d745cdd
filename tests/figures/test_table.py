"""The table: columns asked for, rows of slices or animals, letters, inks, widths, and what is left blank."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_bonemet.errors import InputError
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.study import StudyFigure, Subject, subjects_figure
from napari_bonemet.forecast.forecaster import Forecast, summarise
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries


def table(*show: str, **more: Any) -> MontageOptions:
    return MontageOptions(layout="table", show=show, **more)  # type: ignore[arg-type]


def pixels(made: StudyFigure) -> np.ndarray:
    made.figure.canvas.draw()
    return np.asarray(made.figure.canvas.buffer_rgba())[..., :3].astype(int)  # type: ignore[attr-defined]


def words(made: StudyFigure) -> list[str]:
    return [text.get_text() for text in made.figure.texts]


def titles(made: StudyFigure) -> list[str]:
    return [panel["title"] for panel in made.record["panels"]]  # type: ignore[union-attr]


def named(series: ScanSeries, subject: str) -> ScanSeries:
    return series.map(lambda scan: replace(scan, subject=subject))


@pytest.fixture
def subject(weeks: ScanSeries, forecast: Forecast, truth: Scan) -> Subject:
    return Subject(weeks, None, forecast, truth)


def test_columns_stand_in_the_order_asked_for(subject: Subject) -> None:
    made = subjects_figure((subject,), options=table("truth", "difference", "weeks", rows=1))
    assert titles(made) == ["true", "mean − true", "week 0", "week 1", "week 2"]
    lefts = [axes.get_position().x0 for axes in made.figure.axes[:5]]
    assert sorted(lefts) != lefts or len(set(lefts)) == 5


def test_an_animal_is_a_row_and_what_it_lacks_stays_blank(subject: Subject, weeks: ScanSeries) -> None:
    other = Subject(named(ScanSeries((weeks[0], weeks[2])), "8"))
    made = subjects_figure((subject, other), options=table("weeks", "truth", "predicted", row_of="animals"))
    kinds = [panel["kind"] for panel in made.record["panels"]]  # type: ignore[union-attr]
    assert kinds == [*["grey"] * 5, "grey", "blank", "grey", "blank", "blank"]
    assert any("8 left tibia" in word for word in words(made))
    blank = made.figure.axes[6]
    box = blank.get_window_extent()
    high = pixels(made).shape[0]
    inside = pixels(made)[int(high - box.y1) + 3 : int(high - box.y0) - 3, int(box.x0) + 3 : int(box.x1) - 3]
    assert np.median(inside) == 255, "a week that was not scanned looks like one without bone"


def test_every_animal_is_drawn_at_one_scale(weeks: ScanSeries, subject: Subject) -> None:
    large = named(weeks.map(lambda scan: replace(scan, spacing=(20.0, 20.0, 20.0))), "9")
    made = subjects_figure((Subject(weeks), Subject(large)), options=table("weeks", row_of="animals"))
    widths = [np.ptp(axes.get_xlim()) for axes in made.figure.axes[:6]]
    assert np.ptp(widths) < 1e-9


def test_too_many_animals_are_refused(weeks: ScanSeries) -> None:
    with pytest.raises(InputError, match="do not fit"):
        subjects_figure([Subject(weeks)] * 25, options=table("weeks", row_of="animals"))
    with pytest.raises(InputError, match="do not fit"):
        subjects_figure([Subject(weeks)] * 2, options=MontageOptions())


def test_nothing_to_show_is_told(weeks: ScanSeries) -> None:
    with pytest.raises(InputError, match="no truth and no samples of 7 left tibia"):
        subjects_figure((Subject(weeks),), options=table("truth", "samples"))


@pytest.mark.parametrize(("letters", "wanted"), [("panels", list("abcdef")), ("rows", list("ab")), ("none", [])])
def test_letters_name_panels_or_rows(weeks: ScanSeries, letters: str, wanted: list[str]) -> None:
    made = subjects_figure((Subject(weeks),), options=table("weeks", rows=2, letters=letters))
    assert [text.get_text() for text in made.figure.texts if text.get_gid() == "letter"] == wanted


def test_dark_paper_has_light_words(subject: Subject) -> None:
    light, dark = (pixels(subjects_figure((subject,), options=table("weeks", theme=t))) for t in ("light", "dark"))
    assert light.shape == dark.shape
    assert light[0, 0].min() == 255
    assert dark[0, 0].max() < 40
    title = slice(0, int(0.3 * 200))
    assert light[title].min() < 40
    assert dark[title].max() > 220


@pytest.mark.parametrize("points", [6.0, 7.5, 11.0])
def test_the_width_is_what_was_asked_for_whatever_the_letters(subject: Subject, points: float) -> None:
    made = subjects_figure((subject,), options=table("weeks", "truth", width_mm=114.0, font_size=points))
    assert made.figure.get_size_inches()[0] * 25.4 == pytest.approx(114.0)
    sizes = {text.get_fontsize() for text in made.figure.texts if text.get_text() == "week 0"}
    assert sizes == {points}


def test_words_can_be_left_out_but_not_what_is_admitted(subject: Subject) -> None:
    bare = table("weeks", "truth", titles=False, heading=False, scale_bar=False, colour_bars=False, arrows=False)
    made = subjects_figure((subject,), options=bare)
    assert titles(made)[0] == "week 0", "the record still tells what is drawn"
    assert not {"week 0", "true"} & set(words(made))
    assert any("synthetic data" in word for word in words(made))
    assert not any("forecast of week" in word for word in words(made))


def test_failures_are_where_the_forecast_is_wrong(weeks: ScanSeries, truth: Scan) -> None:
    voxels = truth.to_numpy().copy()
    voxels[9:11] = 20  # bone lost there in the forecast alone
    wrong = summarise(
        [truth.with_voxels(voxels, step=weeks[0].history[0] if weeks[0].history else _step())], week=3, model="m"
    )
    options = table("weeks", rows=1, choose="failures", lesion_opening=0)
    made = subjects_figure((Subject(weeks, None, wrong, truth),), options=options)
    assert made.record["slices"] in ([9], [10])
    usual = subjects_figure((Subject(weeks, None, wrong, truth),), options=replace(options, choose="lesions"))
    assert 2 <= usual.record["slices"][0] < 9  # type: ignore[index, operator]


def _step() -> Any:
    from napari_bonemet.provenance import Step

    return Step("made wrong")


def test_too_narrow_a_figure_is_refused(subject: Subject) -> None:
    with pytest.raises(InputError, match="have no room"):
        subjects_figure((subject,), options=table("weeks", "truth", width_mm=20.0))


def test_volumes_have_no_uncertainty() -> None:
    with pytest.raises(InputError, match="no probability"):
        table("weeks", "probability", as_volumes=True)


@pytest.mark.parametrize("show", [(), ("weeks", "weeks"), ("nonsense",)])
def test_columns_are_checked(show: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="columns cannot be shown"):
        table(*show)


def test_the_same_file_in_any_letters(subject: Subject, tmp_path: Any, savefig: Callable[..., bytes]) -> None:
    options = table("weeks", "truth", font="STIXGeneral", width_mm=85.0)
    first, second = (savefig(subjects_figure((subject,), options=options)) for _ in range(2))
    assert first == second
    plain = savefig(subjects_figure((subject,), options=replace(options, font="DejaVu Sans")))
    assert not np.array_equal(_decoded(first), _decoded(plain)[: _decoded(first).shape[0]])


@pytest.fixture
def savefig(tmp_path: Any) -> Callable[..., bytes]:
    from napari_bonemet.figures.export import save_figure

    return lambda made: save_figure(made.figure, tmp_path / "f.png", {}).read_bytes()


def _decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
