"""A forecast on disk: one zarr (version 3) group per leg, whole or not at all.

Arrays: ``samples`` (sample, z, y, x) in the type of the scans that were seen; ``mean`` and ``spread``
(z, y, x), float32, greys; ``bone_probability`` (z, y, x), float32, 0 to 1. Attributes under
``napari_bonemet`` say where the voxels lie, whose they are, and how the forecast was made.
"""

from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.geometry import as_triple
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan

FORMAT = "napari-bonemet forecast 1"
ATTRIBUTES = "napari_bonemet"

_SUMMARIES = ("mean", "spread", "bone_probability")
_CHUNK_SLICES = 16


def write_forecast(
    forecast: Forecast, path: str | Path, *, overwrite: bool = False, progress: Progress = NO_PROGRESS
) -> Path:
    """Write a forecast.

    Parameters
    ----------
    forecast : Forecast
        What to write.
    path : path
        The folder to make, ``871 left tibia.zarr``.
    overwrite : bool
        Replace one that is there.
    progress : Progress
        Told after every slab; on a request to stop nothing is left behind.

    Raises
    ------
    OutputError
        When it is there and may not be replaced, or the disk refuses.
    """
    import zarr

    from napari_bonemet.io.atomic import atomic_folder

    with atomic_folder(path, overwrite=overwrite) as folder:
        group = zarr.open_group(str(folder), mode="w", zarr_format=3, attributes={ATTRIBUTES: _attributes(forecast)})
        volumes = [*forecast.samples, *(getattr(forecast, name) for name in _SUMMARIES)]
        targets = [*_make_samples(group, forecast), *(_make_summary(group, forecast, name) for name in _SUMMARIES)]
        for done, (scan, write) in enumerate(zip(volumes, targets, strict=True), start=1):
            for start in range(0, scan.shape[0], _CHUNK_SLICES):
                progress.check()
                slab = slice(start, min(scan.shape[0], start + _CHUNK_SLICES))
                write(slab, np.asarray(scan.voxels[slab]))
            progress.advance(done / len(volumes))
    return Path(path)


def _make_samples(group: Any, forecast: Forecast) -> list[Any]:
    first = forecast.samples[0]
    _, y, x = first.shape
    array = group.create_array(
        "samples",
        shape=(len(forecast.samples), *first.shape),
        dtype=first.voxels.dtype,
        chunks=(1, min(first.shape[0], _CHUNK_SLICES), y, x),
        dimension_names=("sample", "z", "y", "x"),
    )
    return [
        lambda slab, voxels, number=number: array.__setitem__((number, slab), voxels)
        for number in range(len(forecast.samples))
    ]


def _make_summary(group: Any, forecast: Forecast, name: str) -> Any:
    z, y, x = forecast.mean.shape
    array = group.create_array(
        name, shape=(z, y, x), dtype="float32", chunks=(min(z, _CHUNK_SLICES), y, x), dimension_names=("z", "y", "x")
    )
    return array.__setitem__


def _attributes(forecast: Forecast) -> dict[str, Any]:
    scan = forecast.samples[0]
    return {
        "format": FORMAT,
        "week": forecast.week,
        "day": scan.day,
        "model": forecast.model,
        "seed": forecast.seed,
        "note": forecast.note,
        "samples": len(forecast.samples),
        "spacing_um": list(scan.spacing),
        "origin_um": list(scan.origin),
        "subject": scan.subject,
        "side": scan.side,
        "part": scan.part,
        "synthetic": forecast.synthetic,
        "use": "predicted, research use",
        "history": {
            "samples": [_history(sample) for sample in forecast.samples],
            **{name: _history(getattr(forecast, name)) for name in _SUMMARIES},
        },
    }


def _history(scan: Scan) -> list[dict[str, Any]]:
    return [step.as_record() for step in scan.history]


def read_forecast(path: str | Path) -> Forecast:
    """Read a forecast; the voxels stay on disk until they are looked at.

    Raises
    ------
    InputError
        When there is none, it is of another format, or part of it is missing or does not fit.
    """
    import zarr

    path = Path(path)
    if not path.is_dir():
        raise InputError(f"The forecast {path} is not there", expected="a folder ending in .zarr")
    try:
        group = zarr.open_group(str(path), mode="r")
        record: Any = dict(group.attrs).get(ATTRIBUTES)
        arrays: dict[str, Any] = dict(group.arrays())
        missing = {"samples", *_SUMMARIES} - set(arrays) if record else set()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged or no forecast", found=str(error)) from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        found = str(record.get("format")) if isinstance(record, dict) else "a zarr of something else"
        raise InputError(f"{path} is no forecast", expected=FORMAT, found=found)
    if missing:
        raise InputError(f"{path} is an incomplete forecast", found=f"no {' and no '.join(sorted(missing))}")
    if any(arrays[name].shape != arrays["samples"].shape[1:] for name in _SUMMARIES):
        raise InputError(f"The arrays of {path} do not fit each other")
    try:
        return _forecast(record, arrays)
    except (KeyError, TypeError, IndexError) as error:
        raise InputError(f"The attributes of {path} are incomplete or damaged", found=str(error)) from error


def _forecast(record: dict[str, Any], arrays: dict[str, Any]) -> Forecast:
    import dask.array

    def scan(voxels: Any, kind: Kind, history: list[dict[str, Any]]) -> Scan:
        return Scan(
            voxels,
            spacing=as_triple(record["spacing_um"]),
            origin=as_triple(record["origin_um"], "origin"),
            subject=record["subject"],
            side=record["side"],
            day=record["day"],
            kind=kind,
            part=record["part"],
            synthetic=record["synthetic"],
            history=tuple(Step.from_record(step) for step in history),
        )

    history, samples = record["history"], dask.array.from_zarr(arrays["samples"])
    return Forecast(
        week=float(record["week"]),
        model=record["model"],
        seed=int(record["seed"]),
        samples=tuple(
            scan(samples[n], Kind.PREDICTION, history["samples"][n]) for n in range(arrays["samples"].shape[0])
        ),
        mean=scan(arrays["mean"], Kind.PREDICTION, history["mean"]),
        spread=scan(arrays["spread"], Kind.UNCERTAINTY, history["spread"]),
        bone_probability=scan(arrays["bone_probability"], Kind.UNCERTAINTY, history["bone_probability"]),
        note=record["note"],
    )
