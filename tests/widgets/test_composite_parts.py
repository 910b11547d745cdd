import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.io import read_scan
from napari_bonemet.processing.composite import CompositeOptions
from napari_bonemet.processing.roi import RoiOptions
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.composite_parts import (
    Recipe,
    check_weeks,
    composites_of,
    crop_and_repeat,
    roi_sentence,
    save_composites,
    volume_rows,
)

RECIPE = {2.0: Recipe(0.0, CompositeOptions())}


@pytest.fixture
def series(make_series: Callable[..., ScanSeries]) -> ScanSeries:
    return make_series((0, 1, 2), kind=Kind.REGIST)


def test_weeks_out_of_order_are_refused() -> None:
    with pytest.raises(InputError, match="must come after the baseline"):
        check_weeks(2.0, 1.0)
    with pytest.raises(InputError, match="needs two weeks"):
        check_weeks(0.0, None)


def test_cropping_repeats_the_composite_of_the_slices_that_are_left(series: ScanSeries) -> None:
    whole = composites_of(series, RECIPE)[2.0]
    roi, again = crop_and_repeat(series, RoiOptions(first_slice=4, slices=5), RECIPE)
    assert np.array_equal(again[2.0].scan.to_numpy(), whole.scan.to_numpy()[4:9])
    assert again[2.0].scan.origin[0] == 40.0
    assert (
        roi_sentence(roi) == "Slices 4 to 8, from the given slice. Confidence 100% (sure): the first slice was given."
    )


def test_the_table_and_the_files_agree(series: ScanSeries, tmp_path: Path) -> None:
    made = composites_of(series, RECIPE)
    rows = {row[0]: row[1:] for row in volume_rows(made[2.0])}
    table, record, slices = save_composites(made, RECIPE, tmp_path / "out")
    with table.open(encoding="utf-8", newline="") as lines:
        (row,) = csv.DictReader(lines)
    for name in ("conserved", "formed", "resorbed"):
        assert float(rows[name][0]) == pytest.approx(float(row[f"{name}_mm3"]), abs=5e-5)
        assert float(rows[name][1]) == pytest.approx(float(row[f"{name}_mm3_before_rule"]), abs=5e-5)
    told = json.loads(record.read_text(encoding="utf-8"))["composites"][0]
    assert (told["baseline_week"], told["later_week"], told["rule"]) == (0, 2, made[2.0].rule)
    again = read_scan(slices)
    assert np.array_equal(again.to_numpy(), made[2.0].scan.to_numpy())
    assert again.spacing == (10.0, 10.0, 10.0)


def test_a_name_that_takes_a_second_line_is_not_cut(qtbot: Any) -> None:
    from napari_bonemet.widgets.tables import SmallTable

    table = SmallTable(["mm³", "after rule", "before"])
    qtbot.addWidget(table)
    table.resize(400, 100)
    table.show()
    table.fill([["conserved", "1.5046", "1.3652"], ["bone of the later week", "1.5055", "1.5050"]])
    for width in (400, 200, 120):
        table.resize(width, table.height())
        qtbot.wait(50)
        last = table.visualItemRect(table.item(1, 0))
        assert table.viewport().rect().contains(last.bottomLeft()), f"the last row is cut at {width} px"
    assert table.rowHeight(1) > table.rowHeight(0)
    assert table.viewport().height() - last.bottom() < 12, "room is left below the last row"


def test_what_is_unfolded_is_seen_whole(qtbot: Any) -> None:
    from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

    from napari_bonemet.widgets.folded import Folded

    words = QLabel("Bone is above grey 75. " * 20)
    words.setWordWrap(True)
    folded, dock = Folded("The rule", words), QWidget()
    column = QVBoxLayout(dock)
    column.addWidget(folded)
    column.addStretch(1)
    qtbot.addWidget(dock)
    dock.resize(250, 900)
    dock.show()
    assert words.visibleRegion().isEmpty()
    folded.unfold()
    qtbot.wait(50)
    assert words.height() >= words.heightForWidth(words.width())
    folded.unfold(False)
    assert not words.isVisible()
