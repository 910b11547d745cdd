"""A cohort of measures made up by hand: no scan is measured here."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from napari_bonemet.morphometry.result import ScanMeasures
from napari_bonemet.scan import Scan, Side

Made = Callable[..., ScanMeasures]


@pytest.fixture
def measured() -> Made:
    def make(
        animal: str, week: float, values: Mapping[str, float], *, side: Side = "left", synthetic: bool = False
    ) -> ScanMeasures:
        scan = Scan(
            np.zeros((1, 2, 2), np.uint8), (10, 10, 10), subject=animal, side=side, day=7 * week, synthetic=synthetic
        )
        return ScanMeasures(scan, values, {"Tb.BMD": "no calibration"})

    return make
