"""What a session says was done is done again: voxel for voxel, without a search."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid
from napari_bonemet.io.bonemet import write_series
from napari_bonemet.phantom.leg import SyntheticLeg, make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.composite import CompositeOptions, compose_weeks
from napari_bonemet.processing.register import RegistrationOptions, register_weeks
from napari_bonemet.processing.roi import RoiOptions, crop_roi
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.session import Composed, LegSource, WeekSource
from napari_bonemet.study.session_records import cropped_of, registered_of
from napari_bonemet.study.session_replay import composed_again, cropped_again, open_leg, registered_again

OPTIONS = LegOptions(seed=6, shape=(32, 64, 64), spacing_um=45.0, weeks=(0, 1, 2))


@pytest.fixture(scope="module")
def leg() -> SyntheticLeg:
    return make_leg(OPTIONS)


def same(one: ScanSeries, other: ScanSeries) -> None:
    assert one.weeks == other.weeks
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.to_numpy(), b.to_numpy())
        assert a.grid == b.grid
        assert a.kind == b.kind
        assert [(s.name, s.parameters, s.sources) for s in a.history] == [
            (s.name, s.parameters, s.sources) for s in b.history
        ]


def test_a_leg_is_opened_from_its_folder_with_its_voxel_sizes(leg: SyntheticLeg, tmp_path: Path) -> None:
    write_series(leg.series, tmp_path / "scans")
    weeks = tuple(WeekSource(week, scan.grid) for week, scan in zip(leg.series.weeks, leg.series, strict=True))
    source = LegSource(leg.series.leg, "seg", weeks, "scans")
    session = tmp_path / "one.bonemet.json"
    series, files, folder, notes = open_leg(source, session)
    assert folder == (tmp_path / "scans").resolve()
    assert files is not None
    assert notes == ()
    for a, b in zip(series, leg.series, strict=True):
        np.testing.assert_array_equal(a.to_numpy(), b.to_numpy())
    other = (WeekSource(0.0, replace(weeks[0].grid, shape=(1, 2, 3))), *weeks[1:], WeekSource(7.0, weeks[0].grid))
    _, _, _, notes = open_leg(replace(source, weeks=other), session)
    assert [note.split(" of ")[0] for note in notes] == ["Week 7", "Week 0"]
    with pytest.raises(InputError, match="no longer holds"):
        open_leg(replace(source, kind="regist"), session)
    (tmp_path / "scans").rename(tmp_path / "moved")
    with pytest.raises(InputError, match="Locate folder"):
        open_leg(source, session)
    series, *_ = open_leg(source, session, folder=tmp_path / "moved")
    assert series.weeks == leg.series.weeks


def test_a_synthetic_leg_is_made_again(leg: SyntheticLeg, tmp_path: Path) -> None:
    source = LegSource(leg.series.leg, "regist", (), sample=OPTIONS, registered=True)
    series, files, folder, _ = open_leg(source, tmp_path / "one.bonemet.json")
    same(series, leg.registered())
    assert files is folder is None


@pytest.mark.parametrize("around", [None, 200.0])
def test_registered_cropped_and_composed_weeks_come_back_voxel_for_voxel(
    leg: SyntheticLeg, around: float | None
) -> None:
    result = register_weeks(leg.series, options=RegistrationOptions(around_bone=around, starts=1, azimuths=8))
    record = registered_of(result)
    again, notes = registered_again(leg.series, record)
    assert notes == ()
    same(again.series, result.series)
    assert again.quality == result.quality
    roi = crop_roi(result.series, options=RoiOptions(first_slice=4, slices=20))
    cropped = cropped_again(again.series, cropped_of(roi))
    same(cropped.series, roi.series)
    assert (cropped.landmark, cropped.reason, cropped.confidence) == (roi.landmark, roi.reason, roi.confidence)
    options = CompositeOptions(bone_threshold=80.0)
    made = dict(compose_weeks(roi.series, options=options))
    back = composed_again(cropped.series, [Composed(0.0, week, options) for week in made])
    assert list(back) == list(made)
    for week, composite in made.items():
        np.testing.assert_array_equal(back[week].scan.to_numpy(), composite.scan.to_numpy())
        assert back[week].volumes == composite.volumes


def test_weeks_laid_onto_another_bone_come_back_without_it(leg: SyntheticLeg) -> None:
    other = make_leg(replace(OPTIONS, seed=7)).series.baseline
    result = register_weeks(leg.series, options=RegistrationOptions(starts=1, azimuths=8), reference=other)
    record = registered_of(result)
    assert None not in record.onto
    again, _ = registered_again(leg.series, record)
    same(again.series, result.series)


def test_other_scans_are_noticed_and_wild_grids_refused(leg: SyntheticLeg) -> None:
    result = register_weeks(leg.series, options=RegistrationOptions(starts=1, azimuths=8))
    record = registered_of(result)
    changed = leg.series.map(lambda scan: scan.with_voxels(scan.to_numpy() // 2, step=scan.history[0]))
    _, notes = registered_again(changed, record)
    assert "not those that the session was saved with" in notes[0]
    huge = Grid((10**5, 10**5, 10**5), (1.0, 1.0, 1.0))
    with pytest.raises(InputError, match="8 times the largest scan"):
        registered_again(leg.series, replace(record, grid=huge))
    with pytest.raises(InputError, match="one transform"):
        registered_again(leg.series, replace(record, transforms=record.transforms[:1]))
