"""What is set on the Preferences page arrives where it is meant to."""

import os
from pathlib import Path
from typing import Any

import pytest

from napari_bonemet.slabs import THREADS, cores
from napari_bonemet.widgets import settings


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The Preferences page, filled in by a test."""
    filled: dict[str, Any] = {}
    monkeypatch.setattr(settings, "_setting", lambda _page, name, default: filled.get(name, default))
    monkeypatch.setattr(settings, "_BEFORE", {})
    for name in (THREADS, "TORCH_HOME"):
        monkeypatch.delenv(name, raising=False)
    return filled


def test_threads_are_told_to_the_core_and_taken_back(page: dict[str, Any]) -> None:
    all_cores = cores()
    page["threads"] = 1
    settings.apply_machine_settings()
    assert cores() == 1
    page["threads"] = 0
    settings.apply_machine_settings()
    assert cores() == all_cores
    assert THREADS not in os.environ


def test_an_environment_of_the_users_own_comes_back(page: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", "/mine")
    page["hub_folder"] = "/shared/hub"
    settings.apply_machine_settings()
    assert os.environ["TORCH_HOME"] == "/shared/hub"
    page["hub_folder"] = ""
    settings.apply_machine_settings()
    assert os.environ["TORCH_HOME"] == "/mine"


def test_dialogs_begin_in_the_working_folder_where_it_is_there(page: dict[str, Any], tmp_path: Path) -> None:
    assert settings.start_in("figure.png") == "figure.png"
    page["working_folder"] = str(tmp_path)
    assert settings.start_in("figure.png") == str(tmp_path / "figure.png")
    assert settings.start_in() == str(tmp_path)
    page["working_folder"] = str(tmp_path / "gone")
    assert settings.start_in("figure.png") == "figure.png"


def test_docks_begin_with_what_is_set(page: dict[str, Any], make_model: Any) -> None:
    from napari_bonemet.widgets.composite import CompositeDock
    from napari_bonemet.widgets.futures import FuturesDock

    page |= {"device": "cpu", "samples": 11, "composite_colours": "published"}
    viewer = make_model()
    futures, composite = FuturesDock(viewer), CompositeDock(viewer)
    assert futures.form.options().device == "cpu"
    assert futures.form.options().samples == 11
    assert composite.style_name == "published"


@pytest.mark.parametrize("wrong", ["abacus", 3, None])
def test_what_is_no_device_is_left_to_the_machine(page: dict[str, Any], wrong: Any) -> None:
    page["device"] = wrong
    assert settings.device_setting() == "auto"


def test_napari_makes_the_page_and_its_values_are_read() -> None:
    from napari.settings import get_plugin_settings

    made = get_plugin_settings(settings.PLUGIN)
    assert made.forecasting.samples == 6
    assert made.machine.threads == 0
    assert settings.device_setting() == "auto"
    made.forecasting.device = "cpu"
    try:
        assert settings.device_setting() == "cpu"
    finally:
        made.forecasting.device = "auto"
