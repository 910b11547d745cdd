import csv
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.diagnose.cohort_labels import AnimalLabel, read_animals, read_labels
from napari_bonemet.diagnose.training_data import find_records, labelled_scans
from napari_bonemet.errors import InputError
from napari_bonemet.phantom.cohort import Cohort, CohortOptions, write_cohort
from napari_bonemet.phantom.options import LegOptions

LEG = LegOptions(shape=(24, 50, 50), spacing_um=60.0, weeks=(0, 2, 3))
HEAD = "subject,side,week,diagnosis\n"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    return write_cohort(tmp_path_factory.mktemp("cohort"), CohortOptions(controls=1, tumours=1, leg=LEG))


def test_labels_are_the_generators_truth_of_each_week(cohort: Cohort) -> None:
    labels = read_labels(cohort.records)
    assert len(labels) == 6
    for leg in cohort.legs:
        subject, side, _ = leg.split(" ")
        truth = np.load(cohort.truth / leg / "truth.npz")
        for week, lost in zip((0, 2, 3), truth["lesion_labels"], strict=True):
            assert labels[subject, side, float(week)] == bool((lost > 0).any())
    assert [labels["synthetic-0t1", "left", week] for week in (0.0, 3.0)] == [False, True]


def test_scans_come_with_their_labels_and_animals(cohort: Cohort) -> None:
    scans, lesions, animals = labelled_scans([cohort.scans])
    assert [scan.subject for scan in scans] == animals
    found = {(scan.subject, scan.week): lesion for scan, lesion in zip(scans, lesions, strict=True)}
    known = read_labels(cohort.records)
    assert found == {(subject, week): lesion for (subject, _, week), lesion in known.items()}
    assert all(scan.spacing == (60.0, 60.0, 60.0) for scan in scans)


def test_the_records_are_found_beside_the_folder_or_taken_as_given(cohort: Cohort, tmp_path: Path) -> None:
    assert find_records(cohort.scans) == cohort.records
    leg = cohort.scans / cohort.legs[1]
    assert find_records(leg) == cohort.records
    other = tmp_path / "other.csv"
    other.write_text(HEAD + "synthetic-0t1,left,0,bone lesion\nsynthetic-0t1,left,2,\n")
    with pytest.warns(UserWarning, match="left out"):
        scans, lesions, _ = labelled_scans([leg], other)
    assert [(scan.week, lesion) for scan, lesion in zip(scans, lesions, strict=True)] == [(0.0, True)]


def test_what_cannot_be_used_is_told(cohort: Cohort, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no table of diagnoses"):
        labelled_scans([tmp_path])
    with pytest.raises(InputError, match="there twice"):
        labelled_scans([cohort.scans, cohort.scans])
    empty = tmp_path / "e.csv"
    empty.write_text(HEAD)
    with (
        pytest.warns(UserWarning, match="no diagnosis"),
        pytest.raises(InputError, match="No grey scan has a diagnosis"),
    ):
        labelled_scans([cohort.scans], empty)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subject,side,week\na,left,1\n", "no table of diagnoses"),
        ("", "no table of diagnoses"),
        (HEAD + "a,left,1,maybe\n", "line 2: the diagnosis is not known"),
        (HEAD + "a,left,one,no lesion\n", "line 2: the week is no number"),
        (HEAD + "a,left,1,no lesion\na,left,1.0,bone lesion\n", "line 3 contradicts"),
    ],
)
def test_a_table_that_cannot_be_read(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_labels(path)


def test_a_missing_or_binary_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_labels(tmp_path / "nothing.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x9f" * 9)
    with pytest.raises(InputError):
        read_labels(tmp_path / "b.csv")


def test_other_bones_and_spelling_do_not_disturb(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        table = csv.writer(file)
        table.writerow(["part", "week", "side", "subject", "diagnosis", "weight_g"])
        table.writerow(["tibia", "2", "Left", " 871 ", "Bone Lesion", "21"])
        table.writerow(["femur", "2", "left", "871", "no lesion", "21"])
    assert dict(read_labels(path)) == {("871", "left", 2.0): True}


TWO = """subject,side,week,diagnosis,tumour
a,left,0,no lesion,yes
a,left,3,bone lesion,yes
b,left,0,no lesion,yes
b,left,3,no lesion,yes
c,left,0,no lesion,no
c,left,3,no lesion,no
"""


def test_both_meanings_of_an_animal_s_label(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(TWO)
    assert dict(read_animals(path)) == {
        ("a", "left"): AnimalLabel(injected=True, by_last_week=True),
        ("b", "left"): AnimalLabel(injected=True, by_last_week=False),  # the tumour did not take
        ("c", "left"): AnimalLabel(injected=False, by_last_week=False),
    }
    ill = {name: sorted({scan[:1] + scan[2:] for scan, lesion in read_labels(path, name).items() if lesion})
           for name in ("scan", "injected", "last week")}  # fmt: skip
    assert ill == {
        "scan": [("a", 3.0)],
        "injected": [("a", 0.0), ("a", 3.0), ("b", 0.0), ("b", 3.0)],
        "last week": [("a", 0.0), ("a", 3.0)],
    }


def test_a_meaning_that_the_table_does_not_know_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(HEAD + "a,left,1,no lesion\n")
    assert read_labels(path, "last week") == {("a", "left", 1.0): False}
    with pytest.raises(InputError, match="does not say whether the animal is ill by 'injected'"):
        read_labels(path, "injected")
    path.write_text(TWO.replace("a,left,3,bone lesion,yes", "a,left,3,bone lesion,no"))
    with pytest.raises(InputError, match="contradicts an earlier row of the same animal"):
        read_animals(path)


def test_the_generator_s_records_know_both(cohort: Cohort) -> None:
    animals = read_animals(cohort.records)
    assert {label.injected for label in animals.values()} == {True, False}
    scans, lesions, _ = labelled_scans([cohort.scans], definition="injected")
    assert {scan.subject for scan, ill in zip(scans, lesions, strict=True) if ill} == {"synthetic-0t1"}
    assert sum(lesions) == 3
