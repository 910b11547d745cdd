"""A cohort on disk is read back as it was made, and its truth lies beside it."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.io import find_legs, read_study
from napari_bonemet.phantom.cohort import CohortOptions, animals, responses, write_cohort
from napari_bonemet.phantom.leg import LegOptions, make_leg
from napari_bonemet.phantom.variety import RANGES, varied
from napari_bonemet.scan import Kind

OPTIONS = CohortOptions(
    controls=1, tumours=1, treated=1, leg=LegOptions(shape=(20, 50, 50), spacing_um=60, weeks=(0, 2))
)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    cohort = write_cohort(tmp_path, OPTIONS)
    # The truth is no scan: the whole folder can be given as data.
    assert len(find_legs(tmp_path)) == 3
    study = {series.leg: series for series in read_study(tmp_path)}
    assert set(study) == set(cohort.legs)
    for animal in animals(OPTIONS):
        made = make_leg(animal)
        series = study[made.series.leg]
        assert series.synthetic
        assert series.on_one_grid
        assert {scan.kind for scan in series} == {Kind.REGIST}
        for read, expected in zip(series, made.registered(), strict=True):
            np.testing.assert_array_equal(read.to_numpy(), expected.to_numpy())
        with np.load(cohort.truth / series.leg / "truth.npz") as truth:
            np.testing.assert_array_equal(truth["lesion_labels"], np.stack(made.truth.lesion_labels))
            np.testing.assert_array_equal(truth["bone"], np.stack(made.truth.bone))
        record = json.loads((cohort.truth / series.leg / "truth.json").read_text())
        assert record["synthetic"] is True
        assert LegOptions.from_record(record["options"]) == animal
        assert len(record["poses"]) == 2


def test_records_have_a_row_for_each_leg_and_week(tmp_path: Path) -> None:
    cohort = write_cohort(tmp_path, replace(OPTIONS, component="Seg-CT", format="zarr"))
    with cohort.records.open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["subject"], row["week"]) for row in rows] == [
        (f"synthetic-0{group}1", week) for group in "ctr" for week in ("0", "2")
    ]
    assert [row["tumour"] for row in rows] == ["no", "no", "yes", "yes", "yes", "yes"]
    assert [row["treatment"] for row in rows] == ["none"] * 4 + ["not yet", "from week 1"]
    assert rows[3]["diagnosis"] == "bone lesion"
    assert float(rows[3]["lesion_volume_mm3"]) > 0
    assert {row["synthetic"] for row in rows} == {"yes"}
    assert {series[0].kind for series in read_study(cohort.scans)} == {Kind.SEG}


def test_an_animal_is_the_same_in_a_larger_cohort() -> None:
    few, many = animals(OPTIONS), animals(replace(OPTIONS, controls=5, tumours=7))
    assert {a.seed for a in few} <= {a.seed for a in many}
    assert len({a.seed for a in many}) == 13
    assert {a.seed for a in few}.isdisjoint(a.seed for a in animals(replace(OPTIONS, seed=1)))


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    small = replace(OPTIONS, tumours=0, treated=0)
    write_cohort(tmp_path, small)
    with pytest.raises(OutputError):
        write_cohort(tmp_path, small)
    write_cohort(tmp_path, small, overwrite=True)


def test_an_empty_cohort_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no animal"):
        write_cohort(tmp_path, replace(OPTIONS, controls=0, tumours=0, treated=0))


def test_animals_of_a_wide_cohort_are_each_scanned_in_their_own_way_and_those_of_a_shifted_one_beyond_it() -> None:
    made = {
        variety: animals(CohortOptions(controls=12, tumours=12, seed=3, variety=variety))
        for variety in ("wide", "shifted")
    }
    for name, (low, high) in RANGES["wide"].items():
        values = {variety: [getattr(leg, name) for leg in legs] for variety, legs in made.items()}
        assert len(set(values["wide"])) > 20
        assert min(values["wide"]) >= low
        assert max(values["wide"]) <= high
        if name != "blur_voxels":
            assert all(not low <= value <= high for value in values["shifted"])
    plain = animals(CohortOptions(controls=12, tumours=12, seed=3))
    assert [leg.seed for leg in plain] == [leg.seed for leg in made["wide"]]
    assert len({leg.noise_sd for leg in plain}) == 1
    few = animals(CohortOptions(controls=2, tumours=1, seed=3, variety="wide"))
    assert few[:2] == made["wide"][:2]
    only = varied(plain[0], "shifted", ("noise_sd",))
    assert (only.noise_sd != plain[0].noise_sd, only.blur_um == plain[0].blur_um) == (True, True)


def test_by_default_every_treated_animal_responds_and_stays_as_it_was() -> None:
    many = replace(OPTIONS, treated=5, treatment_strength=0.7)
    assert {animal.treatment_strength for animal in animals(many)} == {0.7}
    assert all(responses(many).values())


def test_a_share_of_the_treated_animals_responds(tmp_path: Path) -> None:
    options = replace(OPTIONS, tumours=0, treated=40, responders=0.5, resistant_strength=0.1, response_spread=0.05)
    respond = responses(options)
    assert 10 < sum(respond.values()) < 30
    strength = {animal.subject: animal.treatment_strength for animal in animals(options)}
    assert all(abs(strength[name] - (0.8 if yes else 0.1)) <= 0.1001 for name, yes in respond.items())
    assert len({strength[name] for name in respond}) > 30
    few = replace(options, treated=2)
    with write_cohort(tmp_path, few).records.open() as file:
        told = {row["subject"]: row["response"] for row in csv.DictReader(file)}
    assert told.pop("synthetic-0c1") == ""
    assert told == {name: "responder" if yes else "non-responder" for name, yes in responses(few).items()}
