import csv
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.io.records import read_records
from napari_bonemet.io.sidecar import read_json
from napari_bonemet.morphometry.cohort.statistics import StatisticsOptions
from napari_bonemet.morphometry.result import ScanMeasures
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.measuring import compare_cohort, join_records
from napari_bonemet.study.write_measures import write_cohort_measures

ANIMALS = {"1": "no", "2": "no", "3": "no", "4": "yes", "5": "yes", "6": "yes"}
RECORDS = "Mouse,Side,Week,Tumor,Trab. BV/TV\n" + "".join(
    f"{animal},L,{week},{tumour},\n" for animal, tumour in ANIMALS.items() for week in (0, 2)
)


def scan(animal: str, week: float, *, synthetic: bool) -> Scan:
    voxels = np.zeros((3, 2, 2), np.uint8)
    return Scan(voxels, (10, 10, 10), subject=animal, side="left", day=7 * week, synthetic=synthetic)


def cohort(folder: Path, *, synthetic: bool = False, records: str | None = RECORDS):
    legs = [ScanSeries(tuple(scan(animal, week, synthetic=synthetic) for week in (0, 2))) for animal in ANIMALS]
    read = None
    if records is not None:
        (folder / "mice.csv").write_text(records)
        read = read_records(folder / "mice.csv")
    joined = join_records([each for leg in legs for each in leg], read)
    measured = [
        ScanMeasures(
            each,
            {
                "BV/TV": 10
                + int(leg.baseline.subject or 0) / 10
                - (each.week or 0) * (ANIMALS[leg.baseline.subject] == "yes")
            },
            {"Tb.BMD": "no calibration <given>"},
            notes=("no fibula", *(["the growth plate is not sure"] if leg.leg[0] in "12" and each.week == 0 else [])),
        )
        for leg in legs
        for each in leg
    ]
    return compare_cohort(measured, joined, refused={"7 left tibia": "empty & void"})


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_cohort_becomes_tables_plots_and_reports(tmp_path: Path) -> None:
    made = cohort(tmp_path)
    out = tmp_path / "out"
    write_cohort_measures(made, out, options=StatisticsOptions(), title="Mice & bones")
    assert {path.name for path in out.iterdir()} == {
        *("measures.csv", "measures-long.csv", "changes.csv", "statistics.csv", "mice-with-measures.csv"),
        *("plots", "legs", "report.html", "measures.json"),
    }
    rows = rows_of(out / "measures.csv")
    assert len(rows) == 12
    assert rows[6]["group"] == "tumour"
    assert float(rows[7]["BV/TV (%)"]) == pytest.approx(8.4)
    back = rows_of(out / "mice-with-measures.csv")
    assert list(back[0]) == ["Mouse", "Side", "Week", "Tumor", "Trab. BV/TV"]
    assert [float(row["Trab. BV/TV"]) for row in back[6:8]] == pytest.approx([10.4, 8.4])
    long = rows_of(out / "measures-long.csv")
    assert (len(long), long[7]["measure"], float(long[7]["change"])) == (12, "BV/TV", pytest.approx(-2))
    assert {path.name for path in (out / "plots").iterdir()} == {"BV-TV.png", "BV-TV.svg"}
    statistics = rows_of(out / "statistics.csv")
    assert {row["kind"] for row in statistics} == {"week with baseline", "between groups", "change between groups"}
    record = read_json(out / "measures.json")
    assert record["groups"]["4 left tibia"] == "tumour"
    assert record["absent"] == {"Tb.BMD": {"no calibration <given>": 12}}


def test_the_text_of_a_leg_is_line_by_line(tmp_path: Path) -> None:
    made = cohort(tmp_path, synthetic=True)
    write_cohort_measures(made, tmp_path / "out", options=StatisticsOptions())
    text = (tmp_path / "out" / "legs" / "4 left tibia.txt").read_text(encoding="utf-8")
    assert "Dataset,4 left tibia\nGroup,tumour\nSYNTHETIC DATA" in text
    assert "trabecular bone volume fraction,BV/TV,8.4,%,-2" in text
    assert "mineral density of the trabecular region,Tb.BMD,not measured,no calibration <given>," in text
    assert text.index("week 0") < text.index("week 2")


def test_the_page_holds_all_and_is_escaped(tmp_path: Path) -> None:
    made = cohort(tmp_path)
    write_cohort_measures(made, tmp_path / "out", options=StatisticsOptions(), title="Mice & bones")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<h1>Mice &amp; bones</h1>" in page
    assert "no calibration &lt;given&gt;" in page
    assert "7 left tibia could not be measured: empty &amp; void" in page
    assert "Welch&#x27;s t test" in page
    assert "data:image/png;base64," in page
    assert "10.5 ± 0.1 (3)" in page
    assert "tumour less no tumour, change since week 0" in page
    assert "Synthetic data" not in page
    assert "<li>1 left tibia, week 0; 2 left tibia, week 0: the growth plate is not sure</li>" in page
    assert "<li>all legs: no fibula</li>" in page
    synthetic = cohort(tmp_path, synthetic=True)
    write_cohort_measures(synthetic, tmp_path / "synthetic", options=StatisticsOptions())
    assert "Synthetic data" in (tmp_path / "synthetic" / "report.html").read_text(encoding="utf-8")


def test_without_records_all_legs_are_one_group(tmp_path: Path) -> None:
    made = cohort(tmp_path, records=None)
    write_cohort_measures(made, tmp_path / "out", options=StatisticsOptions())
    assert "group" not in rows_of(tmp_path / "out" / "measures.csv")[0]
    assert {row["kind"] for row in rows_of(tmp_path / "out" / "statistics.csv")} == {"week with baseline"}
    assert not list((tmp_path / "out").glob("*with-measures*"))


def test_records_that_know_only_some(tmp_path: Path) -> None:
    made = cohort(tmp_path, records="Mouse,Tumor\n1,no\n2,no\n9,yes\n")
    assert made.table.groups == ("no tumour", "not in the records")
    assert any("no row of 3 left tibia" in note for note in made.notes)
    assert any("not scanned: 9" in note for note in made.notes)
    assert any("3, 4, 5, 6: no group is known" in note for note in made.notes)
    with pytest.raises(InputError, match="no row of any animal"):
        cohort(tmp_path, records="Mouse,Tumor\n8,no\n9,yes\n")


def test_what_never_changes_is_said(tmp_path: Path) -> None:
    measured = [
        ScanMeasures(scan("1", week, synthetic=False), {"TV": 2.0, "Tt.Ar": 1.5, "BV": 1.0 + week}) for week in (0, 2)
    ]
    (note,) = compare_cohort(measured).notes
    assert note.startswith("TV, Tt.Ar: the same in all weeks of each leg")
    assert compare_cohort(measured[:1]).notes == ()


def test_only_a_folder_of_ours_is_replaced(tmp_path: Path) -> None:
    made = cohort(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="holds more than"):
        write_cohort_measures(made, out, options=StatisticsOptions(), overwrite=True)
    assert (out / "mine.txt").read_text() == "mine"
    (out / "mine.txt").unlink()
    write_cohort_measures(made, out, options=StatisticsOptions())
    with pytest.raises(OutputError, match="there already"):
        write_cohort_measures(made, out, options=StatisticsOptions())
    write_cohort_measures(made, out, options=StatisticsOptions(), overwrite=True)
