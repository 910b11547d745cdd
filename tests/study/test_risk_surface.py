"""The surface lies on the bone, and is coloured where the risk is."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.study.risk_surface import risk_surface

RADIUS_UM = 300.0
CENTRE_UM = (1400.0, 600.0, 500.0)


@pytest.fixture
def ball() -> Scan:
    at = np.stack(np.meshgrid(*(np.arange(40) * 20.0 for _ in range(3)), indexing="ij"), axis=-1)
    origin = np.asarray(CENTRE_UM) - 400
    away = np.linalg.norm(at + origin - CENTRE_UM, axis=-1)
    # The grey falls off over some voxels, as in a scan, so that the surface lies between them.
    voxels = np.clip(150 - (away - RADIUS_UM), 0, 200).astype(np.float32)
    return Scan(voxels, (20.0,) * 3, tuple(origin), "871", "left", day=14, kind=Kind.REGIST)


def test_the_surface_lies_where_the_bone_ends(ball: Scan) -> None:
    made = risk_surface(ball, ball.with_voxels(np.zeros(ball.shape, np.float32), step=Step("no risk")))
    away = np.linalg.norm(made.vertices - np.asarray(CENTRE_UM), axis=1)
    # 75 greys are reached 75 micrometres beyond the radius at which there are 150.
    assert away.mean() == pytest.approx(RADIUS_UM + 75, abs=3)
    assert away.std() < 5
    assert made.values.max() == 0


def test_only_the_side_at_risk_is_coloured(ball: Scan) -> None:
    risk = np.zeros(ball.shape, np.float32)
    risk[:, :, 25:] = 0.7
    made = risk_surface(ball, ball.with_voxels(risk, step=Step("risk")), reach_um=40)
    edge = ball.origin[2] + 25 * 20
    assert np.allclose(made.values[made.vertices[:, 2] > edge], 0.7)
    assert np.all(made.values[made.vertices[:, 2] < edge - 60] == 0)


def test_large_bones_are_thinned_out_and_stay_in_place(ball: Scan) -> None:
    risk = ball.with_voxels(np.ones(ball.shape, np.float32), step=Step("risk"))
    made = risk_surface(ball, risk, most_voxels=ball.to_numpy().size // 8)
    assert made.step == 2
    away = np.linalg.norm(made.vertices - np.asarray(CENTRE_UM), axis=1)
    assert away.mean() == pytest.approx(RADIUS_UM + 75, abs=12)


def test_no_bone_is_told_in_words(ball: Scan) -> None:
    empty = ball.with_voxels(np.zeros(ball.shape, np.float32), step=Step("empty"))
    with pytest.raises(InputError, match="has no bone"):
        risk_surface(empty, empty)
