"""What the Measures dock runs beside the screen, on the real measures: a small synthetic leg."""

from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.density import DensityOptions
from napari_bonemet.morphometry.measure import MeasureOptions
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.progress import Cancelled
from napari_bonemet.resample import resample
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.measure_legs import measure_leg
from napari_bonemet.widgets.layers import layer_name
from napari_bonemet.widgets.measures_lesion_run import find_in, require_weeks
from napari_bonemet.widgets.measures_run import measure_painted, measure_weeks, require_measurable, what_is_measured

CALIBRATED = MeasureOptions(density=DensityOptions(slope=5.0, intercept=-100.0))


@pytest.fixture(scope="module")
def leg():
    made = make_leg(LegOptions(shape=(32, 72, 72), spacing_um=40.0, weeks=(0, 3), start_um=200.0, seed=1))
    return made.registered()


@pytest.fixture(scope="module")
def made(leg):
    return measure_weeks(leg, CALIBRATED)


def test_maps_lie_where_they_were_measured(leg, made):
    week = made.by_week[3.0]
    assert {"Tb.Th", "Tb.Sp", "Ct.Th", "density"} <= set(week.maps)
    thick = week.maps["Ct.Th"]
    assert np.prod(thick.shape) < np.prod(week.scan.shape), "what is empty all around is cut off"
    assert thick.to_numpy().any(axis=(1, 2)).all()
    place = thick.grid.to_um(np.argwhere(thick.to_numpy() > 0)[0])
    z, y, x = (round(index) for index in week.scan.grid.to_index(place))
    assert week.labels.to_numpy()[z, y, x] == 1
    assert week.scan.to_numpy()[z, y, x] > 75
    assert week.scan is leg.at_week(3.0)


def test_density_is_that_of_bone(made):
    week = made.by_week[0.0]
    density = week.maps["density"].to_numpy()
    greys = week.scan.to_numpy()[week.scan.grid.region_of(week.maps["density"].grid)].astype(float)
    inside = density != 0
    assert np.allclose(density[inside], 5 * greys[inside] - 100)
    assert greys[inside].min() > 75
    least, most = made.limits_of("density")
    assert least == 275
    assert most > 500
    assert layer_name(week.maps["Tb.Th"], "Tb.Th, µm") == "synthetic-1 left tibia, Tb.Th, µm, week 0"


def test_all_weeks_have_one_range_of_colours(made):
    tops = [float(np.percentile(w.maps["Tb.Sp"].to_numpy()[w.maps["Tb.Sp"].to_numpy() > 0], 99.5)) for w in made.weeks]
    assert made.limits_of("Tb.Sp") == (0.0, max(tops))


def test_compartments_of_the_baseline_are_painted_for_all_weeks(leg, made):
    assert made.shared
    labels = made.weeks[0].labels.to_numpy().copy()
    labels[:, :36] = 0
    again = measure_painted(made, dict.fromkeys((0.0, 3.0), labels), made.options)
    assert again.shared
    assert again.painted == {0.0, 3.0}
    for before, after in zip(made.weeks, again.weeks, strict=True):
        assert after.values["TV"] < 0.8 * before.values["TV"]


def test_own_compartments_are_painted_week_by_week(leg):
    options = MeasureOptions(compartments_of="own")
    own = measure_weeks(leg, options)
    assert not own.shared
    labels = own.weeks[1].labels.to_numpy().copy()
    labels[:, :36] = 0
    again = measure_painted(own, {3.0: labels}, options)
    assert again.weeks[0] is own.weeks[0]
    assert again.weeks[1].values["TV"] < 0.8 * own.weeks[1].values["TV"]
    with pytest.raises(InputError, match="Nothing is painted"):
        measure_painted(own, {3.0: np.zeros_like(labels)}, options)


def test_lesions_are_found_and_lie_in_lost_bone(leg, made):
    found = find_in(leg, made.options, made.weeks[0].labels.to_numpy())
    assert found.weeks == (0, 3)
    assert found.lesions
    largest = max(found.lesions, key=lambda lesion: lesion.weeks[3.0].volume_mm3)
    labels = found.labels[3.0].to_numpy()
    lost = (leg.at_week(0.0).to_numpy() > 75) & (labels == largest.number)
    assert lost.any()
    z = largest.weeks[3.0].centre_um[0]
    assert np.flatnonzero((labels == largest.number).any(axis=(1, 2))).min() * 40 <= z - leg.baseline.origin[0]
    seen, row = largest.weeks[3.0], found.tables["lesions"][largest.number - 1]
    assert (seen.volume_mm3, seen.position_mm * 1000) == pytest.approx((row["volume (mm³)"], row["position (µm)"]))
    assert [row["lesion"] for row in found.tables["lesions"]] == [lesion.number for lesion in found.lesions]
    assert found.remodelling[0].whole.resorbed_percent > found.remodelling[0].whole.formed_percent


def test_the_screen_measures_what_the_command_does(leg):
    """The later week was not seen in its first slices, which is no bone lost."""
    first, later = leg
    moved = replace(later, origin=(4 * 40.0, 0.0, 0.0))
    series = ScanSeries((first, resample(moved, first.grid)))
    made, told = measure_weeks(series, MeasureOptions()), measure_leg(series, MeasureOptions())
    assert [dict(week.values) for week in made.weeks] == [dict(week.values) for week in told]
    assert made.weeks[0].scan.shape[0] < first.shape[0]
    assert any("which every week saw" in note for note in made.weeks[0].notes)
    labels = made.weeks[0].labels
    assert first.grid.region_of(labels.grid)[0].start >= 4


def test_cancel_reaches_the_measures(leg):
    class Stop:
        def advance(self, fraction):
            pass

        def message(self, text):
            pass

        def check(self):
            raise Cancelled

    with pytest.raises(Cancelled):
        measure_weeks(leg, MeasureOptions(), Stop())


def test_what_cannot_be_measured_is_said(leg):
    assert what_is_measured(leg).endswith("registered, weeks 0, 3. Voxels of 40 µm.")
    hindlimb = leg.map(lambda scan: replace(scan, part="hindlimb"))
    with pytest.raises(InputError, match="Separate the limbs first"):
        require_measurable(hindlimb)
    with pytest.raises(InputError, match="two weeks or more"):
        require_weeks(leg.select([0.0]))
