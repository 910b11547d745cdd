"""Holes through the cortex are found in the samples that have them, and nowhere else."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.perforation_risk import PerforationOptions, perforation_risk


@pytest.fixture(scope="module")
def healthy() -> ScanSeries:
    return make_leg(LegOptions(seed=5, tumour=False, subject="synthetic-5")).registered()


def drilled(scan: Scan, deep: int) -> tuple[Scan, tuple[slice, slice]]:
    """A sample whose cortex is drilled from the side, so many voxels deep on every line, and the lines' z and y."""
    voxels = scan.to_numpy().copy()
    z = voxels.shape[0] // 2
    rows = np.nonzero((voxels[z] > 75).any(axis=1))[0]
    y = int((rows[0] + rows[-1]) // 2)
    where = (slice(z - 4, z + 4), slice(y - 4, y + 4))
    for line in (line for plane in voxels[where] for line in plane):
        first = int(np.argmax(line > 75))
        line[: first + deep] = 20
    return scan.with_voxels(voxels, step=Step("drilled"), kind=Kind.PREDICTION), where


def test_the_share_is_of_the_samples_that_go_through(healthy: ScanSeries) -> None:
    baseline = healthy.baseline
    through, box = drilled(baseline, 20)
    shallow, _ = drilled(baseline, 3)
    made = perforation_risk([through, shallow, baseline, through], baseline, baseline)
    assert made.perforated == (True, False, False, True)
    assert made.probability == 0.5
    assert not made.before
    assert made.words.startswith("In 2 of 4 samples")
    share = made.share.to_numpy()
    assert share.max() == pytest.approx(0.5)
    where = np.argwhere(share > 0)
    for axis, part in enumerate(box):
        assert where[:, axis].min() >= part.start - 6
        assert where[:, axis].max() <= part.stop + 6


def test_what_is_open_already_is_told(healthy: ScanSeries) -> None:
    through, _ = drilled(healthy.baseline, 20)
    made = perforation_risk([through], healthy.baseline, through)
    assert made.before
    assert "already" in made.words


def test_small_openings_do_not_count(healthy: ScanSeries) -> None:
    through, _ = drilled(healthy.baseline, 20)
    options = PerforationOptions(least_perforation=5.0)
    assert perforation_risk([through], healthy.baseline, healthy.baseline, options=options).perforated == (False,)


def test_bad_input_is_told_in_words(healthy: ScanSeries) -> None:
    with pytest.raises(InputError, match="at least one sample"):
        perforation_risk([], healthy.baseline, healthy.baseline)
    with pytest.raises(InputError, match="does not lie on the grid"):
        perforation_risk([healthy.baseline.crop((slice(0, 5),) * 3)], healthy.baseline, healthy.baseline)
