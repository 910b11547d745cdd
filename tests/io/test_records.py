"""Medical records as labs keep them: any headers, any form, and clear refusals."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.io.record_cells import animal_key, date_of, number_of, side_of, week_of
from napari_bonemet.io.record_match import match_scans
from napari_bonemet.io.records import RecordColumns, Records, read_records
from napari_bonemet.io.sheet import write_sheet
from napari_bonemet.phantom.cohort import CohortOptions, write_cohort
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.scan import Scan, Side


def written(folder: Path, text: str, encoding: str = "utf-8", name: str = "records.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def keys(records: Records) -> list[tuple[str, str | None, float | None]]:
    return [(row.animal, row.side, row.week) for row in records.rows]


def numbers(records: Records, column: str) -> list[float | None]:
    return [records.number(row, records.column(column)) for row in records.rows]


def scan(animal: str, side: Side | None = "left", week: float = 0) -> Scan:
    return Scan(np.zeros((1, 2, 2), np.uint8), (10, 10, 10), subject=animal, side=side, day=7 * week)


MESSY = (
    '﻿Bone metastasis study;;;;;\n;;;;;\n"Mouse\nID";Leg ;"Time\npoint";Trab. BV/TV [%];"Cort. Th\n(µm)";Treatment \n'
    "#871;L;W0;12,5;180,0;none\n;R;W0;1.234,5;n/a;none\n;;;;;\n872;right;baseline;9;;Zoledronate\nMean;;;12;180;\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_messy_text(tmp_path: Path, encoding: str) -> None:
    text = MESSY if encoding == "utf-8" else MESSY.removeprefix("﻿")
    records = read_records(written(tmp_path, text, encoding))
    assert keys(records) == [("#871", "left", 0), ("#871", "right", 0), ("872", "right", 0)]
    assert numbers(records, "Trab. BV/TV") == [12.5, 1234.5, 9]
    assert numbers(records, "cort th") == [180, None, None]
    assert records.column("cort th").unit == "µm"
    assert records.chosen["treatment"].header == "Treatment"
    assert len(records.notes) == 2
    assert "row 5 without an animal: taken for the one above" in records.notes[0]
    assert "row 8 without an animal: passed over" in records.notes[1]


def test_a_workbook_with_merged_cells_and_percentages(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "Legend"
    book.active.append(["Mice of spring"])
    page = book.create_sheet("Data")
    page.append(["MiceMediRec"])
    page.append([None, None, None, "Trabecular", None])
    page.append(["Mouse #", "Side (L/R)", "wk", "BV/TV", "Th"])
    page.append([None, None, None, "%", "mm"])
    for row in ((871, "L", 0, 0.125, 0.05), (None, "L", 1, 0.11, 0.06), (872.0, "R", 0, 0.1, None)):
        page.append(row)
    for line in (5, 6, 7):
        page.cell(line, 4).number_format = "0.0%"
    page.merge_cells("A5:A6")
    page.merge_cells("D2:E2")
    book.save(tmp_path / "records.xlsx")
    records = read_records(tmp_path / "records.xlsx")
    assert keys(records) == [("871", "left", 0), ("871", "left", 1), ("872", "right", 0)]
    assert numbers(records, "BV/TV") == [12.5, 11, 10]
    assert records.column("Th").above == "Trabecular"
    assert records.column("Th").unit == "mm"
    assert records.notes == ()


def test_several_sheets_of_animals_are_asked_about(tmp_path: Path) -> None:
    book = Workbook()
    for name, week in (("First", 0), ("Second", 1)):
        page = book.create_sheet(name)
        page.append(["Animal", "Week"])
        page.append(["1", week])
    book.save(tmp_path / "r.xlsx")
    with pytest.raises(InputError, match=r"several sheets.*First, Second.*--sheet"):
        read_records(tmp_path / "r.xlsx")
    assert keys(read_records(tmp_path / "r.xlsx", sheet="second")) == [("1", None, 1)]
    with pytest.raises(InputError, match="no sheet 'third'"):
        read_records(tmp_path / "r.xlsx", sheet="third")


@pytest.mark.parametrize(
    ("header", "row", "key"),
    [
        ("Mouse ID,Leg,Week", "871,L,3", ("871", "left", 3)),
        ("subject\tside\tweek", "synthetic-0c1\tleft\t0", ("synthetic-0c1", "left", 0)),
        ("Animal;L/R;Day", "M12;R;21", ("M12", "right", 3)),
        ("#,Tibia,Time (days)", "5,right tibia,10.5", ("5", "right", 1.5)),
        ("Sample,Bone volume", "871 L week 2,3.5", ("871", "left", 2)),
        ("No.,Mouse ID,Leg,Week", "1,871,L,0", ("871", "left", 0)),
        ("ID,Weeks post inoculation,Age (week)", "871,2,16", ("871", None, 2)),
        ("ANIMAL_NO,TIBIA_SIDE,wk", "7,Rt,W4", ("7", "right", 4)),
        ("Animal,Leg,Sex", "871,both,F", ("871", None, None)),
    ],
)
def test_columns_under_whatever_names(
    tmp_path: Path, header: str, row: str, key: tuple[str, str | None, float | None]
) -> None:
    assert keys(read_records(written(tmp_path, f"{header}\n{row}\n"))) == [key]


def test_weeks_by_dates(tmp_path: Path) -> None:
    dated = "Mouse,Side,Date,Inoculation date\n1,L,2024-03-12,2024-03-05\n1,L,2024-03-19,2024-03-05\n"
    assert [week for _, _, week in keys(read_records(written(tmp_path, dated)))] == [1, 2]
    first = "Mouse,Date\n1,12.03.2024\n1,27.03.2024\n2,01.03.2024\n"
    records = read_records(written(tmp_path, first))
    assert [week for _, _, week in keys(records)] == [0, pytest.approx(15 / 7), 0]
    assert "each animal's first date" in records.notes[0]
    inoculated = "Mouse,Date,Side\n1,12.03.2024,L\n1,12.03.2024,R\n"
    assert keys(read_records(written(tmp_path, inoculated))) == [("1", "left", None), ("1", "right", None)]
    with pytest.raises(InputError, match="days and months"):
        read_records(written(tmp_path, "Mouse,Date\n1,03/04/2024\n1,04/05/2024\n"))


def test_cells() -> None:
    assert [animal_key(name) for name in ("Mouse 871", "#871", "0871", 871.0, "M-12", "m 12")] == [
        *["871"] * 4,
        *["m-12"] * 2,
    ]
    assert [side_of(cell)[0] for cell in ("Left", "R", "rt", "R tibia", "tibia right", "both", "")] == [
        "left",
        *["right"] * 4,
        None,
        None,
    ]
    assert side_of("up") == (None, False)
    assert [week_of(cell) for cell in ("3", 3, "W3", "wk 3", "day 21", "21 d", "3 weeks", "baseline", "-1")] == [
        *[3.0] * 7,
        0.0,
        -1.0,
    ]
    assert week_of("soon") is None
    assert [number_of(cell) for cell in ("0,5", "1,234", "1,234.5", ".5", "1e-3", "12 %", "x", None)] == [
        *[0.5, 1234, 1234.5, 0.5, 0.001, 12],
        *[None] * 2,
    ]
    assert [number_of(cell, ",") for cell in ("0,5", "1.234,5", "1.5")] == [0.5, 1234.5, 1.5]
    assert date_of("2024-03-12 10:00") == date_of("12.3.2024") == date_of("03/12/2024", day_first=False)
    assert date_of("13/02/2024") == date(2024, 2, 13)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", r"no row that names its columns.*Mouse ID.*found a, b"),
        ("Mouse ID,Week\n", "no animal below"),
        ("Mouse ID,Animal,Week\n1,2,0\n", r"Two columns.*'Mouse ID' and 'Animal'.*--animal-column"),
        ("Mouse ID,Week,wk\n1,0,1\n", r"Two columns.*week.*--week-column"),
        ("Mouse ID,Week,BV\n1,0,3\n1,0,4\n", r"two rows of 1, week 0 that differ.*rows 2, 3.*\(side\)"),
        ("Mouse ID,Side,Sex\n1,L,F\n1,L,M\n", r"two rows of 1 left that differ.*\(week\)"),
        ("Mouse ID,Side,Week\n1,L,0\n1,up,1\n2,R,0\n", r"row 3: the side is not known.*found up"),
        ("Mouse ID,Week\n1,0\n1,soon\n2,3\n", r"row 3: the week cannot be read.*found soon"),
    ],
)
def test_what_cannot_be_understood_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_records(written(tmp_path, text))


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        read_records(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"Save it as \.xlsx"):
        read_records(written(tmp_path, "x", name="old.xls"))
    with pytest.raises(InputError, match=r"workbook .* cannot be read"):
        read_records(written(tmp_path, "x", name="broken.xlsx"))


def test_named_columns_settle_what_is_ambiguous(tmp_path: Path) -> None:
    path = written(tmp_path, "Mouse ID,Animal,Week,Day\n1,871,0,7\n2,872,0,7\n")
    assert keys(read_records(path, columns=RecordColumns(animal="animal"))) == [("871", None, 0), ("872", None, 0)]
    by_day = read_records(path, columns=RecordColumns(animal="Mouse ID", week="Day"))
    assert keys(by_day) == [("1", None, 1), ("2", None, 1)]
    with pytest.raises(InputError, match="no column 'Tag'"):
        read_records(path, columns=RecordColumns(animal="Animal", side="Tag"))


def test_other_bones_and_repeated_rows_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, "Mouse,Bone,Week\n1,tibia,0\n1,femur,0\n1,tibia,0\n")
    records = read_records(path)
    assert keys(records) == [("1", None, 0)]
    assert "row 4: an earlier row, word by word" in records.notes[0]


def test_rows_of_a_scan(tmp_path: Path) -> None:
    path = written(tmp_path, "Mouse,Side,Day,Sex\n1,,,F\n1,L,0,\n1,L,8,\n1,R,0,\n2,L,0,M\n")
    records = read_records(path)
    found = match_scans(records, [scan("Mouse 1", "left", 1), scan("1", "right", 3), scan("9")])
    assert [[row.index + 1 for row in rows] for rows in found.rows] == [[4, 2], [2], []]
    assert any("no row of 9 left tibia, week 0" in note for note in found.notes)
    assert any("not scanned: 2" in note for note in found.notes)


def test_records_of_others_are_refused(tmp_path: Path) -> None:
    records = read_records(written(tmp_path, "Mouse,Side,Week\n1,L,1\n2,L,2\n"))
    with pytest.raises(InputError, match=r"no row of any animal.*expected 871; found 1, 2 in the column 'Mouse'"):
        match_scans(records, [scan("871")])
    with pytest.raises(InputError, match=r"no row of any leg.*expected 1 right tibia, week 1.*left"):
        match_scans(records, [scan("1", "right", 1)])
    with pytest.raises(InputError, match=r"no row of any week.*expected weeks 5; found weeks 1, 2"):
        match_scans(records, [scan("1", "left", 5)])


def test_text_is_written_in_its_own_form(tmp_path: Path) -> None:
    path = written(tmp_path, MESSY.removeprefix("﻿"), "cp1252")
    records = read_records(path)
    out = write_sheet(records.sheet, tmp_path / "new.csv", {(2, 6): "Tb.N (1/mm)", (3, 6): 4.25}, overwrite=False)
    again = read_records(out)
    assert again.sheet.form == records.sheet.form
    assert [row[:6] for row in again.sheet.rows] == list(records.sheet.rows)
    assert numbers(again, "Tb.N") == [4.25, None, None]
    assert "4,25" in out.read_text(encoding="cp1252")
    with pytest.raises(OutputError, match="the table that was read"):
        write_sheet(records.sheet, path, {}, overwrite=True)
    with pytest.raises(OutputError, match="there already"):
        write_sheet(records.sheet, out, {}, overwrite=False)
    with pytest.raises(OutputError, match="another kind"):
        write_sheet(records.sheet, tmp_path / "new.xlsx", {}, overwrite=False)


def test_the_synthetic_cohorts_records(tmp_path: Path) -> None:
    leg = LegOptions(shape=(8, 40, 40), spacing_um=60.0, weeks=(0, 1))
    cohort = write_cohort(tmp_path, CohortOptions(controls=1, tumours=1, leg=leg))
    records = read_records(cohort.records)
    animals = ("synthetic-0c1", "synthetic-0t1")
    assert keys(records) == [(animal, "left", week) for animal in animals for week in (0, 1)]
    assert {role: column.header for role, column in records.chosen.items()} == {
        "animal": "subject",
        "side": "side",
        "week": "week",
        "part": "part",
        "tumour": "tumour",
        "treatment": "treatment",
        "diagnosis": "diagnosis",
    }
    assert all(value and value > 0 for value in numbers(records, "bone_volume_mm3"))
    assert records.notes == ()
