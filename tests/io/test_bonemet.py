"""Studies in the published layouts are found, read and written back equal."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError, MissingSpacingError, OutputError
from napari_bonemet.io import find_legs, read_series, read_study, write_scan, write_series
from napari_bonemet.io.composite_codes import encode
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries


def scan(week: float, *, subject: str | None = "871", spacing: float = 10.6, kind: Kind = Kind.REGIST) -> Scan:
    voxels = np.random.default_rng(int(week * 10)).integers(0, 200, (4, 5, 6), dtype=np.uint8)
    history = (Step("register", {"levels": [4, 2, 1]}),)
    return Scan(voxels, (spacing,) * 3, (1.0, -2.0, 3.5), subject, "left", 7 * week, kind, "tibia", True, history)


def slices(folder: Path, week: float = 0, count: int = 4) -> Path:
    """Bare PNG slices without any record, as they are published."""
    write_scan(scan(week), folder, format="png")
    (folder / "scan.json").unlink()
    return folder


@pytest.mark.parametrize("form", ["png", "zarr"])
def test_a_series_comes_back_equal(tmp_path: Path, form: str) -> None:
    weeks = (scan(0), scan(1, spacing=10.1), scan(10 / 7), scan(3))
    paths = write_series(ScanSeries(weeks), tmp_path / "out", format=form)  # type: ignore[arg-type]
    ending = ".zarr" if form == "zarr" else ""
    names = [f"week 0{ending}", f"week 1{ending}", f"day 10{ending}", f"week 3{ending}"]
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [f"out/871 left tibia/{n}" for n in names]
    (again,) = read_study(tmp_path / "out")
    assert again.leg == "871 left tibia"
    for one, other in zip(weeks, again, strict=True):
        np.testing.assert_array_equal(one.to_numpy(), other.to_numpy())
        for name in ("spacing", "origin", "subject", "side", "day", "kind", "part", "synthetic"):
            assert getattr(one, name) == getattr(other, name), name
        assert other.history[: len(one.history)] == one.history


@pytest.mark.parametrize(
    ("places", "legs"),
    [
        (["Seg-CT/week 0/871", "Seg-CT/week 1/871"], ["871 tibia"]),
        (["2. Seg-CT/871 left tibia/week 0", "2. Seg-CT/871 left tibia/week 1"], ["871 left tibia"]),
        (["871 week 0 left tibia", "871 Week 1 Left Tibia"], ["871 left tibia"]),
        (["w0/851L proximal tibia", "w1/851L proximal tibia"], ["851 left tibia"]),
        (["RoI-CT/851L/day 0", "RoI-CT/851L/day 7"], ["851 left tibia"]),
        (
            ["week 0/871 left tibia", "week 1/871 left tibia", "week 0/99 right tibia"],
            ["99 right tibia", "871 left tibia"],
        ),
    ],
)
def test_published_layouts_are_found(tmp_path: Path, places: list[str], legs: list[str]) -> None:
    for place in places:
        slices(tmp_path / place)
    found = find_legs(tmp_path)
    assert [leg.leg for leg in found] == legs
    assert [week for week, _ in found[-1].weeks] == [0.0, 1.0]
    assert {path.relative_to(tmp_path).as_posix() for leg in found for _, path in leg.weeks} == set(places)


def test_components_of_one_leg_are_apart(tmp_path: Path) -> None:
    for component in ("Seg-CT", "3. Regist-CT"):
        for week in (0, 2):
            slices(tmp_path / component / f"week {week}" / "871 left tibia")
    seg, regist = find_legs(tmp_path)
    assert (seg.kind, regist.kind) == (Kind.SEG, Kind.REGIST)
    assert (seg.leg, regist.leg) == ("871 left tibia",) * 2
    assert read_series(regist, spacing=10.6).weeks == (0.0, 2.0)


def test_files_and_folders_of_a_study_may_be_mixed(tmp_path: Path) -> None:
    home = tmp_path / "871 left tibia"
    slices(home / "week 0")
    write_scan(scan(1), home / "week 1.nii.gz")
    write_scan(scan(2), home / "week 2.zarr")
    write_scan(scan(3), home / "week 3.tif")
    for week, path in {w: p for leg in find_legs(tmp_path) for w, p in leg.weeks}.items():
        assert f"week {week:g}" in path.name


def test_weeks_may_have_their_own_voxel_sizes(tmp_path: Path) -> None:
    write_series(ScanSeries((scan(0, spacing=10.6), scan(1, spacing=7.0))), tmp_path)
    (series,) = read_study(tmp_path)
    assert [week.spacing[0] for week in series] == [10.6, 7.0]
    assert not series.on_one_grid


def test_a_spacing_is_asked_for_and_used(tmp_path: Path) -> None:
    slices(tmp_path / "871 left tibia" / "week 0")
    with pytest.raises(MissingSpacingError):
        read_study(tmp_path)
    assert read_study(tmp_path, spacing=10.6)[0].baseline.spacing == (10.6, 10.6, 10.6)


@pytest.mark.parametrize("name", ["scan.nii", "scan.zarr", "bone"])
def test_a_single_scan_is_a_series_of_one_week(tmp_path: Path, name: str) -> None:
    bare = Scan(scan(0).voxels, (10.0, 10.0, 10.0))
    (series,) = read_study(write_scan(bare, tmp_path / name))
    assert (len(series), series.weeks, series.leg) == (1, (0.0,), "unnamed tibia")


def test_composites_are_recognised_by_their_values(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    codes = encode(rng.random((4, 5, 6)) > 0.5, rng.random((4, 5, 6)) > 0.5)
    write_scan(Scan(codes, (10.6,) * 3), tmp_path / "RoI-CT" / "871 left tibia" / "week 5", format="png")
    (tmp_path / "RoI-CT" / "871 left tibia" / "week 5" / "scan.json").unlink()
    (series,) = read_study(tmp_path, spacing=10.6)
    assert series.baseline.kind is Kind.COMPOSITE


def test_figures_tables_and_hidden_folders_are_passed_over(tmp_path: Path) -> None:
    home = tmp_path / "871 left tibia"
    slices(home / "week 0")
    shutil.copytree(home / "week 0", home / ".week 1.tmp-00000000-1-00000000")
    shutil.copy(next((home / "week 0").iterdir()), tmp_path / "figure.png")
    (tmp_path / "metrics.csv").write_text("a,b\n")
    (tmp_path / "notes.txt").write_text("seen")
    (home / "week 0.tfm").write_text("")
    assert [week for leg in find_legs(tmp_path) for week, _ in leg.weeks] == [0.0]


def test_two_scans_of_one_week_are_refused_by_name(tmp_path: Path) -> None:
    slices(tmp_path / "871 left tibia" / "week 0")
    write_scan(scan(0, kind=Kind.SEG), tmp_path / "871 left tibia" / "week 0.zarr")
    with pytest.raises(InputError, match=r"week 0.* and .*week 0.* are the same leg"):
        find_legs(tmp_path)


def test_a_week_that_is_not_stated_is_asked_for(tmp_path: Path) -> None:
    slices(tmp_path / "871 left tibia" / "week 0")
    slices(tmp_path / "871 left tibia" / "other")
    with pytest.raises(InputError, match=r"other is not stated"):
        find_legs(tmp_path)


def test_nothing_found_says_what_to_look_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Seg-CT/week 0/871 left tibia"):
        find_legs(tmp_path)
    with pytest.raises(InputError, match="not there"):
        find_legs(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("seen")
    with pytest.raises(InputError, match="of no kind that can be read"):
        read_study(tmp_path / "notes.txt")


def test_links_out_of_the_study_are_refused_and_rounds_end(tmp_path: Path) -> None:
    study = tmp_path / "study"
    slices(study / "871 left tibia" / "week 0")
    (study / "round").symlink_to(study)
    assert len(find_legs(study)) == 1
    slices(tmp_path / "elsewhere")
    (study / "871 left tibia" / "week 1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="outside its folder"):
        find_legs(study)


def test_finding_opens_no_slice_and_is_quick(tmp_path: Path) -> None:
    for animal in range(5):
        for week in range(4):
            folder = tmp_path / "Regist-CT" / f"week {week}" / f"{870 + animal} left tibia"
            folder.mkdir(parents=True)
            for z in range(300):
                (folder / f"slice_{z:04d}.png").touch()
    start = time.process_time()
    legs = find_legs(tmp_path)
    assert time.process_time() - start < 3
    assert [len(leg.weeks) for leg in legs] == [4] * 5


def test_weeks_that_are_there_stay_unless_they_are_ours_to_replace(tmp_path: Path) -> None:
    series = ScanSeries((scan(0), scan(1)))
    write_series(series, tmp_path)
    with pytest.raises(OutputError, match="there already"):
        write_series(series, tmp_path)
    write_series(series, tmp_path, overwrite=True)
    (tmp_path / "871 left tibia" / "week 1" / "scan.json").unlink()
    with pytest.raises(OutputError, match="not written by this program"):
        write_series(series, tmp_path, overwrite=True)
    (tmp_path / "871 left tibia" / "week 0" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="week 0 was not written"):
        write_series(series, tmp_path, overwrite=True)


def test_a_subject_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be the name"):
        write_series(ScanSeries((scan(0, subject="../../871"),)), tmp_path / "out")
    assert not list(tmp_path.iterdir())
