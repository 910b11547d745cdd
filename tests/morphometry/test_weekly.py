import csv
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.io.record_columns import Column, with_unit
from napari_bonemet.io.records import read_records
from napari_bonemet.morphometry.catalogue import MEASURES
from napari_bonemet.morphometry.cohort.groups import groups_of
from napari_bonemet.morphometry.cohort.record_filling import write_records
from napari_bonemet.morphometry.cohort.record_measures import measure_columns, measure_of, unit_factor
from napari_bonemet.morphometry.cohort.weekly import WeeklyTable, weekly_table

LEFT = ("1", "left", "tibia")


@pytest.fixture
def table(measured) -> WeeklyTable:
    made = [
        measured("10", 0, {"BV/TV": 20.0}),
        measured("1", 3, {"BV/TV": 5.0, "SMI": 2.0}),
        measured("1", 0, {"BV/TV": 10.0, "SMI": 1.0, "Tb.Th": 0.05}),
        measured("2", 1, {"BV/TV": 7.0}, side="right"),
    ]
    return weekly_table(made, {LEFT: "no tumour", ("2", "right", "tibia"): "tumour"})


def test_rows_are_in_order_and_a_missing_week_stays_missing(table: WeeklyTable) -> None:
    assert [(row.animal, row.week) for row in table.rows] == [("1", 0), ("1", 3), ("2", 1), ("10", 0)]
    assert table.weeks == (0, 1, 3)
    assert table.groups == ("no tumour", "all", "tumour")
    assert table.baseline == 0
    assert table.value(LEFT, 1, "BV/TV") is None
    assert table.value(LEFT, 3, "Tb.Th") is None
    assert [measure.symbol for measure in table.measures] == ["BV/TV", "Tb.Th", "SMI"]
    rows = list(table.as_rows())
    assert rows[0] == {
        "animal": "1",
        "side": "left",
        "part": "tibia",
        "week": 0,
        "group": "no tumour",
        "synthetic": False,
        "BV/TV (%)": 10.0,
        "Tb.Th (mm)": 0.05,
        "SMI": 1.0,
    }
    assert "Tb.Th (mm)" not in rows[1]


def test_changes_are_counted_from_the_baseline_alone(table: WeeklyTable) -> None:
    assert table.change(LEFT, 3, "BV/TV") == -5
    assert table.change(LEFT, 3, "BV/TV", percent=True) == -50
    assert table.change(LEFT, 3, "SMI") == 1
    assert table.change(LEFT, 3, "SMI", percent=True) is None
    assert table.change(LEFT, 3, "Tb.Th") is None
    assert table.change(LEFT, 0, "BV/TV") is None
    assert table.change(("2", "right", "tibia"), 1, "BV/TV") is None
    (row,) = table.as_change_rows()
    assert row["Δ BV/TV (%)"] == -5
    assert row["Δ BV/TV (% of baseline)"] == -50
    assert (row["week"], row["baseline week"]) == (3, 0)


def test_the_long_form_has_one_value_a_row(table: WeeklyTable) -> None:
    rows = list(table.as_long())
    assert len(rows) == 7
    found = next(row for row in rows if row["measure"] == "BV/TV" and row["week"] == 3)
    assert found == {
        "animal": "1",
        "side": "left",
        "group": "no tumour",
        "week": 3,
        "measure": "BV/TV",
        "unit": "%",
        "value": 5,
        "change": -5,
        "change_percent": -50,
        "synthetic": False,
    }


def test_what_is_no_table(measured) -> None:
    one = measured("1", 0, {"BV/TV": 1.0})
    with pytest.raises(InputError, match="week 0 is there twice"):
        weekly_table([one, one])
    with pytest.raises(InputError, match="no measures"):
        weekly_table([])
    with pytest.raises(InputError, match=r"baseline week 2.*weeks 0"):
        weekly_table([one], baseline=2)
    assert weekly_table([one, measured("1", 2, {"BV/TV": 3.0})], baseline=2).change(LEFT, 0, "BV/TV") == -2


def records_of(folder: Path, text: str):
    (folder / "records.csv").write_text(text, encoding="utf-8")
    return read_records(folder / "records.csv")


@pytest.mark.parametrize(
    ("text", "by", "group"),
    [
        ("Mouse,Side,Week,Tumour,Treatment\n1,L,0,yes,not yet\n1,L,1,yes,zoledronate\n", None, "tumour, zoledronate"),
        ("Mouse,Side,Week,Tumour,Treatment\n1,L,0,no,none\n1,L,1,no,none\n", None, "no tumour"),
        ("Mouse,Tibiae tumor inoculation\n1,left\n", None, "tumour"),
        ("Mouse,Tibiae tumor inoculation\n1,R\n", None, "no tumour"),
        ("Mouse,Tumor\n1,both\n", "tumour", "tumour"),
        ("Mouse,Tumor\n1,\n", "tumour", "tumour not stated"),
        ("Mouse,Group,Tumor\n1,PBS,yes\n", None, "PBS"),
        ("Mouse,Group,Tumor\n1,PBS,yes\n", "tumour", "tumour"),
        ("Mouse,Treatment\n1,none\n", "treatment", "no treatment"),
        ("Mouse,Diet\n1,high fat\n", "diet", "high fat"),
        ("Mouse,Sex\n1,F\n", None, "all"),
        ("Mouse,Sex\n2,F\n", None, "not in the records"),
    ],
)
def test_groups(tmp_path: Path, text: str, by: str | None, group: str) -> None:
    assert groups_of(records_of(tmp_path, text), [LEFT], by) == {LEFT: group}


def test_groups_that_cannot_be_told(tmp_path: Path) -> None:
    records = records_of(tmp_path, "Mouse,Week,Diet\n1,0,a\n1,1,b\n")
    with pytest.raises(InputError, match=r"several groups for 1 left.*a, b"):
        groups_of(records, [LEFT], "diet")
    with pytest.raises(InputError, match=r"no column of the tumour.*Mouse, Week, Diet"):
        groups_of(records, [LEFT], "tumour")
    with pytest.raises(InputError, match="no column 'Cage'"):
        groups_of(records, [LEFT], "Cage")


@pytest.mark.parametrize(
    ("header", "symbol", "factor"),
    [
        ("Trab. BV/TV", "BV/TV", 1),
        ("BV/TV (fraction)", "BV/TV", 100),
        ("Trab.Th [µm]", "Tb.Th", 1e-3),
        ("Trab. N (mm^{-1})", "Tb.N", 1),
        ("Trab. N", "Tb.N", 1),
        ("Trab. Sp, μm", "Tb.Sp", 1e-3),
        ("Bone volume (mm^3)", "Tt.BV", 1),
        ("bone_volume_mm3", "Tt.BV", 1),
        ("CORT. AR (µm²)", "Ct.Ar", 1e-6),
        ("Cort. pMOI (mm⁴)", "pMOI", 1),
        ("Mean Ct.Th (cm)", "Ct.Th", 10),
        ("Ct.TMD (g/cm³)", "Ct.TMD", 1000),
        ("SMI", "SMI", 1),
    ],
)
def test_headers_name_measures_and_units(header: str, symbol: str, factor: float) -> None:
    name, unit = with_unit(header)
    measure = measure_of(Column(0, header, name, unit))
    assert measure is not None
    assert measure.symbol == symbol
    assert unit_factor(unit, measure.unit) == pytest.approx(factor)


def test_every_measure_knows_its_own_column() -> None:
    for measure in MEASURES:
        for header in filter(None, (measure.column, measure.record, measure.meaning)):
            name, unit = with_unit(header)
            assert measure_of(Column(0, header, name, unit)) == measure
    assert unit_factor("furlong", "mm") is None
    assert unit_factor("mm²", "mm³") is None
    assert measure_of(Column(0, "Th", "Th", above="Trabecular bone")) is None
    assert measure_of(Column(0, "Th", "Th", above="Trabecular")).symbol == "Tb.Th"
    columns = (
        Column(0, "Tb.Th (furlong)", "Tb.Th", "furlong"),
        Column(1, "BV/TV", "BV/TV"),
        Column(2, "bvtv", "BV/TV"),
    )
    found, notes = measure_columns(columns)
    assert found == {}
    assert ["furlong" in notes[0], "Several columns hold BV/TV" in notes[1]] == [True, True]


def test_measures_are_written_back_and_nothing_is_replaced(tmp_path: Path, table: WeeklyTable) -> None:
    text = "Study;;;;;\nMouse;Leg;Week;Trab. Th (µm);Trab. BV/TV (%);Note\n1;L;0;;11,5;x\n1;L;3;;;\n3;R;0;;;y\n"
    records = records_of(tmp_path, text)
    notes = write_records(records, table, tmp_path / "new.csv")
    with (tmp_path / "new.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert rows[1] == [
        *["Mouse", "Leg", "Week", "Trab. Th (µm)", "Trab. BV/TV (%)", "Note"],
        *["Trab. BV/TV (%) measured", "SMI"],
    ]
    assert rows[2] == ["1", "L", "0", "50,0", "11,5", "x", "10,0", "1,0"]
    assert rows[3] == ["1", "L", "3", "", "", "", "5,0", "2,0"]
    assert rows[4] == ["3", "R", "0", "", "", "y", "", ""]
    assert rows[5] == ["2", "right", "1", "", "", "", "7,0", ""]
    assert rows[6] == ["10", "left", "0", "", "", "", "20,0", ""]
    assert len(rows) == 7
    assert any("stays as it is" in note for note in notes)
    assert any("2 scans have no row" in note for note in notes)
    assert (tmp_path / "records.csv").read_text(encoding="utf-8") == text
    with pytest.raises(OutputError):
        write_records(records, table, tmp_path / "new.csv")


def test_a_row_of_several_scans_is_filled_with_none_of_them(tmp_path: Path, table: WeeklyTable) -> None:
    records = records_of(tmp_path, "Mouse,Trab. BV/TV\n1,\n2,\n")
    write_records(records, table, tmp_path / "new.csv")
    with (tmp_path / "new.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["Mouse", "Trab. BV/TV", "Trab. Th (mm)", "SMI", "side", "week"]
    assert rows[1] == ["1", *[""] * 5]
    assert rows[2] == ["2", "7.0", *[""] * 4]
    assert rows[3:] == [
        ["1", "10.0", "0.05", "1.0", "left", "0"],
        ["1", "5.0", "", "2.0", "left", "3"],
        ["10", "20.0", "", "", "left", "0"],
    ]


def test_a_workbook_keeps_its_formats_and_formulas(tmp_path: Path, table: WeeklyTable) -> None:
    book = Workbook()
    page = book.active
    page.append(["Mouse", "Leg", "Week", "Trab. BV/TV", "Twice"])
    page.append([1, "L", 0, None, "=2*C2"])
    page["A1"].font = Font(bold=True)
    page.append([])
    page.merge_cells("A3:B6")
    book.save(tmp_path / "r.xlsx")
    write_records(read_records(tmp_path / "r.xlsx"), table, tmp_path / "new.xlsx")
    new = load_workbook(tmp_path / "new.xlsx").active
    assert [cell.value for cell in new[2]][:6] == [1, "L", 0, 10, "=2*C2", 0.05]
    assert new["A1"].font.bold
    assert [cell.value for cell in new[3]][:4] == ["1", "left", 3, 5]
    assert [cell.value for cell in new[5]][:4] == ["10", "left", 0, 20]
    assert load_workbook(tmp_path / "r.xlsx").active["D2"].value is None
