"""Find the forecast of a leg in what `predict` or `run` wrote."""

from pathlib import Path

from napari_bonemet.errors import InputError


def find_forecast(folder: Path, leg: str) -> Path | None:
    """``<leg>.zarr`` as `predict` writes it, else ``<leg>/forecast.zarr`` as `run` does, else None.

    Raises
    ------
    InputError
        When the folder is not there.
    """
    from napari_bonemet.io.names import safe_name

    if not folder.is_dir():
        raise InputError(f"{folder} is not there", remedy="Give the folder that `predict` or `run` wrote")
    name = safe_name(leg)
    places = (folder / f"{name}.zarr", folder / name / "forecast.zarr")
    return next((place for place in places if place.is_dir()), None)
