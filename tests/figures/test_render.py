"""Bone seen from outside: what is seen, where, and how bright."""

from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.render import View, see_from_outside
from napari_bonemet.figures.study import Subject, subjects_figure
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries


def ball(spacing: tuple[float, float, float] = (10.0, 10.0, 10.0), shape: tuple[int, int, int] = (41, 41, 41)) -> Scan:
    """A ball of 100 micrometres radius in the middle."""
    places = np.meshgrid(
        *((np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, spacing, strict=True)), indexing="ij"
    )
    far = np.sqrt(sum(p**2 for p in places))
    return Scan(np.clip(75 + (100 - far) * 5, 0, 255).astype(np.uint8), spacing, subject="ball")


@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 0), (30, 15), (90, 0), (200, -40), (0, 90)])
@pytest.mark.parametrize("spacing", [(10.0, 10.0, 10.0), (20.0, 10.0, 5.0)])
def test_a_ball_is_a_disc_of_its_size_from_everywhere(
    azimuth: float, elevation: float, spacing: tuple[float, float, float]
) -> None:
    shape = tuple(int(410 / s) for s in spacing)
    seen = see_from_outside(ball(spacing, shape), View(azimuth, elevation))  # type: ignore[arg-type]
    area = seen.hit.sum() * seen.pixel_um**2
    assert area == pytest.approx(np.pi * 100**2, rel=0.04)
    rows, columns = np.nonzero(seen.hit)
    assert abs(rows.mean() - (seen.hit.shape[0] - 1) / 2) * seen.pixel_um < 6
    assert abs(columns.mean() - (seen.hit.shape[1] - 1) / 2) * seen.pixel_um < 6


def test_points_lie_on_the_surface_on_the_near_side() -> None:
    seen = see_from_outside(ball(), View(0, 0))
    away = (seen.points[seen.hit] - 20) * 10
    assert np.linalg.norm(away, axis=1) == pytest.approx(100, abs=4)
    assert (away[:, 1] < 5).all(), "at azimuth 0 the eye looks along +y"


def test_light_falls_from_the_upper_left() -> None:
    shades = see_from_outside(ball(), View(0, 0)).shades.astype(float)
    middle = [n // 2 for n in shades.shape]
    upper_left = shades[: middle[0], : middle[1]]
    lower_right = shades[middle[0] :, middle[1] :]
    assert upper_left[upper_left > 0].mean() > 1.3 * lower_right[lower_right > 0].mean()


def test_what_is_proximal_is_above_and_turning_turns() -> None:
    voxels = np.zeros((40, 20, 20), np.uint8)
    voxels[:5, 9:11, 9:11] = 200  # at the proximal end
    scan = Scan(voxels, (10.0, 10.0, 10.0))
    rows, _ = np.nonzero(see_from_outside(scan, View(0, 0)).hit)
    assert rows.max() < see_from_outside(scan, View(0, 0)).hit.shape[0] / 3
    voxels = np.zeros((20, 20, 20), np.uint8)
    voxels[8:12, 9:11, 15:18] = 200  # at large x
    scan = Scan(voxels, (10.0, 10.0, 10.0))
    for azimuth, right in ((0, True), (180, False)):
        hit = see_from_outside(scan, View(azimuth, 0)).hit
        assert (np.nonzero(hit)[1].mean() > hit.shape[1] / 2) == right


def test_no_bone_is_black() -> None:
    seen = see_from_outside(Scan(np.full((5, 6, 7), 20, np.uint8), (10.0, 10.0, 10.0)), View(30, 15))
    assert not seen.shades.any()


def outside(**more: object) -> MontageOptions:
    show = ("truth", "predicted")
    return MontageOptions(layout="table", show=show, as_volumes=True, dpi=120, **more)  # type: ignore[arg-type]


def test_arrows_point_at_craters_blue_where_true_red_where_not(
    weeks: ScanSeries, forecast: Forecast, truth: Scan
) -> None:
    # The ring's hole at small x is true and forecast, that at large x forecast alone; the true one at small y does
    # not reach the outer surface.
    subject = Subject(weeks, None, forecast, truth)
    seen_from = {
        azimuth: meanings(subjects_figure((subject,), options=outside(azimuth=azimuth, elevation=0.0)))
        for azimuth in (0.0, 90.0, -90.0)
    }
    assert seen_from == {0.0: [[], []], 90.0: [["lesion"], ["lesion"]], -90.0: [[], ["wrong"]]}


def meanings(made: object) -> list[list[str]]:
    panels = made.record["panels"]  # type: ignore[attr-defined]
    return [[arrow["meaning"] for arrow in panel["arrows"]] for panel in panels]


def test_the_eye_looks_where_bone_is_lost(weeks: ScanSeries, truth: Scan) -> None:
    made = subjects_figure((Subject(ScanSeries((*weeks, truth)), None, None, None),), options=weeks_outside())
    assert made.record["panels"][0]["kind"] == "volume"  # type: ignore[index]
    copied = replace(truth, kind=Kind.PREDICTION)
    from napari_bonemet.forecast.forecaster import summarise

    subject = Subject(weeks, None, summarise([copied], week=3, model="m"), truth)
    history = subjects_figure((subject,), options=outside()).record["panels"][0]["history"]  # type: ignore[index]
    # Both holes of the truth lie at small y and small x: the eye looks along +y and +x.
    assert 0 < history[-1]["parameters"]["azimuth_degrees"] < 90


def weeks_outside() -> MontageOptions:
    return MontageOptions(layout="table", show=("weeks",), as_volumes=True, dpi=120)
