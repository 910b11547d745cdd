"""One row per leg, the copied last week in it."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.io.atomic import write_table
from napari_bonemet.metrics.lesions import lesion_overlap
from napari_bonemet.metrics.similarity import per_slice, psnr, ssim
from napari_bonemet.metrics.table import score
from napari_bonemet.scan import Kind, Scan


def scan(voxels: np.ndarray, day: float, kind: Kind = Kind.REGIST) -> Scan:
    return Scan(voxels, (20.0, 10.0, 10.0), subject="871", side="left", day=day, kind=kind, synthetic=True)


@pytest.fixture
def three() -> tuple[Scan, Scan, Scan]:
    """Predicted, truth, last: a block of bone in which a hole opens, half of it foreseen."""
    last = np.zeros((10, 36, 36), dtype=np.uint8)
    last[1:9, 4:32, 4:32] = 150
    truth, predicted = last.copy(), last.astype(np.float32)
    truth[2:8, 10:16, 10:16] = 20
    predicted[2:8, 10:16, 10:13] = 20
    return scan(predicted, 21, Kind.PREDICTION), scan(truth, 21), scan(last, 14)


def test_scores_are_those_of_the_single_metrics(hub: Path, three: tuple[Scan, Scan, Scan]) -> None:
    found = score(*three, model="seer")
    p, t, c = (s.to_numpy() for s in three)
    assert found.psnr == pytest.approx(psnr(p, t))
    assert found.copy_psnr == pytest.approx(psnr(c, t))
    assert found.gain_db == pytest.approx(psnr(p, t) - psnr(c, t))
    assert found.gain_db == pytest.approx(10 * math.log10(2))
    assert found.ssim == pytest.approx(per_slice(ssim, p, t).mean())
    assert found.forecast.ssim_volume == pytest.approx(ssim(p, t))
    assert found.lesion_dice == lesion_overlap(p > 75, t > 75, c > 75, opening=1)
    assert found.copied.lesion_dice == 0
    assert {name: len(values) for name, values in found.per_slice.items()} == {"psnr": 10, "ssim": 10}


def test_lost_bone_is_measured_in_cubic_millimetres(three: tuple[Scan, Scan, Scan]) -> None:
    found = score(*three, opening=0, perceptual=False)
    assert found.true_lost_mm3 == pytest.approx(6 * 6 * 6 * 20 * 10 * 10 * 1e-9)
    assert found.forecast.lost_mm3 == pytest.approx(found.true_lost_mm3 / 2)
    assert found.copied.lost_mm3 == 0


def test_missing_weights_leave_the_column_empty_and_say_why(hub: Path, three: tuple[Scan, Scan, Scan]) -> None:
    found = score(*three)
    assert found.lpips is None
    assert "alexnet-owt-7be5be79.pth" in found.lpips_note
    assert found.as_row()["lpips"] is None


def test_lpips_is_there_where_the_weights_are(with_weights: Path, three: tuple[Scan, Scan, Scan]) -> None:
    found = score(*three)
    assert found.lpips == pytest.approx(found.per_slice["lpips"].mean())
    assert found.copy_lpips is not None
    assert found.lpips > 0
    assert found.copy_lpips > 0
    assert "not the published weights" in found.lpips_note


def test_damaged_weights_do_not_cost_the_other_columns(with_weights: Path, three: tuple[Scan, Scan, Scan]) -> None:
    with_weights.write_bytes(b"nothing")
    found = score(*three)
    assert found.lpips is None
    assert "damaged" in found.lpips_note
    assert found.psnr > 0


def test_a_row_survives_csv_and_json_with_an_exact_forecast_in_it(
    three: tuple[Scan, Scan, Scan], tmp_path: Path
) -> None:
    _, truth, last = three
    row = score(truth, truth, last, model="oracle", perceptual=False).as_row()
    assert row["psnr_db"] == "inf"
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    with write_table(tmp_path / "m.csv", [row]).open(newline="", encoding="utf-8") as file:
        (read,) = csv.DictReader(file)
    assert float(read["psnr_db"]) == math.inf
    assert float(read["copy_psnr_db"]) == pytest.approx(row["copy_psnr_db"])
    assert read["leg"] == "871 left tibia"
    assert read["synthetic"] == "True"
    assert score(last, last, last, perceptual=False).gain_db == 0


def test_volumes_on_two_grids_are_refused(three: tuple[Scan, Scan, Scan]) -> None:
    predicted, truth, last = three
    with pytest.raises(InputError, match="Register the weeks first"):
        score(predicted, truth, replace(last, origin=(0, 50, 0)))
