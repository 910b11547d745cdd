"""What every model that is kept as a checkpoint can do: be saved and be read again."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from napari_bonemet.forecast.checkpoint import Checkpoint, load_checkpoint, save_checkpoint


class Saved(ABC):
    """A model with :meth:`checkpoint` and :meth:`from_checkpoint` of its own."""

    @abstractmethod
    def checkpoint(self) -> Checkpoint:
        """All of it, ready for the disk."""

    @classmethod
    @abstractmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, *, device: str = "cpu") -> Self:
        """Out of a checkpoint that was read.

        Parameters
        ----------
        device : str
            Where a network computes; the others need none.

        Raises
        ------
        InputError
            When it holds another model, or its tensors are not those of the model that it describes.
        """

    def save(self, path: str | Path) -> Path:
        """Write it as a safetensors file, whole or not at all.

        Raises
        ------
        OutputError
            When the disk refuses.
        """
        return save_checkpoint(self.checkpoint(), path)

    @classmethod
    def load(cls, path: str | Path, *, device: str = "cpu") -> Self:
        """Read it.

        Raises
        ------
        InputError
            When the file is missing, damaged, or holds another model.
        """
        return cls.from_checkpoint(load_checkpoint(path), device=device)
