"""The bars on real bone: known poses and known removals come back from registration and composite.

Registered within half a voxel on average; resorbed volume within 10 % of what was removed; false formation under
5 % of it. The whole cube and more seeds: benchmarks/real_voxels.py.
"""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from napari_bonemet.processing.composite import CompositeOptions, make_composite
from napari_bonemet.processing.register import RegistrationOptions, RegistrationResult, register_weeks

FEMUR_THRESHOLD, CUBE_THRESHOLD = 60.0, 63.0


def _maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("edited_weeks", Path(__file__).with_name("edited_weeks.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


maker = _maker()


def _register(weeks) -> RegistrationResult:
    result = register_weeks(weeks.series, options=RegistrationOptions(bone_threshold=weeks.threshold))
    for week, pose in enumerate(result.transforms):
        assert weeks.pose_error_voxels(week, pose) < 0.5
    assert [quality.verdict for quality in result.quality] == ["good"] * 4
    return result


def _volumes(weeks, result: RegistrationResult, week: int):
    options = CompositeOptions(bone_threshold=weeks.threshold)
    return make_composite(result.series[0], result.series[week], options=options).volumes


def _weeks(shared_data: Path, name: str, **how):
    if name == "femur":
        return maker.make_weeks(maker.mouse_femur(shared_data), FEMUR_THRESHOLD, **how)
    return maker.make_weeks(maker.bone_cube(shared_data, 60), CUBE_THRESHOLD, **how)


@pytest.mark.parametrize("largest", [20, 400])
@pytest.mark.parametrize("name", ["femur", "cube"])
def test_removed_bone_is_measured(shared_data: Path, name: str, largest: int) -> None:
    weeks = _weeks(shared_data, name, seed=1, largest=largest)
    result = _register(weeks)
    for week in range(1, 4):
        removed = weeks.removed_mm3(week)
        volumes = _volumes(weeks, result, week)
        assert volumes.resorbed_mm3 == pytest.approx(removed, rel=0.1)
        assert volumes.formed_mm3 < 0.05 * removed


@pytest.mark.parametrize("name", ["femur", "cube"])
def test_unedited_weeks_show_no_change(shared_data: Path, name: str) -> None:
    weeks = _weeks(shared_data, name, seed=2, edited=False, degrees=15)
    result = _register(weeks)
    for week in range(1, 4):
        volumes = _volumes(weeks, result, week)
        assert volumes.resorbed_mm3 < 0.002 * volumes.baseline_mm3
        assert volumes.formed_mm3 < 0.002 * volumes.baseline_mm3
