"""A leg's remodelling in one call: pairs of weeks, gaps, painted compartments, and what cannot be measured."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.masks.compartments import CompartmentOptions, find_compartments
from napari_bonemet.phantom.leg import SyntheticLeg, make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.remodelling import LESION_COLUMNS, RemodelOptions, remodel_leg


@pytest.fixture(scope="module")
def leg() -> SyntheticLeg:
    return make_leg(LegOptions(seed=18, weeks=(0, 1, 3), jitter_voxels=0.1))


def flat(voxels: np.ndarray, day: float) -> Scan:
    return Scan(voxels, 30.0, subject="1", side="left", day=day, kind=Kind.REGIST)  # type: ignore[arg-type]


def test_pairs_gaps_and_identities(leg: SyntheticLeg) -> None:
    made = remodel_leg(leg.registered())
    assert [(item.baseline_week, item.week, item.days) for item in made.remodelling] == [
        (0, 1, 7),
        (0, 3, 21),
        (1, 3, 14),
    ]
    assert [week for week, _ in made.lesions] == [week for week, _ in made.history.labels] == [1, 3]
    assert made.compartments is not None
    first = made.lesions[1][1].lesions[0]
    plate = made.compartments.growth_plate
    assert plate is not None
    assert first.position_um == pytest.approx(first.centre_um[0] - 30.0 * plate)
    rows = made.lesion_rows()
    assert tuple(key for key in rows[0] if key in LESION_COLUMNS) == LESION_COLUMNS
    assert rows[0]["synthetic"] is True
    late = [row for row in rows if row["week"] == 3 and row["first week"] == 1]
    early = {row["lesion"]: row for row in rows if row["week"] == 1}
    grown = [row for row in late if row["event"] == "grew"]
    assert grown
    for row in grown:
        gained = row["volume (mm³)"] - early[row["lesion"]]["volume (mm³)"]  # type: ignore[operator]
        assert row["growth (mm³/week)"] == pytest.approx(gained / 2)
    table = made.remodelling_rows()
    assert table[1]["lesions"] == len(made.lesions[1][1])
    assert "lesions" not in table[2]


@pytest.mark.parametrize(("pairs", "count"), [("baseline", 2), ("consecutive", 2), ("all", 3)])
def test_which_pairs(leg: SyntheticLeg, pairs: str, count: int) -> None:
    made = remodel_leg(leg.registered(), options=RemodelOptions(pairs=pairs))  # type: ignore[arg-type]
    assert len(made.remodelling) == count
    last = {"baseline": 0, "consecutive": 1, "all": 1}[pairs]
    assert made.remodelling[-1].baseline_week == last


def test_given_compartments_and_their_plate_are_used(leg: SyntheticLeg) -> None:
    series = leg.registered()
    given = find_compartments(series.baseline, options=CompartmentOptions(growth_plate=2))
    made = remodel_leg(series, compartments=given)
    assert made.compartments is given
    lesion = made.lesions[-1][1].lesions[0]
    assert lesion.position_um == pytest.approx(lesion.centre_um[0] - 60.0)
    with pytest.raises(InputError, match="do not fit"):
        remodel_leg(series.crop((slice(0, 20), slice(None), slice(None))), compartments=given)


def test_without_a_cortex_the_whole_bone_is_told() -> None:
    rng = np.random.default_rng(0)
    before = np.where(rng.random((1, 20, 20)) < 0.5, np.uint8(150), np.uint8(20))
    after = before.copy()
    after[:, 5:10, 5:10] = 20
    made = remodel_leg(ScanSeries((flat(before, 0), flat(after, 7))))
    assert made.compartments is None
    assert any("no compartments" in note for note in made.notes)
    assert made.remodelling[0].whole.resorbed_percent is not None
    assert not made.remodelling[0].compartments
    full = np.full((6, 8, 8), 150, np.uint8)
    assert remodel_leg(ScanSeries((flat(full, 0), flat(full, 7)))).lesion_rows() == []


def test_bad_input_is_said(leg: SyntheticLeg) -> None:
    series = leg.registered()
    with pytest.raises(InputError, match="needs two weeks"):
        remodel_leg(ScanSeries(series.scans[:1]))
    with pytest.raises(InputError, match="Register the weeks first"):
        remodel_leg(leg.series.map(lambda scan: scan if scan.week == 0 else scan.crop((slice(2, None),) * 3)))
    empty = flat(np.full((6, 8, 8), 20, np.uint8), 0)
    with pytest.raises(InputError, match="shows no bone"):
        remodel_leg(ScanSeries((empty, flat(np.full((6, 8, 8), 150, np.uint8), 7))))
    options = RemodelOptions(composite=CompositeOptions(bone_threshold=250.0))
    with pytest.raises(InputError, match="shows no bone"):
        remodel_leg(series, options=options)
