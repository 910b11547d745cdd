"""The trained networks that come with the package. They learned from synthetic legs alone, and say so."""

from pathlib import Path

from napari_bonemet.errors import InputError

FOLDER = Path(__file__).parents[1] / "checkpoints"
# Those that draw futures, the one to start with first.
SHIPPED_FORECASTERS = ("stvae", "tvae-gate", "tvae")
SHIPPED = (*SHIPPED_FORECASTERS, "lesion-slices", "lesion-weeks")


def shipped_checkpoint(name: str) -> Path:
    """The file of a network that comes with the package.

    Raises
    ------
    InputError
        When there is no network of that name, or its file is not there.
    """
    if name not in SHIPPED:
        raise InputError(f"No network {name!r} comes with the package", expected=" or ".join(SHIPPED))
    path = FOLDER / f"{name}.safetensors"
    if not path.is_file():
        raise InputError(
            f"The network {name} did not come with this installation",
            expected=str(path),
            remedy="Install napari-bonemet again, or train one: napari-bonemet train --network " + name,
        )
    return path
