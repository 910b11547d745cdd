"""What scripts rely on: exit codes, one JSON line, clear sentences, nothing half-written."""

import errno
import importlib
import json
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_bonemet.cli.commands import COMMANDS
from napari_bonemet.cli.flags import parse
from napari_bonemet.errors import InputError
from napari_bonemet.io import atomic, write_scan, write_series
from napari_bonemet.options import Options, as_flags
from napari_bonemet.phantom.leg import SyntheticLeg
from napari_bonemet.processing import composite
from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.processing.register import weeks as register
from napari_bonemet.resample import resample
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.options import StudyOptions

LEG = "871 left tibia"
QUICK = ["--levels", "2", "--iterations", "40", "--sampling", "10000"]

Cli = Callable[..., Any]


def test_help_is_instant_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); from napari_bonemet.cli import main; code = main(['--help']); "
        "heavy = {'torch', 'SimpleITK', 'napari', 'matplotlib', 'scipy', 'zarr', 'tyro'} & set(sys.modules); "
        "print(code, time.perf_counter() - start, *heavy)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    last = [run.stdout.splitlines()[-1].split() for run in runs]
    assert all(len(words) == 2 and words[0] == "0" for words in last), last
    assert min(float(words[1]) for words in last) < 0.3
    assert all(name in runs[0].stdout for name in COMMANDS)


def test_the_module_runs_as_the_command() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "napari_bonemet", "nonsense"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert run.stdout == ""
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_teaches(cli: Cli, name: str) -> None:
    said = cli(name, "--help")
    assert said.code == 0
    assert f"Example: napari-bonemet {name}" in " ".join(said.out.split())
    assert all(flag in said.out for flag in ("--out", "--spacing", "--seed", "--device", "--json", "--overwrite"))
    command = importlib.import_module(COMMANDS[name].module)
    for step in command.STEPS:
        for field in fields(step):
            if not isinstance(field.default_factory, type) and field.name not in getattr(command, "HIDDEN", ()):
                assert f"-{field.name.replace('_', '-')}" in said.out


def test_flags_that_a_form_copies_make_its_options_again() -> None:
    options = StudyOptions(forecaster="ridge", target_week=2.0, crop_to_roi=True)
    options = replace(
        options,
        composite=CompositeOptions(bone_threshold=80.0, least_voxels=12),
        figure=replace(options.figure, columns=4, contrast=(10.0, 200.0), arrows=False),
    )
    command = importlib.import_module("napari_bonemet.cli.run")
    _, chosen = parse(command.Arguments, command.STEPS, [*as_flags(options), "folder"], name="run", about="")
    made = chosen(StudyOptions)
    # One threshold for every step is what the flag says.
    assert made.registration.bone_threshold == made.figure.bone_threshold == 80.0
    assert made.composite == options.composite
    assert replace(made.figure, bone_threshold=75.0) == options.figure
    assert (made.forecaster, made.target_week, made.crop_to_roi) == ("ridge", 2.0, True)


def test_the_seed_reaches_every_step() -> None:
    command = importlib.import_module("napari_bonemet.cli.run")
    _, chosen = parse(command.Arguments, command.STEPS, ["folder", "--seed", "7"], name="run", about="")
    made = chosen(StudyOptions)
    assert made.seed == made.registration.seed == made.ridge.seed == 7


def test_options_are_checked_like_everywhere() -> None:
    command = importlib.import_module("napari_bonemet.cli.composite")
    _, chosen = parse(command.Arguments, command.STEPS, ["f", "--core-loss", "7"], name="composite", about="")
    with pytest.raises(InputError, match="core loss is out of range"):
        chosen(CompositeOptions)
    assert issubclass(CompositeOptions, Options)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "usage"),
        (["regster"], "Did you mean register"),
        (["info"], "required"),
        (["register", ".", "--out", "x", "--metric", "psychic"], "invalid choice"),
        (["composite", ".", "--out", "x", "--weeks", "0"], "weeks"),
        (["info", ".", "--spacing", "1", "2"], "one value, or three"),
        (["info", "nowhere"], "is not there"),
    ],
)
def test_wrong_use_is_two(cli: Cli, words: list[str], told: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    said = cli(*words)
    assert said.code == 2
    assert told in said.out + said.err
    assert "Traceback" not in said.err
    assert not list(tmp_path.iterdir())


def slices(folder: Path, count: int = 6, size: tuple[int, int] = (20, 22), start: int = 0) -> Path:
    folder.mkdir(parents=True)
    for number in range(start, start + count):
        Image.fromarray(np.full(size, 100, dtype=np.uint8)).save(folder / f"slice{number:04d}.png")
    return folder


def empty(root: Path) -> list[str]:
    (root / "study").mkdir()
    return ["study"]


def no_spacing(root: Path) -> list[str]:
    slices(root / "study" / LEG / "week 0")
    return ["study"]


def missing_slice(root: Path) -> list[str]:
    (slices(root / "study" / LEG / "week 0") / "slice0003.png").unlink()
    return ["study", "--spacing", "10"]


def two_sizes(root: Path) -> list[str]:
    place = slices(root / "study" / LEG / "week 0") / "slice0004.png"
    Image.fromarray(np.zeros((9, 9), dtype=np.uint8)).save(place)
    return ["study", "--spacing", "10"]


def text_named_png(root: Path) -> list[str]:
    (slices(root / "study" / LEG / "week 0") / "slice0002.png").write_text("these are words")
    return ["study", "--spacing", "10"]


def truncated_nifti(root: Path) -> list[str]:
    import nibabel as nib

    place = root / "week 0.nii"
    nib.save(nib.Nifti1Image(np.ones((20, 20, 20), dtype=np.uint8), np.eye(4)), place)
    place.write_bytes(place.read_bytes()[:2000])
    return ["week 0.nii"]


def no_bone(root: Path) -> list[str]:
    for week in range(2):
        slices(root / "study" / LEG / f"week {week}")
    return ["study", "--spacing", "10", "--bone-threshold", "200"]


BAD: dict[str, tuple[Callable[[Path], list[str]], str]] = {
    "empty folder": (empty, "holds no scans"),
    "no voxel size": (no_spacing, "--spacing"),
    "a slice missing": (missing_slice, "3"),
    "two sizes": (two_sizes, "slice0004.png"),
    "text named png": (text_named_png, "slice0002.png"),
    "truncated NIfTI": (truncated_nifti, "week 0.nii"),
    "no bone": (no_bone, "bone"),
}


# A scan without bone can be converted like any other.
PAIRS = [(c, w) for c in ("register", "run", "convert") for w in BAD if (c, w) != ("convert", "no bone")]


@pytest.mark.parametrize(("command", "what"), PAIRS)
def test_bad_input_is_two_and_one_sentence(
    cli: Cli, command: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make, told = BAD[what]
    words = make(tmp_path)
    out = "out.mha" if command == "convert" else "out"
    said = cli(command, *words, "--out", out, "--json")
    assert said.code == 2
    assert said.record["ok"] is False
    assert told in said.record["error"]
    assert "Traceback" not in said.err
    assert said.record["error"] in " ".join(said.err.split("\n"))
    assert not (tmp_path / out).exists() or not list((tmp_path / out).rglob("*"))


def test_weeks_of_different_voxel_sizes_are_registered_in_micrometres_and_said(
    cli: Cli, leg: SyntheticLeg, tmp_path: Path
) -> None:
    fine = leg.series[1]
    coarse = resample(fine, fine.grid.with_spacing(80.0), interpolation="linear")
    write_series(ScanSeries((leg.series[0], coarse)), tmp_path / "in")
    said = cli("register", tmp_path / "in", "--out", tmp_path / "out", "--json", *QUICK)
    assert said.code == 0
    assert any("voxel sizes" in note and "micrometres" in note for note in said.record["warnings"])
    assert said.record["legs"][LEG]["weeks"][1]["overlap"] > 0.849


@pytest.mark.parametrize("command", ["composite", "predict", "figure", "roi"])
def test_steps_that_need_one_grid_ask_for_registration(
    cli: Cli, leg: SyntheticLeg, command: str, tmp_path: Path
) -> None:
    moved = replace(leg.series[1], origin=(0.0, 0.0, 31.0))
    write_series(ScanSeries((leg.series[0], moved)), tmp_path / "in")
    source = ["--data", tmp_path / "in"] if command == "predict" else [tmp_path / "in"]
    said = cli(command, *source, "--out", tmp_path / "out")
    assert said.code == 2
    assert "Register the weeks first" in said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["register", "composite", "roi", "convert", "run", "figure"])
def test_results_that_are_there_are_not_replaced_by_accident(
    cli: Cli, registered: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious.txt").write_text("mine")
    said = cli(command, registered, "--out", tmp_path / "out")
    assert said.code == 2
    assert "--overwrite" in said.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["precious.txt"]


def test_overwriting_replaces_a_leg_and_leaves_the_rest(cli: Cli, registered: Path, tmp_path: Path) -> None:
    words = ["composite", registered, "--out", tmp_path / "c"]
    assert cli(*words, "--weeks", 0, 1).code == 0
    (tmp_path / "c" / "notes.txt").write_text("mine")
    assert cli(*words, "--weeks", 0, 3, "--overwrite").code == 0
    assert [path.name for path in (tmp_path / "c" / LEG).iterdir()] == ["week 3"]
    assert (tmp_path / "c" / "notes.txt").read_text() == "mine"


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    cli: Cli, registered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic, "_sync", full)
    said = cli("composite", registered, "--out", tmp_path / "out", "--json")
    assert said.code == 1
    assert "the disk is full" in said.record["error"]
    assert f"out/{LEG}/week 1" in said.record["error"]
    assert ".tmp-" not in said.record["error"]
    assert "Traceback" not in said.err
    assert not list((tmp_path / "out").rglob("*"))


def test_ctrl_c_stops_cleanly(cli: Cli, scanned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT)
    whole = register.resample

    def interrupted(*words: Any, **named: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return whole(*words, **named)

    monkeypatch.setattr(register, "resample", interrupted)
    said = cli("register", scanned, "--out", tmp_path / "out", "--json", *QUICK)
    assert said.code == 1
    assert "nothing is half-written" in said.record["error"]
    assert not (tmp_path / "out").exists()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("error", [ValueError("odd\nthing"), MemoryError(), KeyboardInterrupt()])
def test_whatever_happens_no_exception_leaves(
    cli: Cli, registered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(composite, "compose_weeks", broken)
    said = cli("composite", registered, "--out", tmp_path / "out", "--json")
    assert said.code == 1
    assert said.record["ok"] is False
    assert len(said.record["error"].splitlines()) == 1
    assert "Traceback" not in said.err
    told = cli("composite", registered, "--out", tmp_path / "out", "--debug")
    assert told.code == 1
    assert "Traceback" in told.err


def test_json_is_one_line_and_words_go_to_stderr(cli: Cli, registered: Path, tmp_path: Path) -> None:
    said = cli("composite", registered, "--out", tmp_path / "out", "--json")
    assert said.record["command"] == "composite"
    assert said.record["ok"] is True
    assert "lost mm³" in said.err
    assert json.loads((tmp_path / "out" / "composite.json").read_text())["volumes"] == said.record["volumes"]


def test_a_single_scan_is_a_leg_of_one_week(cli: Cli, leg: SyntheticLeg, tmp_path: Path) -> None:
    place = write_scan(leg.series[0], tmp_path / "one.nrrd")
    said = cli("run", place, "--out", tmp_path / "out", "--json")
    assert said.code == 0
    assert any("one week alone" in note for note in said.record["warnings"])
    assert (tmp_path / "out" / LEG / "figure.png").is_file()


def test_the_same_leg_in_two_components_is_asked_about(
    cli: Cli, registered: Path, scanned: Path, tmp_path: Path
) -> None:
    shutil.copytree(registered, tmp_path / "both" / "Regist-CT")
    shutil.copytree(scanned, tmp_path / "both" / "Seg-CT")
    said = cli("run", tmp_path / "both", "--out", tmp_path / "out")
    assert said.code == 2
    assert "more than once" in said.err


def piped(words: list[object], reader: str, tmp_path: Path) -> tuple[int, str]:
    """Exit code and stderr of a command line whose stdout goes into `reader`, a piece of shell."""
    told = tmp_path / "stderr"
    line = shlex.join([sys.executable, "-m", "napari_bonemet", *map(str, words)])
    shell = ["bash", "-c", f"{line} 2>{shlex.quote(str(told))} {reader}; exit ${{PIPESTATUS[0]}}"]
    code = subprocess.run(shell, check=False, stdout=subprocess.DEVNULL).returncode
    return code, told.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell's pipes")
def test_a_reader_that_goes_away_stops_no_work(registered: Path, tmp_path: Path) -> None:
    assert piped(["run", "--help"], "| true", tmp_path) == (0, "")
    out = tmp_path / "composites"
    code, told = piped(["composite", registered, "--out", out], "| true", tmp_path)
    assert code == 0
    assert "Broken" not in told
    assert (out / "composite.json").is_file()
    code, told = piped(["info", registered, "--json"], "| true", tmp_path)
    assert code == 0
    assert "Broken" not in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_or_closed_stdout_is_no_traceback(registered: Path, tmp_path: Path) -> None:
    code, told = piped(["info", registered, "--json"], ">/dev/full", tmp_path)
    assert code == 1
    assert told.rstrip().endswith("No space left on device.")
    assert "Traceback" not in told
    code, told = piped(["info", registered, "--json"], ">&-", tmp_path)
    assert code == 0
    assert "Traceback" not in told


@pytest.mark.parametrize("command", ["register", "composite", "roi", "run", "convert"])
def test_overwriting_never_takes_the_scans_that_are_read(
    cli: Cli, registered: Path, tmp_path: Path, command: str
) -> None:
    study = tmp_path / "study"
    shutil.copytree(registered, study)
    before = sorted(path for path in study.rglob("*"))
    for source, out in ((study, study), (study / LEG, study)):
        said = cli(command, source, "--out", out, "--overwrite")
        assert said.code == 2
        assert "holds the scans that are read" in said.err
    assert sorted(path for path in study.rglob("*")) == before
