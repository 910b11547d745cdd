"""History, progress and errors: what every step leans on."""

import dask.array as da
import numpy as np
import pytest

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.progress import Cancelled, PartOf
from napari_bonemet.provenance import Source, Step, __version__, fingerprint


def test_a_step_survives_its_record() -> None:
    step = Step("register", {"metric": "mi", "levels": [4, 2, 1]}, (Source("week 0", "ab" * 32),))
    assert Step.from_record(step.as_record()) == step
    assert step.version == __version__


def test_fingerprint_sees_value_shape_and_type_and_not_laziness() -> None:
    voxels = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    same = da.from_array(voxels, chunks=(1, 4, 5))
    assert fingerprint(voxels) == fingerprint(same) == fingerprint(np.asfortranarray(voxels))
    changed = voxels.copy()
    changed[2, 3, 4] ^= 1
    others = {fingerprint(v) for v in (changed, voxels.reshape(3, 5, 4), voxels.astype(np.int8))}
    assert len(others | {fingerprint(voxels)}) == 4


class Bar:
    def __init__(self) -> None:
        self.at: list[float] = []

    def advance(self, fraction: float) -> None:
        self.at.append(fraction)

    def message(self, text: str) -> None:
        self.words = text

    def check(self) -> None:
        raise Cancelled


def test_a_part_moves_its_share_of_the_bar_and_passes_the_cancel_on() -> None:
    bar = Bar()
    part = PartOf(PartOf(bar, 0.0, 0.5), 0.5, 1.0)
    part.advance(0.0)
    part.advance(1.0)
    part.message("registering")
    assert bar.at == [0.25, 0.5]
    assert bar.words == "registering"
    with pytest.raises(Cancelled):
        part.check()


def test_errors_say_expected_found_and_what_to_do() -> None:
    error = InputError("week 2 cannot be read", expected="300 slices", found="299", remedy="Copy slice 17 again")
    assert str(error) == "week 2 cannot be read: expected 300 slices; found 299. Copy slice 17 again."
    assert "--spacing" in str(MissingSpacingError("scan.tif"))
