"""A file of weights that others published and that no Python package carries: where it lies, and which one it is."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from napari_bonemet.torch_import import import_torch


def in_hub(name: str) -> Path:
    """Where torch hub keeps the file `name`; TORCH_HOME moves it."""
    return Path(import_torch().hub.get_dir()) / "checkpoints" / name


@dataclass(frozen=True)
class WeightFile:
    """The weight file that was found.

    Parameters
    ----------
    path : Path
        Where it lies.
    sha256 : str
        64 hexadecimal digits.
    """

    # How the hash of the published file begins, which bears these digits in its name.
    PUBLISHED: ClassVar[str]

    path: Path
    sha256: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """The file at `path`, which is there."""
        with path.open("rb") as file:
            return cls(path, hashlib.file_digest(file, "sha256").hexdigest())

    @property
    def published(self) -> bool:
        """Whether it is the published file."""
        return self.sha256.startswith(self.PUBLISHED)
