"""What a figure was made from, as plain JSON values."""

from collections.abc import Sequence

from napari_bonemet.figures.losses import Losses
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.panel import Panel, Row
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.provenance import Json, __version__, fingerprint
from napari_bonemet.scan import Scan

CHOICE = (
    "spread evenly from the sample with the least bone newly lost to the one with the most; one alone is the median"
)


def record_of_rows(
    rows: Sequence[Row], title: str, options: MontageOptions, notes: Sequence[str] = ()
) -> dict[str, Json]:
    """How to make the figure again: options, and for each panel its scan's fingerprint and history."""
    known: dict[int, dict[str, Json]] = {}
    return {
        "made_by": "napari-bonemet",
        "version": __version__,
        "title": title,
        "notes": list(notes),
        "options": options.as_record(),
        "slices": [row.slice_index for row in rows],
        "panels": [_record_of_panel(panel, row, known) for row in rows for panel in row.panels],
    }


def record_of_forecast(
    made: Sequence[tuple[Forecast | None, Losses, tuple[Forecast, ...]]],
) -> dict[str, Json]:
    """The forecasts that are shown, and which of their samples: one alone, or one for each animal."""
    records: list[Json] = [
        {**_record_of_forecast(forecast, losses), "others": [_about(other) for other in others]}
        for forecast, losses, others in made
        if forecast is not None
    ]
    if len(made) > 1:
        return {"forecasts": records}
    return {"forecast": records[0]} if records else {}


def _record_of_forecast(forecast: Forecast, losses: Losses) -> dict[str, Json]:
    return {
        **_about(forecast),
        "shown_samples": [shown.as_record() for shown in losses.shown],
        "choice_of_samples": CHOICE if losses.shown else "",
        "lost_mm3": {
            "true": None if losses.true is None else losses.true.mm3,
            "mean": None if losses.mean is None else losses.mean.mm3,
            "samples": [sample.mm3 for sample in losses.samples],
        },
    }


def _about(forecast: Forecast) -> dict[str, Json]:
    return {
        "leg": forecast.mean.leg,
        "week": forecast.week,
        "model": forecast.model,
        "seed": forecast.seed,
        "note": forecast.note,
        "use": "predicted, research use",
        "synthetic": forecast.synthetic,
        "samples": len(forecast.samples),
    }


def _record_of_panel(panel: Panel, row: Row, known: dict[int, dict[str, Json]]) -> dict[str, Json]:
    # Rows of futures show the same scans again; each is hashed once.
    scan = panel.scan
    if id(scan) not in known:
        known[id(scan)] = _record_of_scan(scan)
    return {
        "title": panel.title,
        "kind": panel.kind,
        "slice_index": row.slice_index,
        **known[id(scan)],
        "arrows": [{"point_um_zyx": list(arrow.point), "meaning": arrow.meaning} for arrow in panel.arrows],
    }


def _record_of_scan(scan: Scan) -> dict[str, Json]:
    return {
        "scan": scan.title,
        "component": scan.kind.value,
        "synthetic": scan.synthetic,
        "shape_zyx": list(scan.shape),
        "spacing_um_zyx": list(scan.spacing),
        "origin_um_zyx": list(scan.origin),
        "sha256": fingerprint(scan.voxels),
        "history": [step.as_record() for step in scan.history],
    }
