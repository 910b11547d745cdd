"""Sessions as files: what is saved is read again, what strangers wrote is refused in words, nothing is lost."""

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid
from napari_bonemet.morphometry.measure import MeasureOptions
from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.processing.register.result import RegistrationOptions, RegistrationQuality
from napari_bonemet.processing.roi import RoiOptions
from napari_bonemet.provenance import Source
from napari_bonemet.study.session import (
    Camera,
    Composed,
    Cropped,
    DockState,
    Forecasted,
    LegSource,
    LogEntry,
    Measured,
    Registered,
    Session,
    View,
    WeekSource,
)
from napari_bonemet.study.session_arrays import Packed, pack, unpack
from napari_bonemet.study.session_file import (
    OutsideError,
    backup_of,
    path_for,
    place_in,
    read_last_good,
    read_session,
    write_session,
)
from napari_bonemet.study.session_layers import Drawn, LabelsLayer, Look, MadeLayer, Place, PointsLayer, ShapesLayer
from napari_bonemet.transform import RigidTransform

GRID = Grid((12, 20, 20), (10.0, 10.0, 10.0))


def full_session() -> Session:
    pose = RigidTransform.about((1, 2, 3), degrees=(3.0, -1.0, 0.1), shift=(1 / 3, 0, 1e-7))
    quality = RegistrationQuality(
        1.0, (1.0, 2.0, 3.0), (0.1, 0.2, 0.3), 0.1, (0.5, 0.1), 0.9, 0.99, 0.01, 0.9, "good", "µ"
    )
    onto = (None, Source("week 0", "ab" * 32))
    place, red = Place((10.0,) * 3, (0.0,) * 3, ("micrometer",) * 3, ("z", "y", "x")), (1.0, 0.0, 0.0, 1.0)
    drawn = Drawn(place, {"label": ("a", None), "n": (1, 2.5)}, {"string": "{label}"}, {"note": [1, "x", {"y": True}]})
    painted = np.zeros((12, 20, 20), np.uint8)
    painted[3:5, 4:9] = 2
    return Session(
        saved="2026-01-01T00:00:00+00:00",
        source=LegSource("871 left tibia", "seg", (WeekSource(0.0, GRID), WeekSource(10 / 7, GRID)), "scans"),
        registration=Registered(
            RegistrationOptions(turns=(1.0, 2.0)),
            GRID,
            (0.0, 1.0),
            (RigidTransform(), pose),
            (quality,) * 2,
            onto,
        ),
        roi=Cropped(RoiOptions(first_slice=3), "given slice", 2, 1.0, "given"),
        composites=(Composed(0.0, 1.0, CompositeOptions(bone_threshold=80.0)),),
        forecast=Forecasted(3.0, "tvae-gate", 6, 0),
        measures=Measured(MeasureOptions(compartments_of="own")),
        week=10 / 7,
        layers=(
            MadeLayer("made", "871", Look(False, 0.5, "additive", "magma", (0.0, 255.0)), "871 left tibia", "seg", 0.0),
            PointsLayer("points", "p", Look(), drawn, ((1.0, 2.0, 3.0), (0.1, 0.2, 0.3)), 3, (5.0, 6.0), (red, red)),
            ShapesLayer(
                "shapes", "s", Look(), drawn, (((0.0, 1.0), (2.0, 3.0)),), 2, ("line",), (red,), (red,), (2.0,), (0,)
            ),
            LabelsLayer("labels", "painted", Look(), drawn, pack(painted)),
        ),
        view=View(Camera((1.0, 2.0, 3.0), 2.5, (0.0, 0.0, 90.0)), 3, (1.0, 2.0, 3.0), (0, 1, 2), grid=True),
        docks=(DockState("Register weeks", {"form.bone_threshold": 80.0, "baseline": "week 1", "on": True}),),
        front="Register weeks",
        log=(LogEntry("Registering", "2026-01-01T00:00:00+00:00", 1.5, settings={"a": [1, 2]}),),
    )


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    session = full_session()
    path = write_session(session, tmp_path / "one.bonemet.json")
    again = read_session(path)
    assert replace(again, saved=session.saved) == session
    assert again.registration is not None
    assert session.registration is not None
    assert again.registration.transforms[1].matrix.tobytes() == session.registration.transforms[1].matrix.tobytes()
    labels = again.layers[-1]
    assert isinstance(labels, LabelsLayer)
    assert unpack(labels.labels)[3:5, 4:9].min() == 2


def test_the_file_can_be_read_by_people(tmp_path: Path) -> None:
    path = write_session(full_session(), tmp_path / "one.bonemet.json")
    lines = path.read_text().splitlines()
    assert '      "bone_threshold": 75.0,' in lines
    assert any('"shift": [0.' in line for line in lines)
    assert max(map(len, lines)) < 400


def test_the_one_before_is_kept_and_opens_when_the_last_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "one.bonemet.json"
    write_session(Session(week=1.0), path)
    write_session(Session(week=2.0), path)
    assert read_session(backup_of(path)).week == 1.0
    path.write_text(path.read_text()[:-40])
    session, note = read_last_good(path)
    assert session.week == 1.0
    assert "was opened instead" in note
    # A broken one does not take the place of the good copy.
    write_session(Session(week=3.0), path)
    assert read_session(backup_of(path)).week == 1.0
    backup_of(path).unlink()
    path.write_text("{")
    with pytest.raises(InputError, match="no session"):
        read_last_good(path)


def changed(path: Path, *keys: Any, to: Any) -> Path:
    """The session at `path` with the value at `keys` replaced."""
    record = json.loads(path.read_text())
    inner = record
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = to
    path.write_text(json.dumps(record))
    return path


DEEP: list[Any] = []
for _ in range(50):
    DEEP = [DEEP]

HOSTILE = {
    "other schema": (("schema",), 2),
    "boolean schema": (("schema",), True),
    "no schema": (("schema",), None),
    "other format": (("format",), "figure"),
    "unknown name": (("surprise",), 1),
    "wrong type": (("week",), "3"),
    "boolean for a number": (("week",), True),
    "number out of range": (("layers", 0, "look", "opacity"), 1.5),
    "infinite": (("week",), math.inf),
    "not a number": (("view", "camera", "zoom"), math.nan),
    "huge whole number": (("roi", "landmark_slice"), 10**30),
    "negative size": (("registration", "grid", "shape"), [-1, 5, 5]),
    "no proper rotation": (("registration", "transforms", 1, "rotation"), [[2, 0, 0], [0, 1, 0], [0, 0, 1]]),
    "option of a wrong type": (("registration", "options", "bone_threshold"), "75"),
    "option out of range": (("registration", "options", "azimuths"), 10**6),
    "unknown choice": (("registration", "options", "metric"), "__import__('os')"),
    "unknown layer": (("layers", 0, "layer"), "pickle"),
    "layer without a kind": (("layers", 0), []),
    "matrix of other size": (("view", "camera", "center"), [1, 2]),
    "text too long": (("front",), "x" * 501),
    "text with a null": (("front",), "a\0b"),
    "list for names": (("docks", 0, "values"), [1]),
    "lists without end": (("docks", 0, "values", "a"), DEEP),
    "hidden infinity": (("docks", 0, "values", "a"), [1, {"b": math.inf}]),
    "side of labels": (("layers", 3, "labels", "shape"), [2**21, 1, 1]),
    "type of labels": (("layers", 3, "labels", "dtype"), "object"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_session_is_refused_in_words(what: str, tmp_path: Path) -> None:
    path = write_session(full_session(), tmp_path / "one.bonemet.json")
    keys, value = HOSTILE[what]
    with pytest.raises(InputError) as error:
        read_session(changed(path, *keys, to=value))
    assert error.value.problem
    assert error.value.expected or error.value.remedy
    assert len(str(error.value)) < 2000


def test_infinity_beyond_the_range_of_numbers_is_refused(tmp_path: Path) -> None:
    path = write_session(Session(week=1.0), tmp_path / "one.bonemet.json")
    path.write_text(path.read_text().replace('"week": 1.0', '"week": 1e999'))
    with pytest.raises(InputError, match="finite"):
        read_session(path)


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 100_000, "\xff", '{"format": 1}', "cos\nsystem\n(S'ls'\ntR."])
def test_other_files_are_refused_in_words(text: str, tmp_path: Path) -> None:
    path = tmp_path / "one.bonemet.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="is no session"):
        read_session(path)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "one.bonemet.json"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(InputError, match="too large"):
        read_session(path)


def test_nothing_that_could_not_be_read_again_is_saved_over_the_last_one(tmp_path: Path) -> None:
    path = write_session(Session(week=1.0), tmp_path / "one.bonemet.json")
    with pytest.raises(InputError):
        write_session(Session(week=math.nan), path)
    assert read_session(path).week == 1.0


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int32", "int64", ">u2"])
def test_labels_are_packed_and_unpacked(dtype: str) -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random((7, 9, 5)) > 0.7).astype(dtype)
    packed = pack(labels[:, ::-1])
    again = unpack(packed)
    np.testing.assert_array_equal(again, labels[:, ::-1])
    assert again.dtype == np.dtype(dtype).newbyteorder("=")
    assert again.flags.writeable


def test_labels_that_unpack_to_more_than_they_state_are_refused() -> None:
    bomb = pack(np.zeros((64, 1024, 1024), np.uint8))
    assert len(bomb.zlib) < 2**20
    for packed in (replace(bomb, shape=(2, 2, 2)), replace(bomb, shape=(65, 1024, 1024)), replace(bomb, zlib="!!")):
        with pytest.raises(InputError, match="Painted labels"):
            unpack(packed)
    with pytest.raises(InputError, match="at most 1024 MiB"):
        unpack(Packed("uint8", (2**20, 2**20, 2), bomb.zlib))


def test_places_inside_the_folder_are_relative_and_others_are_not(tmp_path: Path) -> None:
    session = tmp_path / "study" / "one.bonemet.json"
    inside, outside = tmp_path / "study" / "scans", tmp_path / "elsewhere"
    assert path_for(inside, session) == "scans"
    assert path_for(outside, session) == str(outside.resolve())
    for place in (inside, outside):
        assert place_in(path_for(place, session), session) == place.resolve()


def test_strangers_sessions_stay_in_their_folder(tmp_path: Path) -> None:
    session = tmp_path / "study" / "one.bonemet.json"
    with pytest.raises(OutsideError, match="Follow it there"):
        place_in(str(tmp_path / "elsewhere"), session, outside=False)
    inside = tmp_path / "study" / "scans"
    assert place_in(str(inside), session, outside=False) == inside
    assert place_in("scans", session, outside=False) == inside.resolve()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_places_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    home = tmp_path / "study"
    home.mkdir()
    (home / "link").symlink_to("/etc")
    for text in (
        "../other",
        "a/../../b",
        "link",
        "link/passwd",
        "/",
        "..\\x",
        "C:\\x",
        "\\\\host\\share",
        "",
        "/a/../b",
    ):
        with pytest.raises(InputError, match="names a place that it may not"):
            place_in(text, home / "one.bonemet.json")


# One process that knows all modules, and a child of it for every kill: starting anew would take seconds each.
SAVER = """
    import os, sys
    from pathlib import Path
    sys.path.insert(0, {here!r})
    from test_session_file import full_session
    from dataclasses import replace
    from napari_bonemet.study.session_file import write_session
    path, session = Path({path!r}), full_session()
    for line in sys.stdin:
        count, child = int(line), os.fork()
        if child:
            print(child, flush=True)
            os.waitpid(child, 0)
            print("gone", flush=True)
        while not child:
            count += 1
            write_session(replace(session, week=float(count)), path)
"""


def killed_while_saving(path: Path, times: int, seed: int = 0) -> list[float]:
    """Kill processes that save without end, in the middle; the weeks read after each kill."""
    rng = np.random.default_rng(seed)
    code = textwrap.dedent(SAVER.format(here=str(Path(__file__).parent), path=str(path)))
    weeks = [0.0]
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        for _ in range(times):
            one.stdin.write(f"{int(weeks[-1])}\n")
            one.stdin.flush()
            child = int(one.stdout.readline())
            time.sleep(float(rng.uniform(0.0, 0.12)) + (0.2 if weeks[-1] == 0 else 0))
            os.kill(child, signal.SIGKILL)
            assert one.stdout.readline() == "gone\n"
            weeks.append(read_session(path).week or math.nan)
            if backup_of(path).exists():
                assert (read_session(backup_of(path)).week or math.nan) <= weeks[-1]
        one.stdin.close()
    return weeks[1:]


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
def test_killed_fifty_times_while_saving_the_last_good_session_opens(tmp_path: Path) -> None:
    weeks = killed_while_saving(tmp_path / "one.bonemet.json", 50)
    assert weeks == sorted(weeks)
    assert weeks[-1] > weeks[0] >= 1
