"""Lesions through the weeks: one number each, whatever becomes of them."""

import json
from typing import Any

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.change.lesion_history import LesionHistory, follow_lesions
from napari_bonemet.morphometry.change.lesions import LesionOptions, find_lesions

Case = Any
Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
VOXEL = 20.0**3 * 1e-9
# Blocks within the cortex, apart along z.
LOW: Box = ((5, 13), (8, 14), (20, 40))
HIGH: Box = ((30, 36), (8, 14), (20, 40))
BRIDGE: Box = ((13, 30), (8, 14), (25, 31))


def follow(case: Case, *weeks: tuple[float, list[Box]]) -> LesionHistory:
    options = LesionOptions(satellite_um=0)
    found = [
        (week, find_lesions(case.composite(case.less(*boxes), day=7 * week), case.labels, options=options))
        for week, boxes in weeks
    ]
    return follow_lesions(found)


def told(history: LesionHistory) -> dict[int, list[tuple[float, str]]]:
    return {f.number: [(entry.week, entry.event) for entry in f.weeks] for f in history.lesions}


def test_a_lesion_that_grows_keeps_its_number(case: Case) -> None:
    larger: Box = ((5, 15), (8, 14), (20, 44))
    # In the second week the other one is the larger, and comes first there.
    history = follow(case, (1, [LOW, HIGH]), (3, [LOW, ((28, 40), (8, 14), (20, 44))]), (4, [larger, HIGH]))
    assert told(history) == {
        1: [(1, "new"), (3, "did not grow"), (4, "grew")],
        2: [(1, "new"), (3, "grew"), (4, "did not grow")],
    }
    second = history.lesions[1]
    small, large = 6 * 6 * 20, 12 * 6 * 24
    assert [entry.growth_mm3 for entry in second.weeks] == pytest.approx(
        [small * VOXEL, (large - small) / 2 * VOXEL, (small - large) * VOXEL]
    )
    assert second.weeks[1].lesion.number == 1
    assert (second.first_week, second.fate) == (1, "there in the last week, 4")
    for week, scan in history.labels:
        voxels = scan.to_numpy()
        assert (voxels[8, 10, 30], voxels[32, 10, 30]) == (1, 2), week
    rows = history.rows()
    assert [(row["week"], row["lesion"]) for row in rows] == [(1, 1), (1, 2), (3, 1), (3, 2), (4, 1), (4, 2)]
    assert rows[3]["growth (mm³/week)"] == pytest.approx((large - small) / 2 * VOXEL)
    assert rows[0]["position from"] == "first slice"


def test_two_that_merge_end_in_the_one_that_most_of_it_was(case: Case) -> None:
    new: Box = ((50, 56), (8, 14), (20, 40))
    history = follow(case, (1, [LOW, HIGH]), (2, [LOW, HIGH, BRIDGE, new]))
    assert told(history) == {1: [(1, "new"), (2, "merged with 2")], 2: [(1, "new")], 3: [(2, "new")]}
    assert history.lesions[1].fate == "merged into 1 in week 2"
    # What merged into it was there before: only the bridge is growth.
    assert history.lesions[0].weeks[1].growth_mm3 == pytest.approx(17 * 6 * 6 * VOXEL)
    assert history.lesions[2].first_week == 2
    assert set(np.unique(history.labels[1][1].to_numpy())) == {0, 1, 3}


def test_one_that_splits_goes_on_as_its_larger_part(case: Case) -> None:
    history = follow(case, (1, [LOW, HIGH, BRIDGE]), (2, [LOW, HIGH]), (3, [LOW, HIGH]))
    assert told(history) == {
        1: [(1, "new"), (2, "split"), (3, "did not grow")],
        2: [(2, "split from 1"), (3, "did not grow")],
    }
    assert history.lesions[0].weeks[1].growth_mm3 is None
    assert history.labels[1][1].to_numpy()[8, 10, 30] == 1


def test_one_that_heals_and_comes_back_is_the_same(case: Case) -> None:
    history = follow(case, (1, [LOW, HIGH]), (2, [LOW]), (3, [LOW, HIGH]))
    assert [week for week, _ in told(history)[2]] == [1, 3]
    assert history.lesions[1].fate == "there in the last week, 3"
    gone = follow(case, (1, [LOW, HIGH]), (2, [LOW]))
    assert gone.lesions[1].fate == "gone in week 2"


def test_the_record_is_plain_json(case: Case) -> None:
    hole: Box = ((20, 26), (6, 14), (20, 30))
    record = json.loads(json.dumps(follow(case, (1, [hole])).as_record()))
    assert record[0]["lesion"] == 1
    assert record[0]["weeks"][0]["perforations"][0]["area_mm2"] > 0
    assert record[0]["weeks"][0]["event"] == "new"


def test_weeks_out_of_order_and_none(case: Case) -> None:
    assert follow(case).lesions == ()
    assert follow(case, (1, []), (2, [])).rows() == []
    with pytest.raises(InputError, match="weeks in order"):
        follow(case, (2, [LOW]), (1, [LOW]))
