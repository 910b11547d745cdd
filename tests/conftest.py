"""What every test may use: the real scans beside the project, where they are."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def shared_data() -> Path:
    """Real scans that are no part of the project; the test is skipped where they are missing."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the real scans (../shared/data) are not on this machine")
    return folder


@pytest.fixture
def shared_reference() -> Path:
    """Values that others published; the test is skipped where they are missing."""
    folder = SHARED / "reference"
    if not folder.is_dir():
        pytest.skip("the published values (../shared/reference) are not on this machine")
    return folder
