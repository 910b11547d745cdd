"""What a network's checkpoint says about its training."""

import math
from collections.abc import Iterable, Sequence

from napari_bonemet.forecast.dataset import TrainingSet
from napari_bonemet.forecast.training import Trained
from napari_bonemet.forecast.training_options import TrainingOptions
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries


def training_record(
    made: Trained,
    training: TrainingOptions,
    data: TrainingSet,
    held_out: TrainingSet | None,
    legs: Sequence[ScanSeries],
) -> dict[str, Json]:
    """On what and how a network was trained, and how it did on the validation animals; plain JSON values."""
    best = made.epochs[made.best_epoch - 1]
    return {
        "options": training.as_record(),
        "animals": len({run.animal for run in data.runs}),
        "legs_passed_over": data.passed_over,
        "slices": data.slices,
        "targets": list(data.targets),
        "generator": generators(scan for leg in legs for scan in leg),
        "validation_animals": sorted({run.animal for run in held_out.runs}) if held_out else [],
        "epochs": len(made.epochs),
        "best_epoch": made.best_epoch,
        "minutes": round(made.minutes, 2),
        "validation_gain_db": _plain(best.validation_gain_db),
        "kl_nats": round(best.kl_nats, 4),
        "history": [
            {
                "epoch": each.epoch,
                "loss": round(each.loss, 7),
                "kl_nats": round(each.kl_nats, 4),
                "validation_gain_db": _plain(each.validation_gain_db),
            }
            for each in made.epochs
        ],
        "protocol": "mean of many samples (estimated from four) against copying the last week, squared error pooled "
        "over squares around the bone of the validation animals, which were not trained on",
    }


def _plain(gain: float | None) -> float | None:
    return None if gain is None or not math.isfinite(gain) else round(gain, 4)


def generators(scans: Iterable[Scan]) -> list[Json]:
    """Versions of the synthetic generator that made the scans, as their history states them."""
    found = {step.parameters.get("generator") for scan in scans for step in scan.history}
    return [*sorted(str(version) for version in found if version is not None)]
